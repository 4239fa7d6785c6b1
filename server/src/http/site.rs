//! What pages and their forms work with. The router makes it and hands it to them; they do not know the router.

use super::answers::FormAnswers;
use super::client;
use crate::services::Services;
use app::{ApiGuide, SiteFiles};
use axum::extract::Request;
use domain::client_address::ClientAddress;
use std::sync::Arc;

/// What the pages work with.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) services: Arc<Services>,
    pub(super) files: SiteFiles,
    /// Answers of forms that may come twice.
    pub(super) answers: Arc<FormAnswers>,
    /// The management API, as people read it.
    pub(super) guide: Arc<ApiGuide>,
}

impl Site {
    /// Returns the client of a page. Where a trusted proxy names nobody it is unknown: it is neither the proxy, behind
    /// which everybody would be one person, nor this machine, on which nobody need sit.
    pub(super) fn client_address(&self, request: &Request) -> ClientAddress {
        client::of_page(&self.services, request.extensions(), request.headers())
    }
}
