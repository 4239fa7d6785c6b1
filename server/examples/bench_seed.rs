//! Fills a data directory for `make bench`: one user, many Default keys, their tokens in a file.
//!
//! Usage: bench_seed DIRECTORY KEYS TOKENS-FILE

use futures::{StreamExt, TryStreamExt, stream};
use latchkey::accounts::Actor;
use latchkey::accounts::operator::InitialPassword;
use latchkey::domain::address::Address;
use latchkey::domain::ids::Username;
use latchkey::services::{SystemClock, start};
use latchkey::settings::{Layers, Settings};
use latchkey::store::{SessionHash, UserStore};
use std::error::Error;
use std::sync::Arc;

/// Changes that wait at once; the writer commits them together.
const AT_ONCE: usize = 512;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, directory, keys, file] = arguments.as_slice() else {
        return Err("usage: bench_seed DIRECTORY KEYS TOKENS-FILE".into());
    };
    std::fs::create_dir_all(directory)?;
    let flags = vec![("data_dir", "argument", directory.clone())];
    let settings = Settings::parse(&Layers::load(None, std::iter::empty(), flags)?)?;
    let (services, _flusher) = start(settings, Arc::new(SystemClock)).await?;
    let password = InitialPassword { given: Some("bench password".to_owned()) };
    services.operator.add_user("bench", None, None, password).await?;
    let username = Username::parse("bench")?;
    let user = UserStore::find_user(services.store.as_ref(), &username).await?.ok_or("no user")?;
    let actor = Actor {
        user: user.no,
        owner: None,
        username,
        session: SessionHash([0; 32]),
        proved_at: services.clock.now(),
        address: Address::parse("127.0.0.1")?,
    };
    let tokens: Vec<String> = stream::iter(0..keys.parse::<u32>()?)
        .map(|number| {
            let (services, actor) = (&services, &actor);
            async move {
                let description = format!("bench {number}");
                let (_, token) = services.keys.generate_key(actor, &description, "default").await?;
                Ok::<_, app::PortalError>(token.expose().to_owned())
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    std::fs::write(file, tokens.join("\n"))?;
    services.store.close().await;
    Ok(())
}
