//! Hashing passwords: slow on purpose, so off the async threads and few at a time.

use crate::domain::credentials::Password;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Argon2id with the OWASP minimum (19 MiB, 2 passes, 1 lane), as many at once as there are cores.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// The hash of nothing anybody knows: verified against when there is no such user, which then takes as
    /// long as a wrong password.
    nobody: Arc<str>,
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
    pub fn new() -> Result<Self, HashError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let text = crate::domain::token::random_base62(32).map_err(|e| HashError(e.to_string()))?;
        let nobody = hash(&Password::attempt(text.to_string()))?.into();
        Ok(Self { turns: Arc::new(Semaphore::new(cores)), nobody })
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
        let nobody = Arc::clone(&self.nobody);
        let known = hash.is_some() && password.is_hashable();
        let password = if password.is_hashable() { password } else { Password::attempt(String::new()) };
        let right = self
            .run(move || {
                let parsed = PasswordHash::new(hash.as_deref().unwrap_or(&nobody));
                parsed.is_ok_and(|p| Argon2::default().verify_password(password.expose(), &p).is_ok())
            })
            .await?;
        Ok(right && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|e| HashError(e.to_string()))?;
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
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
        let passwords = Passwords::new().unwrap();
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
}
