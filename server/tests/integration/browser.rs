//! A browser, and what it reads off the pages.

use crate::app::{Answer, HOME, TestApp};
use crate::html;
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use parking_lot::Mutex;
use std::collections::HashSet;

/// A browser without JavaScript.
pub(crate) struct Browser<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) cookie: Mutex<Option<String>>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(app: &'a TestApp) -> Self {
        Self { app, cookie: Mutex::new(None) }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, &[], Body::empty()).await
    }

    /// What a page tells its reader: a message a line.
    pub(crate) async fn messages(&self, path: &str) -> String {
        self.get(path).await.messages()
    }

    /// The lines of the user's history, newest first.
    pub(crate) async fn history(&self) -> String {
        history_lines(&self.get("/account/profile/history").await.body)
    }

    /// What the list of keys says of its pages and records.
    pub(crate) async fn record_line(&self) -> String {
        self.get("/account/api-keys").await.texts(".record-line").concat()
    }

    /// Gets a page in a language that it asks for so.
    pub(crate) async fn get_in(&self, path: &str, accepted: &str) -> Answer {
        self.request(Method::GET, path, &[("accept-language", accepted)], Body::empty()).await
    }

    /// Sends a form of one of our pages.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, &[], fields).await
    }

    /// The same through a proxy that names this client.
    pub(crate) async fn post_from(&self, client: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, &[("x-forwarded-for", client)], fields).await
    }

    /// The same with more headers.
    pub(crate) async fn post_with(
        &self,
        path: &str,
        more: &[(&'static str, &str)],
        fields: &[(&str, &str)],
    ) -> Answer {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let form = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
            ("accept", "text/html"),
        ];
        let headers: Vec<_> = form.iter().chain(more).copied().collect();
        self.request(Method::POST, path, &headers, Body::from(body)).await
    }

    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Body,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !headers.iter().any(|(name, _)| *name == "x-forwarded-for") {
            request = request.header("x-forwarded-for", HOME);
        }
        if let Some(cookie) = &*self.cookie.lock() {
            request = request.header(header::COOKIE, cookie);
        }
        let answer = self.app.send("127.0.0.1", request.body(body).unwrap()).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            *self.cookie.lock() = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        answer
    }

    /// Generates a key and reads its id and token off the list that the answer leads to.
    pub(crate) async fn generate(&self, description: &str, key_type: &str) -> Key {
        let fields = [("description", description), ("key_type", key_type)];
        let answer = self.post("/account/api-keys/new", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        assert!(answer.header("location").starts_with("/account/api-keys?made="), "{answer:?}");
        let list = self.get(answer.header("location")).await.page();
        let id = key_ids(&list).remove(0);
        Key { id, token: shown_token(&list).expect("the new token is shown") }
    }

    pub(crate) async fn delete(&self, id: &str) -> Answer {
        self.post(&format!("/account/api-keys/{id}/delete"), &[("id", id)]).await
    }

    pub(crate) async fn act(&self, id: &str, verb: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<_> = [("id", id)].into_iter().chain(fields.iter().copied()).collect();
        self.post(&format!("/account/api-keys/{id}?do={verb}"), &fields).await
    }

    /// The cells of a key's row: Username, Description, Type, Key, Last Used, Times Used, Locked On IP, Actions. What the
    /// list leaves out for this user is empty.
    pub(crate) async fn row(&self, id: &str) -> Vec<String> {
        let list = self.get("/account/api-keys").await.body;
        let of_key = format!("tr:has(a[href=\"/account/api-keys/{id}\"])");
        assert_eq!(html::pieces(&list, &of_key).len(), 1, "the key is on the list");
        let cell = |kind| html::texts(&list, &format!("{of_key} td.{kind}-cell")).concat();
        ["user", "name", "type", "key", "time", "number", "address", "act"].map(cell).to_vec()
    }
}

pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) token: String,
}

/// The ids of the keys that a page links to, in order.
pub(crate) fn key_ids(page: &str) -> Vec<String> {
    let links = html::attributes(page, "a[href^=\"/account/api-keys/\"]", "href");
    let ids = links.iter().filter_map(|link| link["/account/api-keys/".len()..].split(['/', '?']).next());
    let mut ids: Vec<_> = ids.filter(|id| id.len() == 36).map(str::to_owned).collect();
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids
}

/// The path of the link to this server that a page shows as a secret.
pub(crate) fn shown_link(page: &str) -> String {
    let shown = html::texts(page, "code");
    let path = shown.iter().find_map(|text| text.strip_prefix("http://127.0.0.1:3000"));
    path.expect("a link is shown").to_owned()
}

/// The page of the webhook that a list names last.
pub(crate) fn last_webhook(page: &str) -> String {
    html::attributes(page, "main a[href^=\"/account/webhooks/\"]", "href").pop().expect("a webhook is listed")
}

/// The whole token on a page, if it shows one.
pub(crate) fn shown_token(page: &str) -> Option<String> {
    let shown = html::texts(page, "code");
    let long = shown.iter().find(|text| text.len() == 46 && text.starts_with("lk"));
    // An SMPP secret has nothing to be told by but the mark that it stands in.
    long.or(shown.first()).filter(|text| !text.contains('…')).cloned()
}

/// The lines of a page of the history: the cells of the table's rows, without masked tokens, which are others each time.
pub(crate) fn history_lines(page: &str) -> String {
    let line = |cells: Vec<String>| without_masked(&cells.join(" | "));
    html::rows(page, "tbody tr").into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A text without masked tokens.
pub(crate) fn without_masked(text: &str) -> String {
    let words = text.split(' ').map(|word| if word.contains('…') { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}
