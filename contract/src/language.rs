//! Languages, and which of them a visitor reads.

use serde::{Deserialize, Serialize};

/// A language of the pages; fixed for as long as a page is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ro => "ro",
        }
    }

    /// The language with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The language's own name.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Ro => "Română",
        }
    }

    /// The language that the visitor chose (the cookie's value), else the one the browser asks for, else English.
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
}
