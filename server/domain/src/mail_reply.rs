//! What a mail server's refusal is about: the letter, or anything else.

/// An enhanced status code (RFC 3463): class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusCode {
    class: u16,
    subject: u16,
    detail: u16,
}

impl StatusCode {
    /// The code that a reply begins with, if it has one (RFC 2034, section 4).
    #[must_use]
    pub fn of_reply(text: &str) -> Option<Self> {
        let mut parts = text.split_whitespace().next()?.split('.').map(number);
        let code = Self { class: parts.next()??, subject: parts.next()??, detail: parts.next()?? };
        (parts.next().is_none() && matches!(code.class, 2 | 4 | 5)).then_some(code)
    }

    /// Whether it refuses this letter alone, and for good: its recipient, the recipient's mailbox,
    /// its text or its size. Everything else (who sends, from where, what the server is set up to do) meets other
    /// letters too and can be mended while they wait.
    #[must_use]
    pub fn condemns_the_letter(self) -> bool {
        self.class == 5 && matches!((self.subject, self.detail), (1, 1..=6) | (2 | 6, _) | (3, 4))
    }

    /// The same while only the sender was named: then nothing is said of a recipient.
    #[must_use]
    pub fn condemns_the_text(self) -> bool {
        self.class == 5 && matches!((self.subject, self.detail), (6, _) | (3, 4))
    }
}

/// A part of a code: one to three digits.
fn number(text: &str) -> Option<u16> {
    ((1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("5.1.1 <x@example.org>: no such user", true)]
    #[case("5.1.2 bad destination system", true)]
    #[case("5.1.6 has moved", true)]
    #[case("5.2.2 mailbox full", true)]
    #[case("5.6.0 media error", true)]
    #[case("5.3.4 too big\n5.3.4 really", true)]
    #[case("5.1.7 bad sender's address", false)]
    #[case("5.1.8 sender's domain does not exist", false)]
    #[case("5.3.2 system not accepting", false)]
    #[case("5.4.5 daily quota", false)]
    #[case("5.5.2 Helo command rejected", false)]
    #[case("5.7.1 Relay denied", false)]
    #[case("5.7.26 unauthenticated", false)]
    #[case("4.2.2 mailbox full for now", false)]
    fn only_what_the_letter_is_told_condemns_it(#[case] text: &str, #[case] condemned: bool) {
        assert_eq!(StatusCode::of_reply(text).unwrap().condemns_the_letter(), condemned);
    }

    #[rstest]
    #[case("")]
    #[case("no such user")]
    #[case("5.1 x")]
    #[case("5.1.1.1 x")]
    #[case("5.1.1234 x")]
    #[case("5..1 x")]
    #[case("5.1.+1 x")]
    #[case("3.1.1 x")]
    #[case("10.0.0.1 is blocked")]
    fn other_texts_are_no_codes(#[case] text: &str) {
        assert_eq!(StatusCode::of_reply(text), None);
    }

    #[test]
    fn nothing_is_said_of_recipients_before_one_is_named() {
        assert!(!StatusCode::of_reply("5.2.1 x").unwrap().condemns_the_text());
        assert!(StatusCode::of_reply("5.6.7 x").unwrap().condemns_the_text());
    }
}
