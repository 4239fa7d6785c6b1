//! A page in memory holds its place until its last byte is sent, however slowly its client reads.

use crate::traffic::Held;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};

/// Tells when the bytes of an answer are gone: written, or dropped with their connection. An extension of the
/// answer.
#[derive(Clone)]
pub(super) struct Gone(CancellationToken);

impl Gone {
    /// Waits for it.
    pub(super) fn wait(self) -> WaitForCancellationFutureOwned {
        self.0.cancelled_owned()
    }
}

/// Marks an answer whose bytes are part of the program: it costs no memory, however slowly it is fetched.
#[derive(Clone, Copy)]
pub(super) struct IsFile;

/// Bytes that give back a place when they are dropped.
struct Page {
    bytes: Bytes,
    _gone: DropGuard,
    _place: Held,
}

impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Writes an answer to bytes, which hold its place.
///
/// # Errors
/// The answer could not be written to its end.
pub(super) async fn hold(mut response: Response, place: Held) -> Result<Response, axum::Error> {
    if response.extensions_mut().remove::<IsFile>().is_some() {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await?;
    if bytes.is_empty() {
        return Ok(Response::from_parts(parts, Body::empty()));
    }
    let gone = CancellationToken::new();
    parts.extensions.insert(Gone(gone.clone()));
    let page = Page { bytes, _gone: gone.drop_guard(), _place: place };
    Ok(Response::from_parts(parts, Body::from(Bytes::from_owner(page))))
}
