//! The visitor, found once for the whole page.

use leptos::prelude::*;

use crate::portal::Viewer;
use crate::server_call::{Loading, viewer};

/// The visitor.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    /// The user, if anybody is logged in.
    pub(crate) viewer: Loading<Option<Viewer>>,
}

impl Session {
    /// Finds the visitor, for the whole page.
    pub(crate) fn provide() -> Self {
        let session = Self { viewer: viewer() };
        provide_context(session);
        session
    }
}
