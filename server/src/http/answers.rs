//! Equal forms are one act: a double click without scripts, or a form that is sent again because its answer was lost.
//!
//! A form that makes something carries a number (`once`) that no other form of the browser has. The first of its posts
//! is carried out; equal ones wait for it and get its answer, for [`KEPT_SECONDS`]. Posts are equal when session
//! cookie, address and content are the same, so nobody gets the answer of somebody else, and a corrected form is
//! another one. With the answer the browser may get another cookie: a post that carries that one is equal too. A form
//! without a number, or with one that is not of this shape, is an act of its own.

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use domain::address::Address;
use domain::ids::SessionNumber;
use domain::time::Micros;
use http::{HeaderMap, StatusCode, Uri};
use parking_lot::Mutex;
use service::shown_once::ShownName;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::sync::Arc;
use store::SessionHash;
use zeroize::Zeroizing;

/// Seconds for which the answer of a form is kept for those that are equal.
const KEPT_SECONDS: i64 = 600;
/// Answers of one sender, and of all; with one more the oldest is forgotten.
const MOST_OF_ONE: usize = 32;
const MOST: usize = 4096;
/// The field that holds the number.
const FIELD: &[u8] = b"once=";

/// The sender of a form: answers are counted by sender, and given again to the same sender only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// A session, whatever its cookie is now.
    Session(SessionNumber),
    /// Somebody at this address without one.
    Source(Option<Address>),
}

/// What tells one act from another.
pub(super) struct Act {
    whose: Whose,
    /// Address and body.
    content: [u8; 32],
    /// The content with each cookie that may be a session.
    keys: Vec<[u8; 32]>,
}

impl Act {
    /// The act of a form with these cookies, if it carries a number.
    pub(super) fn of(whose: Whose, cookies: &[SessionHash], uri: &Uri, body: &[u8]) -> Option<Self> {
        // Nothing is decoded: the body may hold a password, and a number has no sign that would be encoded.
        let mut numbers = body.split(|byte| *byte == b'&').filter_map(|pair| pair.strip_prefix(FIELD));
        if !numbers.any(is_number) {
            return None;
        }
        let content = Sha256::new().chain_update(uri.to_string()).chain_update([0]).chain_update(body);
        let content = content.finalize().into();
        let keys = match cookies {
            [] => vec![key(&content, None)],
            cookies => cookies.iter().map(|cookie| key(&content, Some(*cookie))).collect(),
        };
        Some(Self { whose, content, keys })
    }
}

fn key(content: &[u8; 32], cookie: Option<SessionHash>) -> [u8; 32] {
    let cookie = cookie.map(|cookie| cookie.0);
    let cookie = cookie.as_ref().map_or(&[][..], |cookie| &cookie[..]);
    Sha256::new().chain_update(content).chain_update(cookie).finalize().into()
}

fn is_number(text: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (16..=64).contains(&text.len()) && text.iter().all(fits)
}

/// What became of a form.
pub(super) enum Answered {
    /// The form was carried out.
    Done(Done),
    /// The form was refused. Sent again, it is tried again.
    Refused(Response),
}

/// The answer to a form that was carried out.
pub(super) struct Done {
    /// The answer itself.
    pub(super) response: Response,
    /// The cookie that the browser gets with it.
    pub(super) cookie: Option<SessionHash>,
    /// The secret that stands in it, and not only at the address that it leads to.
    pub(super) shown: Option<ShownName>,
}

impl From<Response> for Done {
    fn from(response: Response) -> Self {
        Self { response, cookie: None, shown: None }
    }
}

/// An answer that can be given again.
#[derive(Clone)]
struct Saved {
    whose: Whose,
    sets_cookie: bool,
    status: StatusCode,
    headers: HeaderMap,
    /// The body may hold the token of a new key, and is wiped when it is forgotten.
    body: Arc<Zeroizing<Vec<u8>>>,
}

impl Saved {
    /// Whether the sender of this act gets it again. A session that ended gets nothing more. An answer that begins or
    /// renews a session is for every equal act, because the browser may not have its cookie yet.
    fn is_for(&self, act: &Act) -> bool {
        self.sets_cookie || self.whose == act.whose
    }

    fn response(&self) -> Response {
        let mut response = Response::new(Body::from(self.body.to_vec()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }
}

/// Held while a form is carried out; those that are equal wait for it.
type Slot = Arc<tokio::sync::Mutex<Option<Saved>>>;

struct Entry {
    whose: Whose,
    keys: Vec<[u8; 32]>,
    shown: Option<ShownName>,
    since: Micros,
    slot: Slot,
}

impl Entry {
    fn is_kept(&self, now: Micros) -> bool {
        now.seconds_since(self.since) < KEPT_SECONDS
    }
}

/// The answers of the forms of the last minutes, the oldest first.
#[derive(Default)]
pub(super) struct FormAnswers(Mutex<Vec<Entry>>);

impl FormAnswers {
    /// Carries out `form`, or answers as an equal one was answered.
    pub(super) async fn once(
        &self,
        act: Option<Act>,
        now: Micros,
        form: impl Future<Output = Answered>,
    ) -> Response {
        let Some(act) = act else { return carry_out(form).await };
        let slot = self.slot_of(&act, now);
        // If the one before is dropped while it is carried out, nothing is saved, and this one is carried out.
        let mut saved = slot.lock().await;
        match &*saved {
            Some(answer) if answer.is_for(&act) => return answer.response(),
            Some(_) => {
                drop(saved);
                return carry_out(form).await;
            }
            None => {}
        }
        let (done, is_done) = match form.await {
            Answered::Done(done) => (done, true),
            Answered::Refused(response) => (response.into(), false),
        };
        let Done { response, cookie, shown } = done;
        let (parts, body) = response.into_parts();
        let Ok(body) = to_bytes(body, usize::MAX).await else {
            self.forget(&slot);
            return (StatusCode::INTERNAL_SERVER_ERROR, "This page failed; try again.").into_response();
        };
        let body = Arc::new(Zeroizing::new(body.to_vec()));
        let (whose, sets_cookie) = (act.whose, cookie.is_some());
        let answer = Saved { whose, sets_cookie, status: parts.status, headers: parts.headers, body };
        let response = answer.response();
        // Those that wait already get a refusal too: what was wrong with one is wrong with all.
        *saved = Some(answer);
        if is_done {
            self.settle(&slot, cookie.map(|cookie| key(&act.content, Some(cookie))), shown);
        } else {
            self.forget(&slot);
        }
        response
    }

    /// Forgets the answer in which a secret stands, because its reader has it.
    pub(super) fn forget_shown(&self, name: &ShownName) {
        self.0.lock().retain(|entry| entry.shown.as_ref() != Some(name));
    }

    /// Forgets the answers of a session that ended, and those that its address got without one: the answer that began
    /// it gives its cookie, which is worth nothing any more.
    pub(super) fn forget_session(&self, session: SessionNumber, source: Option<Address>) {
        let ended = [Whose::Session(session), Whose::Source(source)];
        self.0.lock().retain(|entry| !ended.contains(&entry.whose));
    }

    /// Forgets what nobody sent again in time.
    pub(super) fn sweep(&self, now: Micros) {
        self.0.lock().retain(|entry| entry.is_kept(now));
    }

    fn slot_of(&self, act: &Act, now: Micros) -> Slot {
        let mut entries = self.0.lock();
        entries.retain(|entry| entry.is_kept(now));
        if let Some(entry) = entries.iter().find(|entry| entry.keys.iter().any(|key| act.keys.contains(key)))
        {
            return Arc::clone(&entry.slot);
        }
        let own = |entry: &Entry| entry.whose == act.whose;
        if entries.iter().filter(|entry| own(entry)).count() >= MOST_OF_ONE {
            forget_first(&mut entries, own);
        }
        if entries.len() >= MOST {
            forget_first(&mut entries, |_| true);
        }
        let (keys, slot) = (act.keys.clone(), Slot::default());
        let entry = Entry { whose: act.whose, keys, shown: None, since: now, slot: Arc::clone(&slot) };
        entries.push(entry);
        slot
    }

    /// A form was carried out: with the cookie of its answer it is the same act.
    fn settle(&self, slot: &Slot, key: Option<[u8; 32]>, shown: Option<ShownName>) {
        let mut entries = self.0.lock();
        if let Some(entry) = entries.iter_mut().find(|entry| Arc::ptr_eq(&entry.slot, slot)) {
            entry.keys.extend(key);
            entry.shown = shown;
        }
    }

    fn forget(&self, slot: &Slot) {
        self.0.lock().retain(|entry| !Arc::ptr_eq(&entry.slot, slot));
    }
}

async fn carry_out(form: impl Future<Output = Answered>) -> Response {
    match form.await {
        Answered::Done(Done { response, .. }) | Answered::Refused(response) => response,
    }
}

fn forget_first(entries: &mut Vec<Entry>, of: impl Fn(&Entry) -> bool) {
    if let Some(first) = entries.iter().position(of) {
        entries.remove(first);
    }
}

#[cfg(test)]
mod tests;
