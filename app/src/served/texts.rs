//! The texts of these pages, a set for each area.

use crate::i18n::{Language, language};

include!(concat!(env!("OUT_DIR"), "/served_texts.rs"));

/// The texts of an area in the language of the page.
pub trait Served: Sized + 'static {
    /// In this language.
    fn in_language(language: Language) -> &'static Self;

    /// In the language of the page.
    fn here() -> &'static Self {
        Self::in_language(language())
    }
}

macro_rules! served {
    ($($texts:ident $english:ident $romanian:ident)+) => {$(
        impl Served for $texts {
            fn in_language(language: Language) -> &'static Self {
                match language {
                    Language::En => &$english,
                    Language::Ro => &$romanian,
                }
            }
        }
    )+};
}

served! {
    DoorTexts DOOR_EN DOOR_RO
    SecurityTexts SECURITY_EN SECURITY_RO
    ProfileTexts PROFILE_EN PROFILE_RO
    HistoryTexts HISTORY_EN HISTORY_RO
    SubUserTexts SUB_USERS_EN SUB_USERS_RO
    NoticeTexts NOTICES_EN NOTICES_RO
    KeyTexts KEYS_EN KEYS_RO
    TrialTexts TRIAL_EN TRIAL_RO
    DashboardTexts DASHBOARD_EN DASHBOARD_RO
    UsageTexts USAGE_EN USAGE_RO
    WebhookTexts WEBHOOKS_EN WEBHOOKS_RO
    ApplicationTexts APPLICATIONS_EN APPLICATIONS_RO
    MailTexts MAIL_EN MAIL_RO
    GuideTexts GUIDE_EN GUIDE_RO
}
