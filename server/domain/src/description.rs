//! The customer's own words for a key.

/// 1 to 100 characters, no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description(String);

/// Why a text is no description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// Nothing visible is there.
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
        // A row that shows nothing cannot be told from others, and its link cannot be clicked.
        parse_line(text, Self::LIMIT, is_hidden).map(Self).map_err(|error| match error {
            LineError::Empty => DescriptionError::Empty,
            LineError::Refused => DescriptionError::ControlCharacter,
            LineError::TooLong => DescriptionError::TooLong,
        })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no line that people can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineError {
    /// Nothing visible is there.
    Empty,
    /// A character is there that is refused.
    Refused,
    /// There are more characters than there may be.
    TooLong,
}

/// Trims a line. It has something to see, at most so many characters, and none that is refused.
pub(crate) fn parse_line(
    text: &str,
    limit: usize,
    is_refused: impl Fn(char) -> bool,
) -> Result<String, LineError> {
    let text = text.trim();
    if text.chars().any(is_refused) {
        return Err(LineError::Refused);
    }
    if text.chars().all(is_invisible) {
        return Err(LineError::Empty);
    }
    if text.chars().count() > limit { Err(LineError::TooLong) } else { Ok(text.to_owned()) }
}

/// Control characters, line separators and bidirectional overrides: they would let one row of the list
/// look like another.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Characters that leave no mark on a page: spaces, `Default_Ignorable_Code_Point` of Unicode 16 (joiners, variation
/// selectors, tags, Hangul fillers …), the blank Braille pattern, and marks of annotations and of music that are not
/// drawn. Within a text they are welcome: emoji and some scripts are written with joiners.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{AD}'
                | '\u{34F}'
                | '\u{61C}'
                | '\u{115F}'..='\u{1160}'
                | '\u{17B4}'..='\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2060}'..='\u{2065}'
                | '\u{206A}'..='\u{206F}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{1BCA0}'..='\u{1BCA3}'
                | '\u{1D159}'
                | '\u{1D173}'..='\u{1D17A}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_empty() {
        let invisible = [
            0x200B, 0x2060, 0xFEFF, 0x3164, 0x2800, 0xAD, 0x115F, 0xFE0F, 0xE0020, 0x200D, 0x34F, 0x180E,
            0xA0, 0x3000, 0x1160, 0xFFA0, 0x2062, 0x17B4, 0x61C, 0x1D173, 0xE0100, 0xFFF9, 0x1D159,
        ];
        let invisible = invisible.map(|code| char::from_u32(code).unwrap());
        for c in invisible {
            assert_eq!(Description::parse(&c.to_string()), Err(DescriptionError::Empty), "{c:?}");
            assert!(Description::parse(&format!("{c}WEB{c}")).is_ok(), "{c:?}");
        }
        let all: String = invisible.into_iter().chain([' ', '\t']).collect();
        assert_eq!(Description::parse(&all), Err(DescriptionError::Empty));
    }

    #[test]
    fn emoji_and_scripts_with_joiners_are_kept() {
        for text in
            ["👩\u{200D}💻", "❤\u{FE0F}", "🏴\u{E0067}\u{E0062}\u{E007F}", "می\u{200C}خواهم", "⠓", "é", "한"]
        {
            assert_eq!(Description::parse(text).unwrap().as_str(), text);
        }
    }

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
