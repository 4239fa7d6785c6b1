//! Whether the server can do its work now, for `/readyz` and `latchkey healthcheck`.

use super::Services;
use store::StoreError;

/// Why the server is not ready; the log has told of the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    /// One of its tasks has ended.
    #[error("a part of the server has ended: it stops, and the log says why")]
    Ending,
    /// Nothing can be written.
    #[error("the disk is full: accepted uses and changes are refused")]
    NoRoom,
    /// Somebody else holds a lock.
    #[error("another program holds a lock on a database: accepted uses or changes are refused")]
    Locked,
    /// Another trouble of the store.
    #[error("the database does not answer")]
    Trouble,
}

impl From<StoreError> for Unready {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoRoom(_) => Self::NoRoom,
            StoreError::Locked(_) | StoreError::Busy(_) => Self::Locked,
            _ => Self::Trouble,
        }
    }
}

impl Services {
    /// Returns whether uses and changes are accepted.
    ///
    /// # Errors
    /// Says why they are not.
    pub async fn ready(&self) -> Result<(), Unready> {
        if self.life.check().is_err() {
            return Err(Unready::Ending);
        }
        self.store.ready().await?;
        Ok(self.verifier.ready()?)
    }
}
