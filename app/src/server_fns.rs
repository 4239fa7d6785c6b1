//! The functions that the browser calls. Each finds its request, parses, makes one call of a use case and returns a view
//! type.

mod applications;
mod dashboard;
#[cfg(feature = "ssr")]
mod history;
mod key_list;
mod keys;
mod landing;
mod mail;
mod notices;
mod profile;
mod security;
mod session;
mod several;
mod shown;
mod sub_users;
#[cfg(feature = "ssr")]
mod trial;
mod usage;
mod webhooks;

pub use applications::*;
pub use dashboard::*;
#[cfg(feature = "ssr")]
pub(crate) use history::*;
pub use key_list::*;
pub use keys::*;
use landing::landings;
pub(crate) use landing::last_part;
pub use landing::{Landing, form_name, local_path};
pub use mail::*;
pub use notices::*;
pub use profile::*;
pub use security::*;
pub use session::*;
pub use several::*;
pub use shown::*;
pub use sub_users::*;
#[cfg(feature = "ssr")]
pub(crate) use trial::*;
pub use usage::*;
pub use webhooks::*;

#[cfg(feature = "ssr")]
use crate::page_request::PageRequest;
#[cfg(feature = "ssr")]
use crate::portal::PortalError;
#[cfg(feature = "ssr")]
use std::sync::Arc;

/// Returns what a form of this request has to ask for, if it needs a fresh proof.
#[cfg(feature = "ssr")]
pub(crate) fn proof_asked() -> crate::portal::ProofAsked {
    page_request().map(|request| request.proof_asked()).unwrap_or_default()
}

/// The secret for an authenticator that the address names, for the page that shows it.
#[cfg(feature = "ssr")]
pub(crate) fn shown_enrolment() -> Option<crate::portal::Enrolment> {
    page_request().ok()?.shown_enrolment()
}

/// The request that is being answered; the server provides it as context.
#[cfg(feature = "ssr")]
fn page_request() -> Result<Arc<PageRequest>, PortalError> {
    leptos::context::use_context().ok_or(PortalError::Unavailable)
}

/// Returns the request that is being answered, if its sender is logged in.
#[cfg(feature = "ssr")]
fn signed_in() -> Result<Arc<PageRequest>, PortalError> {
    let request = page_request()?;
    request.actor()?;
    Ok(request)
}
