#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::Landing;
#[cfg(feature = "ssr")]
use super::signed_in;
use crate::portal::{
    Code, KeyDetails, KeyId, KeyPage, LockWidth, MadeKey, Password, PortalError, RevealedKey,
};

const LIST: &str = "/account/api-keys";

/// One page of the visitor's keys.
#[server(prefix = "/portal", endpoint = "list_keys", input = GetUrl)]
pub async fn list_keys(#[server(default)] page: u32) -> Result<KeyPage, PortalError> {
    signed_in()?.list_keys(page.max(1)).await
}

/// One key with its rules and statistics.
#[server(prefix = "/portal", endpoint = "find_key", input = GetUrl)]
pub async fn find_key(#[server(default)] id: KeyId) -> Result<KeyDetails, PortalError> {
    signed_in()?.find_key(id).await
}

/// Generates a key.
#[server(prefix = "/portal", endpoint = "generate_key")]
pub async fn generate_key(
    #[server(default)] description: String,
    #[server(default)] key_type: String,
) -> Result<MadeKey, PortalError> {
    signed_in()?.generate_key(description, key_type).await
}

impl Landing for GenerateKey {
    fn landing(&self) -> String {
        LIST.into()
    }

    fn echo(&self) -> Vec<(String, String)> {
        vec![("description".into(), self.description.clone()), ("key_type".into(), self.key_type.clone())]
    }
}

/// Shows a token again.
#[server(prefix = "/portal", endpoint = "reveal_key")]
pub async fn reveal_key(
    #[server(default)] id: KeyId,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<RevealedKey, PortalError> {
    let password = password.filter(|password| !password.0.is_empty());
    signed_in()?.reveal_key(id, password, code).await
}

/// Adds an address or a network to the allow list.
#[server(prefix = "/portal", endpoint = "authorise_address")]
pub async fn authorise_address(
    #[server(default)] id: KeyId,
    #[server(default)] address: String,
) -> Result<(), PortalError> {
    signed_in()?.authorise_address(id, address).await
}

/// Takes an entry off the allow list.
#[server(prefix = "/portal", endpoint = "remove_address")]
pub async fn remove_address(
    #[server(default)] id: KeyId,
    #[server(default)] address: String,
) -> Result<(), PortalError> {
    signed_in()?.remove_address(id, address).await
}

/// Chooses how much of an IPv6 address the lock compares.
#[server(prefix = "/portal", endpoint = "set_lock_width")]
pub async fn set_lock_width(
    #[server(default)] id: KeyId,
    #[server(default)] width: LockWidth,
) -> Result<(), PortalError> {
    signed_in()?.set_lock_width(id, width).await
}

/// Forgets the locked address.
#[server(prefix = "/portal", endpoint = "release_lock")]
pub async fn release_lock(#[server(default)] id: KeyId) -> Result<(), PortalError> {
    signed_in()?.release_lock(id).await
}

/// Deletes a key.
#[server(prefix = "/portal", endpoint = "delete_key")]
pub async fn delete_key(#[server(default)] id: KeyId) -> Result<(), PortalError> {
    signed_in()?.delete_key(id).await
}

impl Landing for DeleteKey {
    fn landing(&self) -> String {
        LIST.into()
    }

    fn echo(&self) -> Vec<(String, String)> {
        vec![("id".into(), self.id.0.clone())]
    }
}

// The forms of a key's own page land on that page; these are the values they echo.
macro_rules! land_on_the_key {
    ($($form:ty { $($field:ident),* })*) => {$(
        impl Landing for $form {
            fn landing(&self) -> String {
                key_path(&self.id)
            }

            fn echo(&self) -> Vec<(String, String)> {
                vec![("id".into(), self.id.0.clone()) $(, (stringify!($field).into(), self.$field.clone()))*]
            }
        }
    )*};
}

land_on_the_key! {
    RevealKey {}
    AuthoriseAddress { address }
    RemoveAddress { address }
    SetLockWidth {}
    ReleaseLock {}
}

/// The page of a key. An id that is not one lands on the list.
#[must_use]
pub fn key_path(id: &KeyId) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if id.0.is_empty() || !id.0.chars().all(plain) {
        return LIST.into();
    }
    format!("{LIST}/{}", id.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_id_becomes_a_path() {
        let path = |id: &str| key_path(&KeyId(id.into()));
        assert_eq!(path("0198-ab"), "/account/api-keys/0198-ab");
        for id in ["", "../login", "a b", "a?b", "a\r\nb"] {
            assert_eq!(path(id), LIST, "{id:?}");
        }
    }
}
