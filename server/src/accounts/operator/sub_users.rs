//! The operator's verbs around roles and sessions.

use super::{Operator, OperatorError, audit};
use crate::domain::role::Role;
use crate::store::Action;

impl Operator {
    /// Lets a sub-user manage keys, or only read.
    ///
    /// # Errors
    /// There is no such user, or it is an owner.
    pub async fn set_role(&self, name: &str, role: Role) -> Result<(), OperatorError> {
        let user = self.find_user(name).await?;
        if user.owner.is_none() {
            return Err(OperatorError::AlwaysManages(name.to_owned()));
        }
        let audit = audit(self.clock.now(), Action::RoleChanged, Some(user.no), role.name());
        Ok(self.store.set_role(user.no, role, audit).await?)
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn end_sessions(&self, name: &str) -> Result<(), OperatorError> {
        let user = self.find_user(name).await?;
        let audit = audit(self.clock.now(), Action::SessionsEnded, Some(user.no), "");
        Ok(self.store.end_sessions(user.no, audit).await?)
    }
}
