//! What the browser may call: authorise, one call of the [`Portal`](crate::portal::Portal), nothing else.

mod dashboard;
mod keys;
mod landing;
mod mail;
mod notices;
mod profile;
mod security;
mod session;
mod shown;
mod sub_users;
mod usage;
mod webhooks;

pub use dashboard::*;
pub use keys::*;
pub use landing::*;
pub use mail::*;
pub use notices::*;
pub use profile::*;
pub use security::*;
pub use session::*;
pub use shown::*;
pub use sub_users::*;
pub use usage::*;
pub use webhooks::*;

use std::sync::Arc;

use crate::portal::Portal;
#[cfg(feature = "ssr")]
use crate::portal::PortalError;

/// The portal of this request; the server provides it as context.
pub type PortalContext = Arc<dyn Portal>;

/// What a form of this request has to ask for that needs a fresh proof.
#[cfg(feature = "ssr")]
pub(crate) fn proof_asked() -> crate::portal::ProofAsked {
    portal().map(|portal| portal.proof_asked()).unwrap_or_default()
}

/// The secret for an authenticator that the address names, for the page that shows it.
#[cfg(feature = "ssr")]
pub(crate) fn shown_enrolment() -> Option<crate::portal::Enrolment> {
    portal().ok()?.enrolment()
}

#[cfg(feature = "ssr")]
fn portal() -> Result<PortalContext, PortalError> {
    leptos::context::use_context::<PortalContext>().ok_or(PortalError::Unavailable)
}

#[cfg(feature = "ssr")]
fn signed_in() -> Result<PortalContext, PortalError> {
    let portal = portal()?;
    portal.viewer().ok_or(PortalError::SignedOut)?;
    Ok(portal)
}
