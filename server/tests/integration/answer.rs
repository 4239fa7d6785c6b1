//! What a server answered, and what somebody reads in it.

use crate::html;
use http::{HeaderMap, StatusCode};

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    pub(crate) fn code(&self) -> &str {
        self.header("x-latchkey-code")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// The words of the page.
    pub(crate) fn text(&self) -> String {
        html::text(&self.body)
    }

    /// What the page tells its reader about an act of theirs, and why one was refused: a message a line.
    pub(crate) fn messages(&self) -> String {
        html::messages(&self.body)
    }

    /// What stands in a part of the page that a CSS selector finds: a paragraph, label, button or cell a line.
    pub(crate) fn lines(&self, part: &str) -> String {
        html::lines(&self.body, part)
    }

    /// The words of every element of the page that a CSS selector finds.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        html::texts(&self.body, selector)
    }

    /// The page without its scripts and nonces, as somebody reads it.
    pub(crate) fn page(&self) -> String {
        let nonces = self.body.split(" nonce=\"");
        let body: String = nonces
            .enumerate()
            .map(|(n, part)| if n == 0 { part } else { part.split_once('"').map_or(part, |(_, rest)| rest) })
            .collect();
        let mut text = String::new();
        let mut rest = body.as_str();
        while let Some((before, after)) = rest.split_once("<script") {
            text.push_str(before);
            rest = after.split_once("</script>").map_or("", |(_, after)| after);
        }
        text.push_str(rest);
        // Marks that only serve the program in the browser.
        text.replace("<!>", "").replace("<!---->", "")
    }
}
