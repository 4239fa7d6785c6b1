//! Files: what a query of the list of keys or of the history wants, and recovery codes while they are shown.

use super::Outcome;
use super::caller::{PageCaller, Seen};
use super::sheet::{Sheet, refused};
use crate::http::site::Site;
use app::{Language, PageRequest};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect};
use domain::history::HistoryQuery;
use domain::key_list::KeyListQuery;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use service::accounts::HistoryExport;
use service::keys::Export;
use std::sync::Arc;

/// Recovery codes, while the page shows them; afterwards there is nothing to fetch.
pub(in crate::http) async fn export_codes(State(site): State<Site>, request: Request) -> Outcome {
    let caller = PageCaller::find(&site, Seen::of(&site, &request), false).await?;
    let Some(actor) = &caller.asked.actor else { return Ok(caller.lead(request.uri())) };
    let Some(codes) = caller.asked.shown_codes(actor) else {
        return Ok(caller.finish(Redirect::to("/account/profile").into_response()));
    };
    let text = app::codes_file(caller.language, actor.username.as_str(), &codes);
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"latchkey-recovery-codes.txt\""),
    ];
    Ok(caller.finish((headers, text).into_response()))
}

/// The keys of the list.
pub(in crate::http) async fn export_keys(State(site): State<Site>, request: Request) -> Outcome {
    let caller = PageCaller::find(&site, Seen::of(&site, &request), false).await?;
    let Some(actor) = &caller.asked.actor else { return Ok(caller.lead(request.uri())) };
    let query = KeyListQuery::parse(request.uri().query().unwrap_or_default());
    let export = match caller.asked.use_cases.keys.begin_export(actor, query).await {
        Ok(export) => export,
        Err(refusal) => return Ok(caller.finish(refused(&caller, refusal))),
    };
    let (sheet, response) = Sheet::begin(&caller, "api-keys");
    let writing = write_keys(Arc::clone(&caller.asked), caller.language, export, sheet);
    // On the runtime of the pages: the body is polled by the thread that verifies.
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends when nobody reads any more, and tells the reader of a failure"
    )]
    tokio::spawn(writing);
    Ok(caller.finish(response))
}

async fn write_keys(asked: Arc<PageRequest>, language: Language, mut export: Export, sheet: Sheet) {
    let zone = &asked.reader.time_zone;
    let mut lines = vec![app::sheet_head(language, zone)];
    while sheet.write(&lines).await {
        match asked.use_cases.keys.next_of_export(&mut export).await {
            Ok(keys) if keys.is_empty() => return,
            Ok(keys) => lines = keys.iter().map(|key| app::sheet_row(language, zone, key)).collect(),
            Err(refusal) => return sheet.fail(refusal).await,
        }
    }
}

/// The lines of the history.
pub(in crate::http) async fn export_history(State(site): State<Site>, request: Request) -> Outcome {
    let caller = PageCaller::find(&site, Seen::of(&site, &request), false).await?;
    let Some(actor) = &caller.asked.actor else { return Ok(caller.lead(request.uri())) };
    let query = HistoryQuery::parse(request.uri().query().unwrap_or_default());
    let export = match caller.asked.use_cases.accounts.begin_history_export(actor, &query).await {
        Ok(export) => export,
        Err(refusal) => return Ok(caller.finish(refused(&caller, refusal))),
    };
    let (sheet, response) = Sheet::begin(&caller, "history");
    let writing = write_history(Arc::clone(&caller.asked), caller.language, export, sheet);
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends when nobody reads any more, and tells the reader of a failure"
    )]
    tokio::spawn(writing);
    Ok(caller.finish(response))
}

async fn write_history(asked: Arc<PageRequest>, language: Language, mut export: HistoryExport, sheet: Sheet) {
    let zone = &asked.reader.time_zone;
    let mut lines = vec![app::history_head(language, zone)];
    while sheet.write(&lines).await {
        match asked.use_cases.accounts.next_of_history(&mut export).await {
            Ok(found) if found.is_empty() => return,
            Ok(found) => lines = found.iter().map(|line| app::history_row(language, zone, line)).collect(),
            Err(refusal) => return sheet.fail(refusal).await,
        }
    }
}
