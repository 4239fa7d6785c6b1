//! Second factors.

use super::{Audit, NewSession, Renewal, StoreError};
use async_trait::async_trait;
use domain::ids::{SessionNumber, UserNumber};
use domain::time::Micros;
use domain::token::TokenHash;

/// A code that is right as far as can be checked without the database. It is used up in the transaction of what it permits;
/// `Conflict` if another request used it first, or if there is no such recovery code.
#[derive(Clone, Copy)]
pub enum Factor {
    /// The code of that time step. It is accepted only if it is later than the last step that was used.
    Step(i64),
    /// A recovery code.
    Recovery(TokenHash),
}

/// A second factor to switch on.
pub struct NewFactor {
    /// The user it belongs to.
    pub user: UserNumber,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// When the secret began to wait for its confirmation; another one may have replaced it since.
    pub begun: Micros,
    /// The step of the code that confirmed it.
    pub step: i64,
    /// The recovery codes.
    pub codes: Vec<TokenHash>,
    /// The session that goes on, renewed; the others were begun without a code, and end.
    pub kept: Renewal,
}

/// Second factors.
#[async_trait]
pub trait SecondFactorStore: Send + Sync {
    /// Keeps a secret that is shown to this session and not confirmed yet, in place of an earlier one of the user;
    /// `NotFound` if a factor is on, `SignedOut` if the session has ended.
    async fn begin_enrolment(
        &self,
        user: UserNumber,
        session: SessionNumber,
        sealed: Vec<u8>,
        at: Micros,
    ) -> Result<(), StoreError>;
    /// The sealed secret that waits for its confirmation in this session, and since when.
    async fn find_enrolment(
        &self,
        user: UserNumber,
        session: SessionNumber,
    ) -> Result<Option<(Vec<u8>, Micros)>, StoreError>;
    /// Forgets the secret that waits for its confirmation in this session, if there is one.
    async fn cancel_enrolment(&self, user: UserNumber, session: SessionNumber) -> Result<(), StoreError>;
    /// Switches a factor on; `NotFound` if it does not wait for a confirmation in the session that is kept, or if a factor is
    /// on already.
    async fn confirm_enrolment(&self, factor: NewFactor, audit: Audit) -> Result<(), StoreError>;
    /// How many recovery codes are left.
    async fn count_recovery_codes(&self, user: UserNumber) -> Result<u64, StoreError>;
    /// Ends the session that waited for a code, and begins the one that it leads to; `NotFound` if it has ended.
    async fn finish_login(
        &self,
        pending: SessionNumber,
        session: NewSession,
        factor: Factor,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Records that password and code were proved, and renews the session; the audit line is written for a recovery
    /// code only.
    async fn prove_with_factor(
        &self,
        renewal: Renewal,
        user: UserNumber,
        factor: Factor,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Replaces all recovery codes.
    async fn replace_recovery_codes(
        &self,
        user: UserNumber,
        renewal: Renewal,
        factor: Factor,
        codes: Vec<TokenHash>,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Switches the factor off.
    async fn switch_factor_off(
        &self,
        user: UserNumber,
        renewal: Renewal,
        factor: Factor,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Takes the factor away without a code, and ends the sessions of the user.
    async fn reset_factor(&self, user: UserNumber, audit: Audit) -> Result<(), StoreError>;
}
