//! Equal forms are one act: a double click without scripts, a form that is sent again because its answer was lost.
//!
//! A form that makes something carries a number (`once`) that no other form of the browser has. The first of its posts
//! is carried out; equal ones wait for it and get its answer, for [`KEPT_SECONDS`]. Equal is what has the same cookie,
//! address and content, so nobody gets the answer of somebody else, and a form that was corrected is another one.
//! A form without a number, or with one that is not of this shape, is an act of its own.

use super::cookies;
use crate::domain::time::Micros;
use crate::settings::Settings;
use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Seconds for which the answer of a form is kept for those that are equal.
const KEPT_SECONDS: i64 = 600;
/// Answers of one session, and of all; with one more the oldest is forgotten.
const MOST_OF_ONE: usize = 32;
const MOST: usize = 4096;
/// The field that holds the number.
const FIELD: &[u8] = b"once=";

/// What tells one act from another.
#[derive(Clone, Copy)]
pub(super) struct Act {
    session: [u8; 32],
    whole: [u8; 32],
}

impl Act {
    /// The act of a form, if it carries a number.
    pub(super) fn of(settings: &Settings, parts: &Parts, body: &[u8]) -> Option<Self> {
        // Nothing is decoded: the body may hold a password, and a number has no sign that would be encoded.
        let mut numbers = body.split(|byte| *byte == b'&').filter_map(|pair| pair.strip_prefix(FIELD));
        if !numbers.any(is_number) {
            return None;
        }
        // The cookie as it came: with the first answer the session may get another token, and the second post still
        // carries the old one.
        let mut session = Sha256::new();
        for token in cookies::sessions(settings, &parts.headers) {
            session.update(token.hash().0);
        }
        let session = session.finalize().into();
        let whole = Sha256::new()
            .chain_update(session)
            .chain_update(parts.uri.to_string())
            .chain_update([0])
            .chain_update(body)
            .finalize();
        Some(Self { session, whole: whole.into() })
    }
}

fn is_number(text: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (16..=64).contains(&text.len()) && text.iter().all(fits)
}

/// What became of a form.
pub(super) enum Answered {
    /// It was carried out.
    Done(Response),
    /// It was not; sent again, it is tried again.
    Refused(Response),
}

/// An answer that can be given again.
#[derive(Clone)]
struct Saved {
    status: StatusCode,
    headers: HeaderMap,
    /// It may hold the token of a new key, and is wiped when it is forgotten.
    body: Arc<Zeroizing<Vec<u8>>>,
}

impl Saved {
    fn response(&self) -> Response {
        let mut response = Response::new(Body::from(self.body.to_vec()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }
}

/// Held while a form is carried out; those that are equal wait for it.
type Place = Arc<tokio::sync::Mutex<Option<Saved>>>;

struct Entry {
    session: [u8; 32],
    since: Micros,
    place: Place,
}

/// The answers of the forms of the last minutes.
#[derive(Default)]
pub(super) struct FormAnswers(Mutex<HashMap<[u8; 32], Entry>>);

impl FormAnswers {
    /// Carries out `form`, or answers as an equal one was answered.
    pub(super) async fn once(
        &self,
        act: Option<Act>,
        now: Micros,
        form: impl Future<Output = Answered>,
    ) -> Response {
        let Some(act) = act else {
            return match form.await {
                Answered::Done(response) | Answered::Refused(response) => response,
            };
        };
        let place = self.place(act, now);
        // If the one before is dropped while it is carried out, nothing is saved, and this one is carried out.
        let mut saved = place.lock().await;
        if let Some(saved) = &*saved {
            return saved.response();
        }
        let (response, done) = match form.await {
            Answered::Done(response) => (response, true),
            Answered::Refused(response) => (response, false),
        };
        let (parts, body) = response.into_parts();
        let Ok(body) = to_bytes(body, usize::MAX).await else {
            self.forget(act, &place);
            return (StatusCode::INTERNAL_SERVER_ERROR, "This page failed; try again.").into_response();
        };
        let body = Arc::new(Zeroizing::new(body.to_vec()));
        let answer = Saved { status: parts.status, headers: parts.headers, body };
        let response = answer.response();
        // Those that wait already get a refusal too: what was wrong with one is wrong with all.
        *saved = Some(answer);
        if !done {
            self.forget(act, &place);
        }
        response
    }

    fn place(&self, act: Act, now: Micros) -> Place {
        let mut entries = self.0.lock();
        entries.retain(|_, entry| now.seconds_since(entry.since) < KEPT_SECONDS);
        if let Some(entry) = entries.get(&act.whole) {
            return Arc::clone(&entry.place);
        }
        if entries.values().filter(|entry| entry.session == act.session).count() >= MOST_OF_ONE {
            forget_oldest(&mut entries, |entry| entry.session == act.session);
        }
        if entries.len() >= MOST {
            forget_oldest(&mut entries, |_| true);
        }
        let place = Place::default();
        let entry = Entry { session: act.session, since: now, place: Arc::clone(&place) };
        entries.insert(act.whole, entry);
        place
    }

    fn forget(&self, act: Act, place: &Place) {
        let mut entries = self.0.lock();
        if entries.get(&act.whole).is_some_and(|entry| Arc::ptr_eq(&entry.place, place)) {
            entries.remove(&act.whole);
        }
    }
}

fn forget_oldest(entries: &mut HashMap<[u8; 32], Entry>, of: impl Fn(&Entry) -> bool) {
    let oldest = entries.iter().filter(|(_, entry)| of(entry)).min_by_key(|(_, entry)| entry.since);
    if let Some(whole) = oldest.map(|(whole, _)| *whole) {
        entries.remove(&whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;
    use http::{Request, header};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Notify;

    const NUMBER: &str = "0123456789abcdef";

    fn act(path: &str, session: char, body: &str) -> Option<Act> {
        let settings = Settings::parse(&Layers::load(None, std::iter::empty(), vec![]).unwrap()).unwrap();
        let cookie = format!("latchkey_3000={}", "A".repeat(41) + &session.to_string() + "A");
        let request = Request::post(path).header(header::COOKIE, cookie).body(()).unwrap();
        Act::of(&settings, &request.into_parts().0, body.as_bytes())
    }

    #[test]
    fn acts_are_equal_only_in_everything() {
        let form =
            |session, rest: &str| act("/a?do=b", session, &format!("once={NUMBER}&{rest}")).unwrap().whole;
        assert_eq!(form('A', "x=1"), form('A', "x=1"));
        assert_ne!(form('A', "x=1"), form('A', "x=2"));
        assert_ne!(form('A', "x=1"), form('B', "x=1"));
        let elsewhere = act("/a?do=c", 'A', &format!("once={NUMBER}&x=1")).unwrap();
        assert_ne!(form('A', "x=1"), elsewhere.whole);
        for bad in ["", "short", &"a".repeat(65), "0123456789abcde%21", &"é".repeat(16)] {
            assert!(act("/a", 'A', &format!("once={bad}")).is_none(), "{bad}");
        }
        assert!(act("/a", 'A', "x=1").is_none());
    }

    #[tokio::test]
    async fn those_that_come_at_once_wait_for_the_first() {
        let (answers, made, go) = (FormAnswers::default(), AtomicUsize::new(0), Notify::new());
        let act = act("/", 'A', &format!("once={NUMBER}"));
        let form = || async {
            go.notified().await;
            let number = made.fetch_add(1, Ordering::SeqCst);
            Answered::Done(number.to_string().into_response())
        };
        let text = async |response: Response| to_bytes(response.into_body(), 10).await.unwrap();
        let (first, second, ()) =
            tokio::join!(answers.once(act, Micros(0), form()), answers.once(act, Micros(0), form()), async {
                go.notify_one();
            },);
        assert_eq!((text(first).await, text(second).await), ("0".into(), "0".into()));
        assert_eq!(text(answers.once(act, Micros(0), form()).await).await, "0");
        go.notify_one();
        let late = Micros(KEPT_SECONDS * Micros::SECOND);
        assert_eq!(text(answers.once(act, late, form()).await).await, "1", "after that it is another");
        go.notify_one();
        assert_eq!(text(answers.once(None, late, form()).await).await, "2", "without a number too");
    }

    #[tokio::test]
    async fn a_refusal_is_tried_again_and_what_is_kept_is_bounded() {
        let (answers, tries) = (FormAnswers::default(), AtomicUsize::new(0));
        for _ in 0..2 {
            let form = async {
                tries.fetch_add(1, Ordering::SeqCst);
                Answered::Refused(StatusCode::UNPROCESSABLE_ENTITY.into_response())
            };
            let response = answers.once(act("/", 'A', &format!("once={NUMBER}")), Micros(0), form).await;
            assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert_eq!((tries.load(Ordering::SeqCst), answers.0.lock().len()), (2, 0));
        for number in 0..100 {
            let form = async { Answered::Done(StatusCode::OK.into_response()) };
            answers.once(act("/", 'A', &format!("once={NUMBER}{number}")), Micros(number), form).await;
        }
        assert_eq!(answers.0.lock().len(), MOST_OF_ONE);
    }
}
