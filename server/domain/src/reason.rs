//! Why an operator did something to a customer: words that the customer reads.

use super::description::{LineError, is_hidden, parse_line};

/// 1 to 200 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

/// Why a text is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReasonError {
    /// Nothing visible is there.
    #[error("is empty")]
    Empty,
    /// Over [`Reason::LIMIT`] characters.
    #[error("is longer than {} characters", Reason::LIMIT)]
    TooLong,
    /// A control or other invisible directional character, such as the end of a line.
    #[error("holds a control character")]
    ControlCharacter,
}

impl Reason {
    /// The most characters.
    pub const LIMIT: usize = 200;

    /// Takes a text that an operator typed.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, ReasonError> {
        parse_line(text, Self::LIMIT, is_hidden).map(Self).map_err(|error| match error {
            LineError::Empty => ReasonError::Empty,
            LineError::Refused => ReasonError::ControlCharacter,
            LineError::TooLong => ReasonError::TooLong,
        })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("  found on GitHub ", Ok("found on GitHub"))]
    #[case("găsită într-un depozit public", Ok("găsită într-un depozit public"))]
    #[case("", Err(ReasonError::Empty))]
    #[case(" \t\u{200b} ", Err(ReasonError::Empty))]
    #[case("two\nlines", Err(ReasonError::ControlCharacter))]
    #[case("turned \u{202e}round", Err(ReasonError::ControlCharacter))]
    fn a_reason_is_one_visible_line(#[case] text: &str, #[case] read: Result<&str, ReasonError>) {
        assert_eq!(Reason::parse(text).as_ref().map(Reason::as_str), read.as_ref().map(|text| *text));
    }

    #[test]
    fn a_reason_has_200_characters_at_most() {
        assert!(Reason::parse(&"ș".repeat(200)).is_ok());
        assert_eq!(Reason::parse(&"ș".repeat(201)), Err(ReasonError::TooLong));
    }
}
