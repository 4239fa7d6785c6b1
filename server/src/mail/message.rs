//! Writes a letter as the bytes of a mail.

use super::draft::Draft;
use domain::ids::MailNumber;
use domain::time::Micros;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use std::time::{Duration, UNIX_EPOCH};

/// What a mail needs beside its content.
pub(super) struct MailMetadata<'a> {
    /// The sender.
    pub(super) from: &'a Mailbox,
    /// The host with which Message-IDs end.
    pub(super) host: &'a str,
    /// The letter's number.
    pub(super) number: MailNumber,
    /// When it was queued.
    pub(super) queued_at: Micros,
    /// The present.
    pub(super) now: Micros,
}

/// A mail, ready to be handed over.
pub(super) struct WrittenMail {
    /// From and to.
    pub(super) envelope: Envelope,
    /// The message.
    pub(super) bytes: Vec<u8>,
}

/// Writes a mail, or returns why that cannot be done.
pub(super) fn write(draft: &Draft, metadata: &MailMetadata) -> Result<WrittenMail, String> {
    let to: Address = draft.to.parse().map_err(|_| "the address cannot be read".to_owned())?;
    let since = Duration::from_micros(metadata.now.0.unsigned_abs());
    // The same for every attempt, so that receivers recognise a repeated mail.
    let id = format!("<{}.{}@{}>", metadata.number.0, metadata.queued_at.0, metadata.host);
    let mut builder = Message::builder()
        .from(metadata.from.clone())
        .to(Mailbox::new(None, to))
        .subject(&draft.subject)
        .date(UNIX_EPOCH + since)
        .message_id(Some(id))
        .raw_header(header("Auto-Submitted", "auto-generated"));
    if let Some(url) = &draft.unsubscribe {
        builder = builder
            .raw_header(header("List-Unsubscribe", &format!("<{url}>")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    let parts = MultiPart::alternative_plain_html(draft.text(), draft.html());
    let message = builder.multipart(parts).map_err(|error| error.to_string())?;
    Ok(WrittenMail { envelope: message.envelope().clone(), bytes: message.formatted() })
}

/// A header whose value is ASCII on one line.
fn header(name: &'static str, value: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::Language;

    fn written(to: &str, subject: &str) -> Result<String, String> {
        let draft = Draft {
            to: to.to_owned(),
            language: Language::En,
            subject: subject.to_owned(),
            blocks: vec![],
            unsubscribe: Some("https://keys.example.com/unsubscribe?token=t".to_owned()),
        };
        let metadata = MailMetadata {
            from: &"Latchkey <keys@example.com>".parse().unwrap(),
            host: "keys.example.com",
            number: MailNumber(7),
            queued_at: Micros(1_768_478_400_000_001),
            now: Micros(1_768_478_460_000_000),
        };
        write(&draft, &metadata).map(|written| String::from_utf8(written.bytes).unwrap())
    }

    #[test]
    fn headers_are_right() {
        let text = written("demo@example.org", "Mail").unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        for line in [
            "From: \"Latchkey\" <keys@example.com>",
            "To: demo@example.org",
            "Subject: Mail",
            "Date: Thu, 15 Jan 2026 12:01:00 +0000",
            "Message-ID: <7.1768478400000001@keys.example.com>",
            "Auto-Submitted: auto-generated",
            "List-Unsubscribe: <https://keys.example.com/unsubscribe?token=t>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ] {
            let line = line.replace('"', "");
            assert!(head.replace('"', "").lines().any(|l| l == line), "{line}: {head}");
        }
    }

    #[test]
    fn nothing_that_is_written_becomes_a_header() {
        let text = written("demo@example.org", "a\r\nBcc: eve@example.org\r\n\r\nbody").unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc") || line.starts_with("body")), "{head}");
        for to in
            ["demo@example.org\r\nRCPT TO:<eve@example.org>", "demo", "", "demo@example.org, eve@example.org"]
        {
            assert!(written(to, "x").is_err(), "{to:?}");
        }
    }

    #[test]
    fn all_letters_arrive_and_every_line_is_short() {
        let text = written("demo@example.org", &"ș🔑".repeat(50)).unwrap();
        assert!(text.is_ascii());
        assert!(text.lines().all(|line| line.len() <= 998));
    }
}
