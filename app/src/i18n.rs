//! Languages, and how a page finds its texts.

use std::fmt::{Display, Write as _};

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// A language of the pages; fixed for as long as a page is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English
    #[default]
    En,
    /// Romanian
    Ro,
}

impl Language {
    /// All languages, in the order of the footer.
    pub const ALL: [Self; 2] = [Self::En, Self::Ro];

    /// The value of `<html lang>`, of the language cookie and of the form field `language`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ro => "ro",
        }
    }

    /// The language with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The language's own name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Ro => "Română",
        }
    }

    /// The texts in this language.
    #[must_use]
    pub fn texts(self) -> &'static Texts {
        match self {
            Self::En => &EN,
            Self::Ro => &RO,
        }
    }

    /// What the visitor chose before (the cookie's value), else what the browser asks for, else English.
    #[must_use]
    pub fn negotiate(cookie: Option<&str>, accept_language: Option<&str>) -> Self {
        cookie
            .and_then(Self::from_code)
            .or_else(|| accept_language.and_then(Self::preferred))
            .unwrap_or_default()
    }

    fn preferred(accept_language: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for entry in accept_language.split(',') {
            let (range, weight) = entry.split_once(';').unwrap_or((entry, "q=1"));
            let primary = range.trim().split('-').next().unwrap_or_default();
            let Some(language) = Self::from_code(&primary.to_ascii_lowercase()) else {
                continue;
            };
            let weight =
                weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok()).unwrap_or(0.0);
            if weight > best.map_or(0.0, |(_, w)| w) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// The language of this page.
#[must_use]
pub fn language() -> Language {
    #[cfg(feature = "ssr")]
    let found = leptos::context::use_context::<Language>();
    #[cfg(not(feature = "ssr"))]
    let found = leptos::prelude::document()
        .document_element()
        .and_then(|html| html.get_attribute("lang"))
        .and_then(|code| Language::from_code(&code));
    found.unwrap_or_default()
}

/// The texts of this page.
#[must_use]
pub fn texts() -> &'static Texts {
    language().texts()
}

/// Puts values into the `{placeholders}` of a text.
#[must_use]
pub fn fill(template: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut filled = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        if let Some((_, value)) = values.iter().find(|(key, _)| *key == name) {
            let _ = write!(filled, "{value}");
        }
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

/// The forms of a counted noun: Romanian says "1 secundă", "2 secunde" and "20 de secunde".
#[derive(Clone, Copy)]
pub struct Plural {
    /// For one.
    pub one: &'static str,
    /// For few.
    pub few: &'static str,
    /// For many.
    pub many: &'static str,
}

/// `count` with the form of the noun that goes with it.
#[must_use]
pub fn plural(language: Language, count: u64, forms: Plural) -> String {
    let form = match (language, count) {
        (_, 1) => forms.one,
        (Language::Ro, n) if n == 0 || (1..=19).contains(&(n % 100)) => forms.few,
        _ => forms.many,
    };
    fill(form, &[("count", &count)])
}

/// A number with its thousands apart, for figures that stand alone.
#[must_use]
pub fn group_digits(language: Language, number: u64) -> String {
    let mark = match language {
        Language::En => ',',
        Language::Ro => '.',
    };
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(mark);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_wins_over_the_browser() {
        assert_eq!(Language::negotiate(Some("ro"), Some("en")), Language::Ro);
        assert_eq!(Language::negotiate(Some("xx"), Some("ro")), Language::Ro);
        assert_eq!(Language::negotiate(None, None), Language::En);
    }

    #[test]
    fn the_heaviest_known_language_wins_and_the_first_among_equals() {
        for (header, expected) in [
            ("ro-RO,ro;q=0.9,en;q=0.8", Language::Ro),
            ("de, fr;q=0.9", Language::En),
            ("en;q=0.5, RO;q=0.6", Language::Ro),
            ("en, ro", Language::En),
            ("ro;q=0, en;q=0.1", Language::En),
            ("ro;q=much", Language::En),
            (" , ;q=1,ro", Language::Ro),
            ("roa, rox-RO", Language::En),
        ] {
            assert_eq!(Language::negotiate(None, Some(header)), expected, "{header}");
        }
    }

    #[test]
    fn placeholders_are_filled_and_broken_ones_stay() {
        assert_eq!(fill("{a} of {b}", &[("a", &1), ("b", &"x{a}")]), "1 of x{a}");
        assert_eq!(fill("50 { 60", &[]), "50 { 60");
        assert_eq!(fill("no {such} value", &[]), "no  value");
    }

    #[test]
    fn romanian_has_three_forms() {
        let forms = Plural { one: "o cheie", few: "{count} chei", many: "{count} de chei" };
        for (count, expected) in [
            (0, "0 chei"),
            (1, "o cheie"),
            (19, "19 chei"),
            (20, "20 de chei"),
            (100, "100 de chei"),
            (101, "101 chei"),
            (120, "120 de chei"),
        ] {
            assert_eq!(plural(Language::Ro, count, forms), expected);
        }
    }

    #[test]
    fn english_has_two_forms() {
        let forms = Plural { one: "1 key", few: "{count} keys", many: "{count} keys" };
        assert_eq!(plural(Language::En, 1, forms), "1 key");
        assert_eq!(plural(Language::En, 0, forms), "0 keys");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(group_digits(Language::En, 0), "0");
        assert_eq!(group_digits(Language::En, 999), "999");
        assert_eq!(group_digits(Language::En, 1_234_567), "1,234,567");
        assert_eq!(group_digits(Language::Ro, 100_000), "100.000");
    }
}
