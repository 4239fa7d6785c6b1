//! Which passwords are too easy to guess. Length and guessability count, and no rules of composition.

use zxcvbn::{Score, zxcvbn};

/// The fewest letters of a part of a name that a guesser would try by itself.
const WORD: usize = 3;

/// The most characters that are judged: judging takes longer with every one, and that many are not guessed.
const JUDGED: usize = 40;

/// The rules of this installation.
#[derive(Clone, Debug)]
pub struct PasswordRules {
    /// The words that everybody here would think of.
    words: Vec<String>,
}

impl PasswordRules {
    /// Takes the address under which the pages are reached, whose name is refused as a password.
    #[must_use]
    pub fn new(public_address: &str) -> Self {
        let host = public_address.split_once("://").map_or(public_address, |(_, host)| host);
        let mut words = vec!["latchkey".to_owned()];
        words.extend(words_of(host));
        Self { words }
    }

    /// Whether a guesser would come to it soon: it is common, or made of what is known of its owner.
    #[must_use]
    pub fn is_guessable(&self, password: &str, username: &str, email: Option<&str>) -> bool {
        let own: Vec<String> = words_of(username).chain(email.into_iter().flat_map(words_of)).collect();
        let words: Vec<&str> = own.iter().chain(&self.words).map(String::as_str).collect();
        let end = password.char_indices().nth(JUDGED).map_or(password.len(), |(at, _)| at);
        zxcvbn(&password[..end], &words).score() < Score::Three
    }
}

/// A name and its parts.
fn words_of(name: &str) -> impl Iterator<Item = String> {
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() >= WORD);
    std::iter::once(name).chain(parts).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_passwords_and_own_words_are_guessable() {
        let rules = PasswordRules::new("https://keys.brassworks.example");
        let guessable = |text: &str| rules.is_guessable(text, "maria.popescu", Some("mp77@zinnober.example"));
        for text in [
            "password123",
            "qwertyuiop",
            "1234567890",
            "iloveyou12",
            "Passw0rd!!",
            "letmein123",
            "aaaaaaaaaa",
            "abcdefghij",
            "superman12",
            "dragon1234",
            "football99",
            "latchkey12",
            "popescu2024",
            "maria.popescu",
            "Brassworks1",
            "zinnober123",
        ] {
            assert!(guessable(text), "{text}");
        }
        for text in ["correct horse battery", "ăla cu pălărie verde", "kX9#vQ2!mZ7p", "blue kettle on a hill"]
        {
            assert!(!guessable(text), "{text}");
        }
        assert!(
            !PasswordRules::new("").is_guessable("brassworks zinnober", "x", None),
            "elsewhere they are words"
        );
    }

    #[test]
    fn what_stands_behind_the_fortieth_character_is_not_read() {
        let rules = PasswordRules::new("");
        let judge = |text: &str| rules.is_guessable(text, "x", None);
        let easy = "ă".repeat(40);
        assert!(judge(&easy) && judge(&format!("{easy}kX9#vQ2!mZ7p blue kettle on a hill")));
        assert!(!judge(&"kX9#vQ2!mZ7p".repeat(80)));
    }
}
