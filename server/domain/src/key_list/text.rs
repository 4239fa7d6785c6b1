//! What is typed to look for keys, compared whatever the case and the marks of letters: `iasi` finds `Iași`.

use super::super::key_text::KeyText;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The most characters that are looked for; a description is not longer.
const LONGEST: usize = 100;
/// How many characters of a token stand behind its prefix.
const RANDOM: usize = 42;

/// A text as it is compared: small letters without marks.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    let plain = text.nfd().filter(|letter| !is_combining_mark(*letter));
    Cow::Owned(plain.flat_map(char::to_lowercase).collect())
}

/// What the list shows of a token, as far as it is kept in memory: the last four bytes before the gap, and the four
/// behind it. What is not there is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown(pub [u8; 8]);

impl Shown {
    /// Reads it off a masked token.
    #[must_use]
    pub fn of(masked: &str) -> Self {
        let (head, tail) = masked.split_once('…').unwrap_or((masked, ""));
        Self::of_parts(head, tail)
    }

    fn of_parts(head: &str, tail: &str) -> Self {
        let mut shown = [0; 8];
        put(&mut shown[..4], head);
        put(&mut shown[4..], tail);
        Self(shown)
    }
}

/// Puts the last four bytes of a text where there are four places.
fn put(places: &mut [u8], text: &str) {
    let bytes = text.as_bytes();
    let last = &bytes[bytes.len().saturating_sub(places.len())..];
    places[..last.len()].copy_from_slice(last);
}

/// A text that keys are looked for by: a part of their description or of the name of their user, or the ending of their
/// token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText {
    whole: String,
    /// Never empty.
    folded: String,
    /// Where its rarest letter stands.
    rarest: usize,
    /// What a token shows that is meant: both parts, or its ending alone.
    head: Option<[u8; 4]>,
    tail: Option<[u8; 4]>,
}

impl SearchText {
    /// Reads what was typed; `None` if that is nothing. Of a whole token only what the list shows of it is kept, so that no
    /// page and no address that is made of it holds the token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|letter| !letter.is_control()).collect();
        let text = text.trim();
        let text = if is_token(text) { mask(text) } else { text.chars().take(LONGEST).collect() };
        let parsed = KeyText::parse(&text)?;
        let (head, tail) = match &parsed.masked {
            Some((head, tail)) => (part(head), part(tail)),
            None if text.chars().count() == KeyText::PART => (None, part(&text)),
            None => (None, None),
        };
        let folded = fold(&parsed.whole).into_owned();
        // Of marks alone nothing is left.
        let rarest = (0..folded.len()).max_by_key(|at| rarity(folded.as_bytes()[*at]))?;
        Some(Self { folded, whole: parsed.whole, rarest, head, tail })
    }

    /// As it was typed.
    #[must_use]
    pub fn whole(&self) -> &str {
        &self.whole
    }

    /// Whether a text contains it. A million texts are looked through for one page, so only where its rarest letter stands is
    /// compared further.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        let (bytes, wanted) = (text.as_bytes(), self.folded.as_bytes());
        let behind = wanted.len() - self.rarest;
        let Some(last) = (bytes.len() + 1).checked_sub(behind) else { return false };
        let (small, large) = (wanted[self.rarest], wanted[self.rarest].to_ascii_uppercase());
        let mut from = self.rarest;
        while from < last {
            let found = bytes[from..last].iter().position(|byte| *byte == small || *byte == large);
            let Some(found) = found else { break };
            let start = from + found - self.rarest;
            if bytes[start..start + wanted.len()].eq_ignore_ascii_case(wanted) {
                return true;
            }
            from += found + 1;
        }
        // Other letters have marks, and capitals of their own.
        !text.is_ascii() && fold(text).contains(&self.folded)
    }

    /// Whether it is what a token shows.
    #[must_use]
    pub fn is_shown(&self, shown: Shown) -> bool {
        let (head, tail) = shown.0.split_at(4);
        (self.head.is_some() || self.tail.is_some())
            && self.head.is_none_or(|wanted| wanted == head)
            && self.tail.is_none_or(|wanted| wanted == tail)
    }
}

/// How rare a letter is in what people call their keys.
fn rarity(letter: u8) -> usize {
    const COMMON: &[u8] = b" eaitonrslducpmhgbfvykwxzjq-_.,0123456789";
    COMMON.iter().position(|common| *common == letter).unwrap_or(COMMON.len())
}

/// One part of a masked token as [`Shown`] keeps it; one that is shorter than four bytes only of an SMPP secret, which
/// shows two.
fn part(text: &str) -> Option<[u8; 4]> {
    let mut places = [0; 4];
    put(&mut places, text);
    (text.len() >= 2).then_some(places)
}

/// Whether a text looks like a whole token of ours, whatever its prefix.
fn is_token(text: &str) -> bool {
    let is_random = |text: &str| text.len() == RANDOM && text.chars().all(|c| c.is_ascii_alphanumeric());
    text.is_ascii()
        && text.rsplit_once('_').is_some_and(|(prefix, rest)| prefix.len() <= 10 && is_random(rest))
}

/// What the list shows of a token; a token is ASCII here.
fn mask(token: &str) -> String {
    format!("{}…{}", &token[..8], &token[token.len() - 4..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(typed: &str) -> SearchText {
        SearchText::parse(typed).unwrap()
    }

    #[test]
    fn letters_are_compared_whatever_their_case_and_marks() {
        for (typed, found) in [
            ("iasi", "Shop in Iași"),
            ("IAȘI", "Shop in Iasi"),
            ("brașov", "BRAŞOV (with a cedilla)"),
            ("shop in", "The SHOP in Cluj"),
            ("ключ", "Мой Ключ"),
            ("50 %_", "at 50 %_ of all"),
        ] {
            assert!(text(typed).is_in(found), "{typed} in {found}");
        }
        for (typed, other) in [("shops", "shop"), ("ключ", "key"), ("a  b", "a b")] {
            assert!(!text(typed).is_in(other), "{typed} in {other}");
        }
    }

    #[test]
    fn four_characters_may_be_the_ending_of_a_token() {
        let shown = Shown::of("lkd_mmyK…kaDX");
        for typed in ["kaDX", "lkd_mmyK…kaDX", "mmyK...kaDX", "…kaDX", "lkd_mmyK…"] {
            assert!(text(typed).is_shown(shown), "{typed}");
        }
        for typed in ["kadx", "aDX", "xkaDX", "lkd_mmyX…kaDX", "…kaDY", "mmyK"] {
            assert!(!text(typed).is_shown(shown), "{typed}");
        }
        assert!(text("ac…").is_shown(Shown::of("ac…")), "an SMPP secret shows its first two");
        assert!(!text("ad…").is_shown(Shown::of("ac…")));
        assert!(!text("…").is_shown(Shown::default()));
    }

    #[test]
    fn a_whole_token_is_not_kept() {
        let token = format!("lkd_mmyK{}kaDX", "0".repeat(34));
        assert_eq!(token.len(), 46);
        let found = text(&format!(" {token} "));
        assert_eq!(found.whole(), "lkd_mmyK…kaDX");
        assert!(found.is_shown(Shown::of("lkd_mmyK…kaDX")));
        let name = "my_program_of_the_warehouse_in_the_second_yard";
        assert_eq!(text(name).whole(), name);
    }

    #[test]
    fn what_is_typed_is_cut_and_cleaned() {
        assert_eq!(text(&"ș".repeat(5000)).whole().chars().count(), LONGEST);
        assert_eq!(text("a\r\nb\0c").whole(), "abc");
        for nothing in ["", "  ", "\t\r\n", "\u{7f}", "\u{301}"] {
            assert_eq!(SearchText::parse(nothing), None);
        }
    }

    proptest! {
        #[test]
        fn what_was_parsed_parses_the_same(typed in ".{0,150}") {
            if let Some(found) = SearchText::parse(&typed) {
                prop_assert_eq!(SearchText::parse(found.whole()), Some(found));
            }
        }

        #[test]
        fn a_text_is_in_itself_and_in_longer_ones(before in "[ -~ăîșț]{0,20}", typed in "[ -~ăîșț]{1,20}", behind in "[a-zA-Z ]{0,20}") {
            if let Some(found) = SearchText::parse(&typed).filter(|found| found.whole() == typed) {
                let longer = format!("{before}{typed}{behind}");
                prop_assert!(found.is_in(&typed) && found.is_in(&longer));
                prop_assert!(found.is_in(&typed.to_uppercase()));
            }
        }
    }
}
