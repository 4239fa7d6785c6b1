//! Hashing passwords: slow on purpose, so done in turns on the blocking pool.

use super::hashing::{HashError, Hashing, Turn};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use domain::credentials::{Password, PasswordError};
use domain::password_rules::PasswordRules;
use domain::turns::Claim;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Argon2id with the OWASP minimum (19 MiB, 2 passes, 1 lane).
#[derive(Clone)]
pub struct Passwords {
    hashing: Arc<Hashing>,
    /// The hash of a random text. A password for an unknown user is verified against it, which takes as long as a wrong
    /// password.
    nobody: Arc<str>,
    rules: Arc<PasswordRules>,
}

/// The user for whom a password is chosen.
pub struct PasswordContext<'a> {
    /// Their name.
    pub username: &'a str,
    /// Their mail address.
    pub email: Option<&'a str>,
    /// The hash of their present password, which may not be chosen again.
    pub present: Option<&'a str>,
    /// The claim on a turn of hashing, by which the work is counted.
    pub claim: Claim,
}

/// Why a text did not become a password.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    /// The text breaks a rule.
    #[error(transparent)]
    Refused(#[from] PasswordError),
    /// The text could not be checked.
    #[error(transparent)]
    Trouble(#[from] HashError),
}

impl Passwords {
    /// Prepares the hash for unknown users, which takes a turn of hashing.
    pub fn new(rules: PasswordRules) -> Result<Self, HashError> {
        let text = domain::token::random_base62(32).map_err(|e| HashError::Trouble(e.to_string()))?;
        let nobody = hash(&Password::attempt(text.to_string()))?.into();
        Ok(Self { hashing: Arc::new(Hashing::new()), nobody, rules: Arc::new(rules) })
    }

    /// Takes a text as the new password of somebody, if it breaks no rule.
    pub async fn choose(
        &self,
        text: Zeroizing<String>,
        context: &PasswordContext<'_>,
    ) -> Result<Password, ChoiceError> {
        let password = Password::choose(text)?;
        if let Some(hash) = context.present
            && self.verify(password.clone(), Some(hash.to_owned()), &context.claim).await?
        {
            return Err(PasswordError::Present.into());
        }
        let (rules, chosen) = (Arc::clone(&self.rules), password.clone());
        let (username, email) = (context.username.to_owned(), context.email.map(str::to_owned));
        // The check takes milliseconds, so it waits in turn like hashing.
        let turn = self.wait_for_turn(&context.claim).await?;
        let guessable =
            turn.run(move || rules.is_guessable(chosen.text(), &username, email.as_deref())).await?;
        if guessable { Err(PasswordError::Guessable.into()) } else { Ok(password) }
    }

    /// The PHC string of a new password.
    pub async fn hash(&self, password: Password, claim: &Claim) -> Result<String, HashError> {
        self.wait_for_turn(claim).await?.run(move || hash(&password)).await?
    }

    /// Whether the password belongs to the hash. Without a hash, or with the empty one of a user who has no password yet, the
    /// check takes as long and fails.
    pub async fn verify(
        &self,
        password: Password,
        hash: Option<String>,
        claim: &Claim,
    ) -> Result<bool, HashError> {
        let turn = self.wait_for_turn(claim).await?;
        self.verify_in(&turn, password, hash).await
    }

    /// Waits for a turn, for a caller who does more in it than one check.
    pub(super) async fn wait_for_turn(&self, claim: &Claim) -> Result<Turn, HashError> {
        self.hashing.wait_for_turn(claim).await
    }

    pub(super) async fn verify_in(
        &self,
        turn: &Turn,
        password: Password,
        hash: Option<String>,
    ) -> Result<bool, HashError> {
        let nobody = Arc::clone(&self.nobody);
        let hash = hash.filter(|hash| !hash.is_empty());
        let known = hash.is_some() && password.is_hashable();
        let password = if password.is_hashable() { password } else { Password::attempt(String::new()) };
        let right = turn.run(move || {
            let parsed = PasswordHash::new(hash.as_deref().unwrap_or(&nobody));
            let Ok(parsed) = parsed else { return false };
            password.forms().any(|form| Argon2::default().verify_password(form, &parsed).is_ok())
        });
        Ok(right.await? && known)
    }
}

fn hash(password: &Password) -> Result<String, HashError> {
    let hash = Argon2::default().hash_password(password.text().as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|e| HashError::Trouble(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::turns::Lane;

    fn claim() -> Claim {
        Claim { lane: Lane::Operator, user: None }
    }

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_is_right() {
        let passwords = Passwords::new(PasswordRules::new("")).unwrap();
        let word = |t: &str| Password::attempt(t.to_owned());
        let hash = passwords.hash(word("correct horse"), &claim()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let verify =
            async |t: &str, hash: Option<String>| passwords.verify(word(t), hash, &claim()).await.unwrap();
        assert!(verify("correct horse", Some(hash.clone())).await);
        assert!(!verify("correct horsf", Some(hash.clone())).await);
        assert!(!verify("", Some(hash.clone())).await);
        assert!(!verify(&"x".repeat(2000), Some(hash)).await);
        assert!(!verify("correct horse", None).await);
        assert!(!verify("", Some(String::new())).await);
        assert!(!verify("x", Some("junk".into())).await);
    }

    #[tokio::test]
    async fn a_new_password_is_neither_the_present_one_nor_easy() {
        let passwords = Passwords::new(PasswordRules::new("")).unwrap();
        let hash = passwords.hash(Password::attempt("correct horse".to_owned()), &claim()).await.unwrap();
        let context = PasswordContext { username: "demo", email: None, present: Some(&hash), claim: claim() };
        for (text, why) in [
            ("correct horse", PasswordError::Present),
            ("password123", PasswordError::Guessable),
            ("short", PasswordError::TooShort),
        ] {
            let chosen = passwords.choose(text.to_owned().into(), &context).await;
            assert!(matches!(chosen, Err(ChoiceError::Refused(e)) if e == why), "{text}");
        }
        assert!(passwords.choose("correct horse battery".to_owned().into(), &context).await.is_ok());
    }

    #[tokio::test]
    async fn a_password_is_the_same_however_its_letters_are_written() {
        let passwords = Passwords::new(PasswordRules::new("")).unwrap();
        // Whole letters, letters with marks behind them, the Ångström sign, a space that does not break.
        let (composed, decomposed) = ("țară Å albă", "t\u{326}ara\u{306}\u{a0}\u{212b} alba\u{306}");
        let hash = passwords.hash(Password::attempt(decomposed.to_owned()), &claim()).await.unwrap();
        for text in [composed, decomposed] {
            let typed = Password::attempt(text.to_owned());
            assert!(passwords.verify(typed, Some(hash.clone()), &claim()).await.unwrap(), "{text}");
        }
        // As it was hashed before passwords were normalised.
        let old = Argon2::default().hash_password(decomposed.as_bytes()).unwrap().to_string();
        let typed = async |text: &str| {
            passwords.verify(Password::attempt(text.to_owned()), Some(old.clone()), &claim()).await.unwrap()
        };
        assert!(typed(decomposed).await, "old hashes still pass");
        assert!(!typed(composed).await);
    }
}
