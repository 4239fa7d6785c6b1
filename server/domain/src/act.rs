//! What is done to accounts, keys and gateways, by the names of the audit log.

use contract::named;

named! {
    /// What an audit line records.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[expect(missing_docs, reason = "the names say it")]
    pub enum Action {
        UserAdded => "user_added",
        UserDisabled => "user_disabled",
        UserEnabled => "user_enabled",
        RoleChanged => "role_changed",
        SessionsEnded => "sessions_ended",
        SubUserInvited => "sub_user_invited",
        InvitationWithdrawn => "invitation_withdrawn",
        InvitationAccepted => "invitation_accepted",
        SubUserRemoved => "sub_user_removed",
        PasswordReset => "password_reset",
        PasswordChanged => "password_changed",
        PasswordLinkSent => "password_link_sent",
        PasswordSetByLink => "password_set_by_link",
        TwoFactorOn => "two_factor_on",
        TwoFactorOff => "two_factor_off",
        TwoFactorReset => "two_factor_reset",
        RecoveryCodesMade => "recovery_codes_made",
        RecoveryCodeUsed => "recovery_code_used",
        Login => "login",
        PasswordAccepted => "password_accepted",
        LoginFailed => "login_failed",
        Logout => "logout",
        SessionEnded => "session_ended",
        EmailEntered => "email_entered",
        EmailChanged => "email_changed",
        EmailConfirmed => "email_confirmed",
        EmailRemoved => "email_removed",
        KeyGenerated => "key_generated",
        KeysImported => "keys_imported",
        KeyShown => "key_shown",
        KeyDeleted => "key_deleted",
        KeyRenamed => "key_renamed",
        KeyPaused => "key_paused",
        KeyResumed => "key_resumed",
        KeyExpirySet => "key_expiry_set",
        KeyRotated => "key_rotated",
        OldTokenEnded => "old_token_ended",
        AddressAdded => "address_added",
        AddressRemoved => "address_removed",
        LockWidthSet => "lock_width_set",
        LockReleased => "lock_released",
        AddressIgnored => "address_ignored",
        NoticesChosen => "notices_chosen",
        GatewayAdded => "gateway_added",
        GatewayRemoved => "gateway_removed",
        WebhookAdded => "webhook_added",
        WebhookChanged => "webhook_changed",
        WebhookRemoved => "webhook_removed",
        ApplicationApproved => "application_approved",
        ApplicationRefused => "application_refused",
    }
}

impl Action {
    /// Whether it can concern a user. Gateways belong to the operator.
    #[must_use]
    pub fn concerns_users(self) -> bool {
        !matches!(self, Self::GatewayAdded | Self::GatewayRemoved)
    }
}
