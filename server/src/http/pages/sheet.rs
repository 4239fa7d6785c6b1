//! A file of comma-separated values (RFC 4180), written while it is read: nobody waits for the last of a million lines, and
//! no more than two pieces of it lie in memory.

use super::caller::PageCaller;
use super::set_status;
use crate::http::held::IsStream;
use app::PortalError;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use contract::Refusal;
use csv::{Terminator, WriterBuilder};
use domain::sheet::harmless;
use futures::stream::poll_fn;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use std::io;
use tokio::sync::mpsc;

/// Pieces that wait for a reader who is slower than the store.
const AHEAD: usize = 1;

/// What writes a file.
pub(super) struct Sheet(mpsc::Sender<io::Result<Bytes>>);

impl Sheet {
    /// Begins a file whose name begins so; returns what writes it, and the answer that it is.
    pub(super) fn begin(caller: &PageCaller, name: &str) -> (Self, Response) {
        let (sender, mut pieces) = mpsc::channel(AHEAD);
        let now = caller.asked.reader.time_zone.text(caller.asked.use_cases.clock.now());
        let name = format!("attachment; filename=\"{name}-{}.csv\"", now.get(..10).unwrap_or("all"));
        let headers = [
            (CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
            (CONTENT_DISPOSITION, name),
        ];
        let body = Body::from_stream(poll_fn(move |context| pieces.poll_recv(context)));
        let mut response = (headers, body).into_response();
        response.extensions_mut().insert(IsStream);
        (Self(sender), response)
    }

    /// Writes lines; returns whether anybody reads on.
    pub(super) async fn write(&self, lines: &[Vec<String>]) -> bool {
        let piece = piece(lines);
        let is_over = piece.is_err();
        self.0.send(piece).await.is_ok() && !is_over
    }

    /// Breaks off: a reader who gets no end of the file sees that it is cut.
    pub(super) async fn fail(self, refusal: Refusal) {
        // An error here: nobody reads it any more.
        let _ = self.0.send(Err(io::Error::other(refusal))).await;
    }
}

/// The answer where a file cannot be begun.
pub(super) fn refused(caller: &PageCaller, refusal: Refusal) -> Response {
    let (language, error) = (caller.language, PortalError::from(refusal));
    let mut response = app::error_text(app::texts_in(language), language, &error).into_response();
    set_status(&mut response, &error);
    response
}

fn piece(lines: &[Vec<String>]) -> io::Result<Bytes> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for line in lines {
        writer.write_record(line.iter().map(|cell| harmless(cell).into_owned()))?;
    }
    Ok(writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?.into())
}
