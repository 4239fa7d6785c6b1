//! The content of a letter, written out as text and as HTML.

use app::Language;
use std::fmt::Write as _;

/// The content of a letter, and its recipient.
pub(super) struct Draft {
    /// The address.
    pub(super) to: String,
    /// The language it is written in.
    pub(super) language: Language,
    /// Its subject, which is its heading too.
    pub(super) subject: String,
    /// Its body.
    pub(super) blocks: Vec<Block>,
    /// The link that stops letters of this kind, if they may be stopped.
    pub(super) unsubscribe: Option<String>,
}

/// A piece of a letter.
pub(super) enum Block {
    /// A paragraph.
    Text(String),
    /// Names and values; a value may have several lines.
    Facts(Vec<(&'static str, String)>),
    /// A link on a line of its own.
    Link(&'static str, String),
}

const BODY: &str = "margin:0;padding:24px;font-family:system-ui,-apple-system,'Segoe UI',sans-serif;\
                    font-size:16px;line-height:1.5";
const CELL: &str = "padding:2px 16px 2px 0;text-align:left;vertical-align:top";

impl Draft {
    /// The body as plain text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for block in &self.blocks {
            match block {
                Block::Text(words) => text.push_str(words),
                Block::Facts(facts) => {
                    let lines: Vec<_> = facts.iter().map(|(name, value)| fact_line(name, value)).collect();
                    text.push_str(&lines.join("\n"));
                }
                Block::Link(words, url) => {
                    let _ = write!(text, "{words}:\n{url}");
                }
            }
            text.push_str("\n\n");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }

    /// The body as HTML, which loads nothing from anywhere.
    pub(super) fn html(&self) -> String {
        let subject = escape(&self.subject);
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{subject}</title>\n</head>\n\
             <body style=\"{BODY}\">\n<div style=\"max-width:40em\">\n\
             <h1 style=\"margin:0 0 16px;font-size:20px\">{subject}</h1>\n",
            self.language.code()
        );
        for block in &self.blocks {
            match block {
                Block::Text(words) => {
                    let _ = writeln!(html, "<p>{}</p>", escape(words));
                }
                Block::Facts(facts) => facts_table(&mut html, facts),
                Block::Link(words, url) => {
                    let _ = writeln!(html, "<p><a href=\"{}\">{}</a></p>", escape(url), escape(words));
                }
            }
        }
        html.push_str("</div>\n</body>\n</html>\n");
        html
    }
}

fn fact_line(name: &str, value: &str) -> String {
    if value.contains('\n') {
        format!("{name}:\n  {}", value.replace('\n', "\n  "))
    } else {
        format!("{name}: {value}")
    }
}

fn facts_table(html: &mut String, facts: &[(&'static str, String)]) {
    html.push_str("<table style=\"border-collapse:collapse\">\n");
    for (name, value) in facts {
        let value = escape(value).replace('\n', "<br>");
        let name = escape(name);
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\" style=\"{CELL}\">{name}</th><td style=\"{CELL}\">{value}</td></tr>"
        );
    }
    html.push_str("</table>\n");
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A user's text as part of a line: without control characters, line breaks and marks that change the direction.
pub(super) fn one_line(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    let spaced: String = text.chars().map(|c| if c.is_control() || turns(c) { ' ' } else { c }).collect();
    spaced.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let draft = Draft {
            to: String::new(),
            language: Language::Ro,
            subject: "<b> & co".to_owned(),
            blocks: vec![
                Block::Text("One \"two\"".to_owned()),
                Block::Facts(vec![("Key", "<WEB>".to_owned()), ("From", "a\nb".to_owned())]),
                Block::Link("Open", "https://x/?a=1&b=2".to_owned()),
            ],
            unsubscribe: None,
        };
        assert_eq!(draft.text(), "One \"two\"\n\nKey: <WEB>\nFrom:\n  a\n  b\n\nOpen:\nhttps://x/?a=1&b=2\n");
        let html = draft.html();
        assert!(html.contains("<html lang=\"ro\">") && html.contains("<title>&lt;b&gt; &amp; co</title>"));
        assert!(
            html.contains("One &quot;two&quot;") && html.contains("&lt;WEB&gt;") && html.contains("a<br>b")
        );
        assert!(html.contains("<a href=\"https://x/?a=1&amp;b=2\">Open</a>"));
    }

    #[test]
    fn words_of_users_stay_on_their_line() {
        assert_eq!(one_line("WEB\r\nBcc: a@b\u{202e}x\u{2028}y "), "WEB  Bcc: a@b x y");
        assert_eq!(one_line("cheie ușoară 🔑"), "cheie ușoară 🔑");
    }
}
