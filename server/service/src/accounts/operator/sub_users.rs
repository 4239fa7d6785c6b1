//! The operator's verbs around roles and sessions.

use super::{Operator, OperatorError, audit};
use contract::Role;
use store::Action;

impl Operator {
    /// Lets a sub-user manage keys, or only read. Answers its role before.
    ///
    /// # Errors
    /// There is no such user, or it is an owner.
    pub async fn set_role(&self, name: &str, role: Role) -> Result<Role, OperatorError> {
        let user = self.find_user(name).await?;
        if user.owner.is_none() {
            return Err(OperatorError::AlwaysManages(name.to_owned()));
        }
        let audit = audit(self.clock.now(), Action::RoleChanged, Some(user.no), role.name());
        self.store.set_role(user.no, role, audit).await?;
        Ok(user.role)
    }

    /// Ends all sessions of a user; answers how many.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn end_sessions(&self, name: &str) -> Result<u64, OperatorError> {
        let user = self.find_user(name).await?;
        let sessions = self.count_sessions(user.no).await?;
        let audit = audit(self.clock.now(), Action::SessionsEnded, Some(user.no), "");
        self.store.end_sessions(user.no, audit).await?;
        Ok(sessions)
    }
}
