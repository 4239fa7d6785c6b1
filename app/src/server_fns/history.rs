//! The history of an account. No server function: the page that shows it is known to the server alone.

use super::signed_in;
use crate::page_request::PageRequest;
use crate::portal::PortalError;
use domain::history::HistoryQuery;
use service::accounts::History;
use service::keys::Choices;
use std::sync::Arc;

/// One page of the history, and what its filters offer.
pub(crate) struct HistoryRead {
    /// The page.
    pub(crate) history: History,
    /// The users and keys to choose from.
    pub(crate) choices: Choices,
    /// Who reads it.
    pub(crate) request: Arc<PageRequest>,
}

/// One page of what happened in the account of the visitor.
pub(crate) async fn find_history(query: &HistoryQuery) -> Result<HistoryRead, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let history = request.note(request.use_cases.accounts.list_history(actor, query).await)?;
    let choices = request.note(request.use_cases.keys.list_choices(actor).await)?;
    Ok(HistoryRead { history, choices, request })
}
