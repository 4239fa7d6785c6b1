//! `/account/api-keys/export`: the keys that a query of the list wants, as a file.

use super::caller::{PageCaller, Seen};
use super::{Outcome, set_status};
use crate::http::held::IsStream;
use crate::http::site::Site;
use app::{Language, PageRequest, PortalError};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use csv::{Terminator, WriterBuilder};
use domain::key_list::KeyListQuery;
use domain::sheet::harmless;
use futures::stream::poll_fn;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use service::keys::Export;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Pieces that wait for a reader who is slower than the store.
const AHEAD: usize = 1;

/// The keys of the list as comma-separated values (RFC 4180), written while they are read: nobody waits for the last of a
/// million, and no more than two pieces of it lie in memory.
pub(in crate::http) async fn export_keys(State(site): State<Site>, request: Request) -> Outcome {
    let caller = PageCaller::find(&site, Seen::of(&site, &request), false).await?;
    let Some(actor) = &caller.asked.actor else { return Ok(caller.lead(request.uri())) };
    let query = KeyListQuery::parse(request.uri().query().unwrap_or_default());
    let export = match caller.asked.use_cases.keys.begin_export(actor, query).await {
        Ok(export) => export,
        Err(refusal) => return Ok(caller.finish(refused(&caller, &refusal.into()))),
    };
    let (sender, mut pieces) = mpsc::channel(AHEAD);
    let writing = write(Arc::clone(&caller.asked), caller.language, export, sender);
    // On the runtime of the pages: the body is polled by the thread that verifies.
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends when nobody reads any more, and tells the reader of a failure"
    )]
    tokio::spawn(writing);
    let zone = &caller.asked.reader.time_zone;
    let now = zone.text(caller.asked.use_cases.clock.now());
    let name = format!("attachment; filename=\"api-keys-{}.csv\"", now.get(..10).unwrap_or("all"));
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()), (CONTENT_DISPOSITION, name)];
    let body = Body::from_stream(poll_fn(move |context| pieces.poll_recv(context)));
    let mut response = (headers, body).into_response();
    response.extensions_mut().insert(IsStream);
    Ok(caller.finish(response))
}

fn refused(caller: &PageCaller, error: &PortalError) -> Response {
    let language = caller.language;
    let mut response = app::error_text(app::texts_in(language), language, error).into_response();
    set_status(&mut response, error);
    response
}

/// Writes an export piece by piece. A reader who gets no end of it has not got all: the connection breaks off.
async fn write(
    asked: Arc<PageRequest>,
    language: Language,
    mut export: Export,
    sender: mpsc::Sender<io::Result<Bytes>>,
) {
    let zone = &asked.reader.time_zone;
    let mut lines = vec![app::sheet_head(language, zone)];
    loop {
        let piece = piece(&lines);
        let is_over = piece.is_err();
        if sender.send(piece).await.is_err() || is_over {
            return;
        }
        match asked.use_cases.keys.next_of_export(&mut export).await {
            Ok(keys) if keys.is_empty() => return,
            Ok(keys) => lines = keys.iter().map(|key| app::sheet_row(language, zone, key)).collect(),
            Err(refusal) => {
                // Nobody reads it any more, or the reader sees that the file is cut.
                let _ = sender.send(Err(io::Error::other(refusal))).await;
                return;
            }
        }
    }
}

fn piece(lines: &[Vec<String>]) -> io::Result<Bytes> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for line in lines {
        writer.write_record(line.iter().map(|cell| harmless(cell).into_owned()))?;
    }
    Ok(writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?.into())
}
