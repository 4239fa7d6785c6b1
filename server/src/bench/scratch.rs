//! A data directory for a bench: one user, one gateway, many Default keys that are locked to one address.

use super::BenchError;
use crate::secrets::Secrets;
use crate::services::{SystemClock, start};
use crate::settings::{Layers, Settings};
use contract::KeyType;
use domain::address::Address;
use domain::ids::{KeyId, Username};
use domain::import::ImportLine;
use domain::time::{Clock, Micros};
use domain::token::PlainToken;
use service::accounts::operator::{NewUserRequest, new_gateway_token};
use service::import::ImportOptions;
use std::path::Path;
use std::sync::Arc;
use store::{NewKey, UserStore};

/// The user who owns the keys, and may log in with [`PASSWORD`].
pub const USERNAME: &str = "bench";
/// The password of that user; it guards nothing but made-up keys.
pub const PASSWORD: &str = "bench password";
/// The address that every key is locked to.
pub const HOME: &str = "203.0.113.7";
/// An address from which none of them passes.
pub const ELSEWHERE: &str = "203.0.113.8";
/// Keys that are imported.
pub(super) const IMPORTED: usize = 64;
/// Keys that one transaction adds.
const CHUNK: usize = 100_000;

/// What the directory was filled with.
pub struct Filled {
    /// The token of the gateway.
    pub gateway: String,
    /// The tokens of the first keys, as many as are to be asked.
    pub tokens: Vec<PlainToken>,
}

/// Fills `directory`, which must be empty, with `keys` keys, of which `asked` are to be asked.
///
/// # Errors
/// The directory holds data already, or cannot be written.
pub async fn fill(directory: &Path, keys: usize, asked: usize) -> Result<Filled, BenchError> {
    if directory.join("latchkey.db").exists() {
        return Err(BenchError::NotEmpty(directory.display().to_string()));
    }
    std::fs::create_dir_all(directory)?;
    let settings = settings_of(directory)?;
    let (services, flusher) = start(settings.clone(), Arc::new(SystemClock)).await?;
    let user = NewUserRequest { name: USERNAME, ..NewUserRequest::default() };
    services.operator.add_user(user, PASSWORD.to_owned()).await?;
    let gateway = new_gateway_token()?;
    services.operator.add_gateway(USERNAME, &gateway).await?;
    let username = Username::parse(USERNAME).expect("the name is one");
    let user = UserStore::find_user(services.store.as_ref(), &username).await?;
    let user = user.expect("the user was just added").number;
    services.store.close().await;
    drop((services, flusher));

    let secrets = Secrets::load(&settings)?;
    let lock = Address::parse(HOME).expect("the address is one");
    let at = SystemClock.now();
    let mut tokens = Vec::with_capacity(asked.min(keys));
    for first in (0..keys).step_by(CHUNK) {
        let mut rows = Vec::with_capacity(CHUNK.min(keys));
        for number in first..keys.min(first + CHUNK) {
            let token = settings.token_format.generate(KeyType::Default)?;
            let id = KeyId::generate();
            rows.push(NewKey {
                id,
                user,
                key_type: KeyType::Default,
                description: format!("bench {number}"),
                token_hash: secrets.pepper.hash_for(KeyType::Default, &username, &token),
                masked: token.masked(),
                sealed: Some(secrets.sealing.seal(id, &token)?),
                expires_at: None,
                manages_keys: false,
                at: Micros(at.0),
                most: None,
            });
            if tokens.len() < asked {
                tokens.push(token);
            }
        }
        store_sqlite::insert_locked_keys(directory, lock, rows)?;
    }
    Ok(Filled { gateway, tokens })
}

/// Fills `directory`, which must be empty, with keys of another system alone.
///
/// # Errors
/// As of [`fill`].
pub async fn fill_with_imported(directory: &Path) -> Result<(), BenchError> {
    fill(directory, 0, 0).await?;
    let (services, flusher) = start(settings_of(directory)?, Arc::new(SystemClock)).await?;
    let mut import = services.importer.begin(ImportOptions { create_users: false, dry_run: false })?;
    for number in 0..IMPORTED {
        let (token, username) = (imported_token(number), USERNAME);
        let line = ImportLine {
            username,
            description: "import",
            token: &token,
            locked_ip: HOME,
            ..ImportLine::default()
        };
        import.add(number as u64, &line)?;
    }
    import.finish().await?;
    services.store.close().await;
    drop(flusher);
    Ok(())
}

fn settings_of(directory: &Path) -> Result<Settings, BenchError> {
    let flags = vec![("data_dir", "argument", directory.display().to_string())];
    Ok(Settings::parse(&Layers::load(None, std::iter::empty(), flags)?)?)
}

/// The token of an imported key, as long as ours.
pub(super) fn imported_token(number: usize) -> String {
    format!("old-system-{number:035}")
}
