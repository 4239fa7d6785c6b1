//! What the benches share: a scratch directory full of keys, and the questions that are asked of it.

mod requests;
mod scratch;

pub use requests::Case;
pub use scratch::{Filled, PASSWORD, USERNAME, fill};

use crate::accounts::operator::OperatorError;
use crate::domain::sealing::SealError;
use crate::secrets::SecretsError;
use crate::services::StartError;
use crate::settings::SettingsError;
use crate::store::StoreError;

/// Why a bench could not be prepared or run.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BenchError {
    #[error("{0} holds data already; a bench takes an empty directory")]
    NotEmpty(String),
    #[error("the scratch directory cannot be written: {0}")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Operator(#[from] OperatorError),
    #[error("the scratch directory cannot be filled: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the system's random generator failed")]
    Generator(#[from] rand::rngs::SysError),
}
