//! `latchkey bench`, and what `make bench` shares with it: a scratch directory full of keys, and the requests that are
//! sent to a server on it.

mod client;
mod requests;
mod run;
mod scratch;
mod servers;
mod wrk;

pub use requests::Case;
pub use run::{Options, Report, Row, run};
pub use scratch::{Filled, PASSWORD, USERNAME, fill, fill_with_imported};

use crate::secrets::SecretsError;
use crate::services::StartError;
use crate::settings::SettingsError;
use domain::sealing::SealError;
use service::accounts::operator::OperatorError;
use service::import::ImportError;
use store::StoreError;

/// Why a bench could not be prepared or run.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BenchError {
    #[error("{0} holds data already; a bench takes an empty directory")]
    NotEmpty(String),
    #[error("the bench cannot go on: {0}")]
    Io(#[from] std::io::Error),
    #[error("the server on the scratch directory did not start; what it says stands above")]
    NotStarted,
    #[error("not everything was answered as it has to be; wrk says: {0}")]
    Answers(String),
    #[error("interrupted")]
    Interrupted,
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Operator(#[from] OperatorError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error("the scratch directory cannot be filled: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the system's random generator failed")]
    Generator(#[from] rand::rngs::SysError),
}
