//! Languages, and how a page finds its texts.

pub use contract::Language;
use std::fmt::{Display, Write as _};

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// The texts in a language.
#[must_use]
pub fn texts_in(language: Language) -> &'static Texts {
    match language {
        Language::En => &EN,
        Language::Ro => &RO,
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
    texts_in(language())
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
#[cfg(feature = "ssr")]
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

    #[cfg(feature = "ssr")]
    #[test]
    fn thousands_stand_apart() {
        assert_eq!(group_digits(Language::En, 0), "0");
        assert_eq!(group_digits(Language::En, 999), "999");
        assert_eq!(group_digits(Language::En, 1_234_567), "1,234,567");
        assert_eq!(group_digits(Language::Ro, 100_000), "100.000");
    }
}
