//! What people and programs read, word for word: pages, letters, messages to webhooks, problems, help texts, settings,
//! figures.
//!
//! The files are in server/tests/snapshots. A text that is meant to be another one changes its file too:
//! `INSTA_UPDATE=always cargo test --package server --test integration snapshots` writes those that differ, and
//! version control shows what became of them. `make test` writes none: a difference, and a file that is missing or
//! left over, fails.

mod account;
mod applications;
mod command_line;
mod forms;
mod gateways;
mod letters;
mod pages;
mod visitors;
mod webhooks;
mod words;

use crate::app::{Answer, Browser};
use crate::html::{outline, outline_of_form};
use http::header;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// What differs from run to run, and what is written in place of it.
const CHANCE: [(&str, &str); 25] = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", "[id]"),
    (r"\b(lk[a-z]{1,2})_[0-9A-Za-z]{42}\b", "${1}_[token]"),
    (r"\b(lk[a-z])_[0-9A-Za-z]{4}…[0-9A-Za-z]{4}", "${1}_[masked]"),
    (r"(?m)> [0-9A-Za-z]{2}…$", "> [masked]"),
    (r#"(?m)( · |, )[0-9A-Za-z]{2}…($|")"#, "${1}[masked]${2}"),
    (r#"(<input name="once" type="hidden" value=)"[0-9A-Za-z]{22}""#, "$1[number of the form]"),
    (r#"nonce="[^"]+""#, "nonce=[nonce]"),
    (r"'nonce-[^']+'", "'nonce-[nonce]'"),
    (r#"/pkg/[^"]+\.(css|js|wasm)"#, "/pkg/[file].$1"),
    (r"\bmade=[0-9A-Za-z]+", "made=[name]"),
    (r"([a-z_]\.)[0-9a-f]{32}\b", "$1[proof]"),
    (r"\btoken=[0-9A-Za-z_-]{20,}", "token=[secret]"),
    (r#"(name="(?:token|made)" type="hidden" value=)"[0-9A-Za-z_-]{20,}""#, "$1[secret]"),
    (r"\b(latchkey_\d+)=[0-9A-Za-z_-]{43};", "$1=[secret];"),
    (r"\bmsg_[0-9A-Za-z]+", "msg_[id]"),
    (r"\bv1,[0-9A-Za-z+/]{43}=", "v1,[signature]"),
    (r"(?m)^(user-agent: latchkey/)[0-9.]+$", "${1}[version]"),
    (r"whsec_[0-9A-Za-z+/=]{20,}", "whsec_[secret]"),
    (r"\b([A-Z2-7]{4} ){7}[A-Z2-7]{4}\b", "[secret of the second factor]"),
    (r"secret=[A-Z2-7]{32}", "secret=[secret of the second factor]"),
    (r#"( d=)"[^"]{400,}""#, "$1[a picture]"),
    (r#"(<code class="token"> )[0-9a-z]{5}-[0-9a-z]{5}\b"#, "$1[recovery code]"),
    // What applications show, and the example of one.
    (r"\b[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}\b", "[code]"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:[port]"),
    // Pages name files of the site, whose names are longer once it is built.
    (r"(?m)^content-length: \d+$", "content-length: [length]"),
];

/// The languages that pages are taken in.
const LANGUAGES: [&str; 2] = ["en", "ro"];

/// For snapshots that are compared without what differs from run to run.
pub(crate) fn redacted() -> insta::Settings {
    let mut settings = insta::Settings::new();
    for (chance, written) in CHANCE {
        settings.add_filter(chance, written);
    }
    settings
}

/// A folder of snapshots, which holds those that were compared with and no others.
struct Album {
    folder: &'static str,
    names: Mutex<BTreeSet<String>>,
}

impl Album {
    fn open(folder: &'static str) -> Self {
        Self { folder, names: Mutex::default() }
    }

    /// Compares a text with the snapshot of this name.
    fn holds(&self, name: &str, text: &str) {
        assert!(self.names.lock().insert(name.to_owned()), "{name} is taken twice");
        let mut settings = redacted();
        settings.set_snapshot_path(format!("../snapshots/{}", self.folder));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, text));
    }

    /// Takes a page in each language.
    async fn takes(&self, browser: &Browser<'_>, name: &str, path: &str) {
        let mut text = String::new();
        for language in LANGUAGES {
            let answer = browser.get_in(path, language).await;
            let _ = write!(text, "== {language} ==\n{}", shown(&answer));
        }
        self.holds(name, &text);
    }

    /// Posts a form in each language, and takes it as it comes back.
    async fn takes_refused(&self, browser: &Browser<'_>, name: &str, path: &str, fields: &[(&str, &str)]) {
        let mut text = String::new();
        for language in LANGUAGES {
            let answer = browser.post_with(path, &[("accept-language", language)], fields).await;
            let form =
                outline_of_form(&answer.body, path.split_once("?token").map_or(path, |(page, _)| page));
            let _ = write!(text, "== {language} ==\n{}{form}", head(&answer));
        }
        self.holds(name, &text);
    }

    /// Fails if a snapshot is left over.
    fn close(self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(self.folder);
        let kept = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let names = kept.map(|name| name.into_string().unwrap());
        let kept: BTreeSet<_> = names.filter(|name| name.ends_with(".snap")).collect();
        let compared: BTreeSet<_> = self.names.lock().iter().map(|name| format!("{name}.snap")).collect();
        assert_eq!(kept, compared, "files of {}, and what was compared with them", self.folder);
    }
}

/// Status, and the headers that tell where to go and how long to keep what comes.
fn head(answer: &Answer) -> String {
    let mut text = format!("{}\n", answer.status);
    for name in [header::LOCATION, header::RETRY_AFTER, header::CACHE_CONTROL] {
        if let Some(value) = answer.headers.get(&name) {
            let _ = writeln!(text, "{name}: {}", value.to_str().unwrap());
        }
    }
    text
}

fn shown(answer: &Answer) -> String {
    let is_html = answer.header("content-type").starts_with("text/html");
    head(answer) + &if is_html { outline(&answer.body) } else { format!("{}\n", answer.body) }
}
