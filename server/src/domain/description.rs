//! The customer's own words for a key.

/// 1 to 100 characters, no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description(String);

/// Why a text is no description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// Nothing there after trimming.
    #[error("is empty")]
    Empty,
    /// Over [`Description::LIMIT`] characters.
    #[error("is too long")]
    TooLong,
    /// A control or other invisible directional character.
    #[error("holds a control character")]
    ControlCharacter,
}

impl Description {
    /// The most characters.
    pub const LIMIT: usize = 100;

    /// Takes a text that people typed.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, DescriptionError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(DescriptionError::Empty);
        }
        if text.chars().any(is_hidden) {
            return Err(DescriptionError::ControlCharacter);
        }
        if text.chars().count() > Self::LIMIT {
            return Err(DescriptionError::TooLong);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, line separators and bidirectional overrides: they would let one row of the list
/// look like another.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_trimmed_and_checked() {
        assert_eq!(Description::parse("  WEB ").unwrap().as_str(), "WEB");
        assert_eq!(Description::parse(&"ș".repeat(100)).unwrap().as_str().chars().count(), 100);
        assert_eq!(Description::parse(" \t "), Err(DescriptionError::Empty));
        assert_eq!(Description::parse(&"a".repeat(101)), Err(DescriptionError::TooLong));
        assert_eq!(Description::parse("a\u{0}b"), Err(DescriptionError::ControlCharacter));
        assert_eq!(Description::parse("a\u{202e}b"), Err(DescriptionError::ControlCharacter));
        assert!(Description::parse("<script>alert(1)</script>").is_ok());
    }
}
