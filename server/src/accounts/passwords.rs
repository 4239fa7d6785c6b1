//! Hashing passwords: slow on purpose, so off the async threads and few at a time.

use crate::domain::credentials::{Password, PasswordError};
use crate::domain::password_rules::PasswordRules;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Argon2id with the OWASP minimum (19 MiB, 2 passes, 1 lane), as many at once as there are cores.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// The hash of nothing anybody knows: verified against when there is no such user, which then takes as
    /// long as a wrong password.
    nobody: Arc<str>,
    rules: Arc<PasswordRules>,
}

/// For whom a password is chosen.
pub struct Whose<'a> {
    /// Its name.
    pub username: &'a str,
    /// Where it is written to.
    pub email: Option<&'a str>,
    /// The hash of its present password, which may not be chosen again.
    pub present: Option<&'a str>,
}

/// Why a text did not become a password.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    /// It breaks a rule.
    #[error(transparent)]
    Refused(#[from] PasswordError),
    /// It could not be checked.
    #[error(transparent)]
    Trouble(#[from] HashError),
}

/// Hashing failed: the random generator or the memory.
#[derive(Debug, thiserror::Error)]
#[error("passwords cannot be hashed now: {0}")]
pub struct HashError(String);

impl Passwords {
    /// Prepares the hash of nobody.
    ///
    /// # Errors
    /// The random generator failed.
    pub fn new(rules: PasswordRules) -> Result<Self, HashError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let text = crate::domain::token::random_base62(32).map_err(|e| HashError(e.to_string()))?;
        let nobody = hash(&Password::attempt(text.to_string()))?.into();
        Ok(Self { turns: Arc::new(Semaphore::new(cores)), nobody, rules: Arc::new(rules) })
    }

    /// Takes a text as the new password of somebody.
    ///
    /// # Errors
    /// It breaks a rule, or cannot be checked now.
    pub async fn choose(&self, text: String, whose: &Whose<'_>) -> Result<Password, ChoiceError> {
        let password = Password::choose(text.clone())?;
        if let Some(hash) = whose.present
            && self.verify(password.clone(), Some(hash.to_owned())).await?
        {
            return Err(PasswordError::Present.into());
        }
        let rules = Arc::clone(&self.rules);
        let (username, email) = (whose.username.to_owned(), whose.email.map(str::to_owned));
        // It takes milliseconds, so it waits in turn like hashing.
        let guessable = self.run(move || rules.is_guessable(&text, &username, email.as_deref())).await?;
        if guessable { Err(PasswordError::Guessable.into()) } else { Ok(password) }
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// The random generator or the memory failed.
    pub async fn hash(&self, password: Password) -> Result<String, HashError> {
        self.run(move || hash(&password)).await?
    }

    /// Whether the password belongs to the hash; without a hash it takes as long and is wrong.
    ///
    /// # Errors
    /// The memory failed.
    pub async fn verify(&self, password: Password, hash: Option<String>) -> Result<bool, HashError> {
        let turn = self.take_turn().await?;
        self.verify_in(&turn, password, hash).await
    }

    /// A turn, in which something can be looked at before and after a password is checked.
    pub(super) async fn take_turn(&self) -> Result<Turn, HashError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        turn.map(|turn| Turn(Arc::new(turn))).map_err(|e| HashError(e.to_string()))
    }

    pub(super) async fn verify_in(
        &self,
        turn: &Turn,
        password: Password,
        hash: Option<String>,
    ) -> Result<bool, HashError> {
        let nobody = Arc::clone(&self.nobody);
        let known = hash.is_some() && password.is_hashable();
        let password = if password.is_hashable() { password } else { Password::attempt(String::new()) };
        let right = turn.run(move || {
            let parsed = PasswordHash::new(hash.as_deref().unwrap_or(&nobody));
            parsed.is_ok_and(|p| Argon2::default().verify_password(password.expose(), &p).is_ok())
        });
        Ok(right.await? && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        self.take_turn().await?.run(work).await
    }
}

/// One of the few places in which passwords are worked on.
pub(super) struct Turn(Arc<OwnedSemaphorePermit>);

impl Turn {
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        // Who asked may go away; the place is taken until the work is done.
        let place = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        task.await.map_err(|e| HashError(e.to_string()))
    }
}

fn hash(password: &Password) -> Result<String, HashError> {
    let hash = Argon2::default().hash_password(password.expose()).map_err(|e| HashError(e.to_string()))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_is_right() {
        let passwords = Passwords::new(PasswordRules::new("")).unwrap();
        let word = |t: &str| Password::attempt(t.to_owned());
        let hash = passwords.hash(word("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.verify(word("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(word("correct horsf"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(word(""), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(word(&"x".repeat(2000)), Some(hash)).await.unwrap());
        assert!(!passwords.verify(word("correct horse"), None).await.unwrap());
        assert!(!passwords.verify(word("x"), Some("junk".into())).await.unwrap());
    }

    #[tokio::test]
    async fn a_new_password_is_neither_the_present_one_nor_easy() {
        let passwords = Passwords::new(PasswordRules::new("")).unwrap();
        let hash = passwords.hash(Password::attempt("correct horse".into())).await.unwrap();
        let whose = Whose { username: "demo", email: None, present: Some(&hash) };
        for (text, why) in [
            ("correct horse", PasswordError::Present),
            ("password123", PasswordError::Guessable),
            ("short", PasswordError::TooShort),
        ] {
            let chosen = passwords.choose(text.to_owned(), &whose).await;
            assert!(matches!(chosen, Err(ChoiceError::Refused(e)) if e == why), "{text}");
        }
        assert!(passwords.choose("correct horse battery".to_owned(), &whose).await.is_ok());
    }
}
