//! The access log: a line for a request, or for one of many. Never a query, never a token.

use super::assets;
use crate::services::Services;
use app::PAGES;
use axum::response::Response;
use contract::Code;
use domain::address::Address;
use domain::client_address::Peer;
use domain::ids::KeyId;
use http::{Method, Uri};
use service::verify::Verdict;
use std::collections::HashSet;
use std::num::NonZeroU64;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Envoy asks with the client's own path behind this one, and that is not ours to write down.
const EXT_AUTHZ: &str = "/authz/ext-authz";
/// The fewest characters of a token: those of an SMPP secret.
const SECRET_LENGTH: usize = 8;
/// The parts of paths of ours that are as long as that, besides those of pages, ids and the names of server functions.
/// Whatever else stands in a path is not ours to write down.
const OWN_PARTS: &[&str] = &["auth-request", "forward-auth", "device_authorization", "favicon.ico"];
/// The most bytes of a path that are written.
const PATH_LIMIT: usize = 200;

/// What a handler knows of its request; an extension of its answer.
#[derive(Clone, Default)]
pub(super) struct Note {
    client: Option<Address>,
    code: Option<Code>,
    key: Option<KeyId>,
}

/// Notes the client of a page.
pub(super) fn note_client(response: &mut Response, client: Option<Address>) {
    response.extensions_mut().insert(Note { client, ..Note::default() });
}

/// Notes what a gateway was told, where an access log is written.
pub(super) fn note_verdict(
    services: &Services,
    response: &mut Response,
    client: Option<Address>,
    verdict: &Verdict,
) {
    if services.settings.server.access_log.is_some() {
        let note = Note { client, code: Some(verdict.code), key: verdict.key.as_ref().map(|key| key.id) };
        response.extensions_mut().insert(note);
    }
}

/// Which requests get a line.
pub(super) struct AccessLog {
    every: NonZeroU64,
    seen: AtomicU64,
}

/// A request that gets a line when it is answered.
pub(super) struct Line {
    method: Method,
    path: String,
    peer: Peer,
    began: Instant,
}

impl AccessLog {
    pub(super) fn new(every: NonZeroU64) -> Self {
        Self { every, seen: AtomicU64::new(0) }
    }

    /// A line, if it is this request's turn.
    pub(super) fn begin(&self, method: &Method, uri: &Uri, peer: Peer) -> Option<Line> {
        let turn = self.seen.fetch_add(1, Ordering::Relaxed) % self.every == 0;
        turn.then(|| Line {
            method: method.clone(),
            path: shown_path(uri.path()),
            peer,
            began: Instant::now(),
        })
    }
}

impl Line {
    pub(super) fn write(self, response: &mut Response) {
        let note = response.extensions_mut().remove::<Note>().unwrap_or_default();
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            target: "access",
            method = %self.method,
            path = self.path,
            status = response.status().as_u16(),
            micros,
            peer = %self.peer,
            client = note.client.map(tracing::field::display),
            code = note.code.map(Code::name),
            key = note.key.map(tracing::field::display),
        );
    }
}

/// A path without what may be secret.
fn shown_path(path: &str) -> String {
    if path.strip_prefix(EXT_AUTHZ).is_some_and(|rest| rest.starts_with('/')) {
        return format!("{EXT_AUTHZ}/*");
    }
    if assets::exists(path) {
        return path.chars().take(PATH_LIMIT).collect();
    }
    let parts: Vec<_> = path.split('/').map(|part| if may_be_shown(part) { part } else { "*" }).collect();
    parts.join("/").chars().take(PATH_LIMIT).collect()
}

/// Whether a part of a path cannot be a token, nor hold one.
fn may_be_shown(part: &str) -> bool {
    static FUNCTIONS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        server_fn::axum::server_fn_paths().filter_map(|(path, _)| path.rsplit('/').next()).collect()
    });
    static STEPS: LazyLock<HashSet<&str>> =
        LazyLock::new(|| PAGES.iter().flat_map(|page| page.path.split('/')).collect());
    part.len() < SECRET_LENGTH
        || STEPS.contains(part)
        || OWN_PARTS.contains(&part)
        || FUNCTIONS.contains(part)
        || (part.len() == KeyId::TEXT_LENGTH && part.parse::<KeyId>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const TOKEN: &str = "lkd_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";

    #[rstest]
    #[case("/", "/")]
    #[case("/authz/forward-auth", "/authz/forward-auth")]
    #[case("/authz/ext-authz/orders/7", "/authz/ext-authz/*")]
    #[case("/oauth/device_authorization", "/oauth/device_authorization")]
    #[case("/portal/end_sub_user_sessions", "/portal/end_sub_user_sessions")]
    #[case("/account/webhooks/17/remove", "/account/webhooks/17/remove")]
    #[case("/wp-admin/x", "/*/x")]
    #[case(
        "/account/api-keys/0198c0de-0000-7000-8000-000000000000",
        "/account/api-keys/0198c0de-0000-7000-8000-000000000000"
    )]
    fn paths_are_shown(#[case] path: &str, #[case] shown: &str) {
        assert_eq!(shown_path(path), shown);
    }

    #[rstest]
    #[case(format!("/{TOKEN}"))]
    #[case(format!("/a/x-{TOKEN}-y/b"))]
    #[case(format!("/a;key={TOKEN}"))]
    #[case(format!("/%6C{}", &TOKEN[1..]))]
    #[case("/aB3dE5fG")]
    #[case("/a/12345678/b")]
    #[case("/a;password=aB3dE5fG/b")]
    #[case("/%61B3dE5fG")]
    #[case("/0198c0de00007000800000000000000a")]
    fn tokens_in_paths_are_hidden(#[case] path: impl Into<String>) {
        let shown = shown_path(&path.into());
        assert!(shown.split('/').all(|part| matches!(part, "" | "a" | "b" | "*")), "{shown}");
    }

    #[test]
    fn a_part_of_the_requests_is_written() {
        let log = AccessLog::new(NonZeroU64::new(3).unwrap());
        let uri = Uri::from_static("/");
        let written = (0..9).filter(|_| log.begin(&Method::GET, &uri, Peer::Unix).is_some()).count();
        assert_eq!(written, 3);
        assert_eq!(shown_path(&"/x".repeat(500)).len(), PATH_LIMIT);
    }
}
