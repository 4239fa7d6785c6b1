//! The password and the second factor of the user itself.

use async_trait::async_trait;

use super::{Password, PortalError};

/// What pages ask about the password and the second factor.
#[async_trait]
pub trait SecurityPortal: Send + Sync {
    /// Changes the password; the other sessions of the user end.
    async fn change_password(&self, password: Password, new_password: Password) -> Result<(), PortalError>;
}
