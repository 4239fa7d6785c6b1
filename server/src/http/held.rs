//! A page in memory holds its place until its last byte is sent, however slowly its client reads.

use crate::traffic::Held;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt;
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

/// Marks an answer that is written while it is read: it is never whole in memory, and holds its place until its end.
#[derive(Clone, Copy)]
pub(super) struct IsStream;

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
    if response.extensions_mut().remove::<IsStream>().is_some() {
        return Ok(hold_stream(response, place));
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

/// Lets the pieces of an answer hold its place: the last one gives it back, or the connection that ends before.
fn hold_stream(response: Response, place: Held) -> Response {
    let (mut parts, body) = response.into_parts();
    let gone = CancellationToken::new();
    parts.extensions.insert(Gone(gone.clone()));
    let held = (gone.drop_guard(), place);
    let pieces = body.into_data_stream().inspect(move |_| {
        // The place goes with the stream.
        let _ = &held;
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}
