//! How the operator's verbs reach the data: through the running server, or directly where none runs.
//!
//! The server holds the lock of the data directory and listens on a socket in it that only its user can open. So there is
//! one writer at any time, and the server knows of a change before the verb ends.

mod answers;
mod carry_out;
mod data_dir;
mod import;
mod keys;
mod lend;
mod ownership;
mod protocol;
mod replacing;

pub(super) use data_dir::{DataDir, is_locked, refuse_long_socket, refuse_what_is_no_directory, wrong};
pub(super) use import::{ReadLine, SentLine, import};
pub(super) use keys::{
    KeyDetails, KeyLine, KeyLines, KeyReply, KeyRequest, RevokedKey, ShownToken, WhichKey,
};
pub(super) use lend::{Borrowed, Lent, borrow};
pub(super) use ownership::{hand_over, hand_over_all, refuse_files_of_others};
pub(super) use protocol::{ProbeOpened, Secret, UserLine, VerbReply, VerbRequest};
pub(super) use replacing::Replacement;

use super::Failure;
use super::out::print_secret;
use crate::services::{Services, SystemClock, start};
use crate::settings::Settings;
use carry_out::carry_out;
use data_dir::{socket, whole};
use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// How long a verb waits for a server that is just starting or stopping.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes of one request.
const LIMIT: usize = 64 * 1024;

/// What became of a request.
enum Outcome {
    Answered(VerbReply),
    /// The request was sent and no answer came, so nobody knows whether it was carried out.
    Lost(Failure),
}

/// Carries out a verb, through the running server or directly where none runs.
pub(super) fn ask(settings: &Settings, request: &VerbRequest) -> Result<VerbReply, Failure> {
    match try_ask(settings, request)? {
        Outcome::Answered(VerbReply::Failed(why)) => Err(why.into()),
        Outcome::Answered(reply) => Ok(reply),
        Outcome::Lost(why) => Err(why),
    }
}

fn try_ask(settings: &Settings, request: &VerbRequest) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match find_way(settings).await? {
            Way::Server(stream) => {
                let answered = ask_server(stream, request).await;
                Ok(answered.map_or_else(Outcome::Lost, Outcome::Answered))
            }
            Way::Here(_) if request.needs_server() => Err(no_server(settings)),
            Way::Here(_claim) => ask_here(settings.clone(), request).await.map(Outcome::Answered),
        }
    })
}

/// How a verb reaches the data.
enum Way {
    /// Through the running server.
    Server(UnixStream),
    /// By itself, because none runs.
    Here(DataDir),
}

/// Waits for a server that is just being replaced; if none comes, nobody is there.
async fn wait_for_server(settings: &Settings) -> Result<Way, Failure> {
    let patience = Instant::now() + PATIENCE;
    while Instant::now() < patience {
        if let Ok(stream) = UnixStream::connect(socket(&settings.data_dir)).await {
            return Ok(Way::Server(stream));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    find_way(settings).await
}

async fn find_way(settings: &Settings) -> Result<Way, Failure> {
    let patience = Instant::now() + PATIENCE;
    loop {
        match UnixStream::connect(socket(&settings.data_dir)).await {
            Ok(stream) => return Ok(Way::Server(stream)),
            Err(error) => match DataDir::claim_existing(&settings.data_dir)? {
                Some(claim) => return Ok(Way::Here(claim)),
                None if Instant::now() < patience => tokio::time::sleep(Duration::from_millis(50)).await,
                None => return Err(unreachable(settings, &error)),
            },
        }
    }
}

/// Where the running server listens; `None` if it does not say.
pub(super) fn places(data_dir: &Path) -> Option<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let asking = async {
        let stream = UnixStream::connect(socket(data_dir)).await.ok()?;
        ask_server(stream, &VerbRequest::ListPlaces).await.ok()
    };
    let answered = runtime.block_on(async { tokio::time::timeout(PATIENCE, asking).await });
    match answered.ok()?? {
        VerbReply::Places(places) => Some(places),
        _ => None,
    }
}

/// Puts a secret in force: checks that the request would be carried out, prints the secret, and only then carries the
/// request out. So a secret that is in force was printed.
pub(super) fn ask_with_secret(
    settings: &Settings,
    secret: &str,
    request: impl Fn(Secret) -> VerbRequest,
) -> Result<(), Failure> {
    ask(settings, &VerbRequest::Check(Box::new(request(String::new().into()))))?;
    print_secret(secret)?;
    let request = request(secret.to_owned().into());
    match try_ask(settings, &request) {
        Ok(Outcome::Answered(VerbReply::Failed(why))) => Err(not_in_force(&why)),
        Ok(Outcome::Answered(_)) => Ok(()),
        Ok(Outcome::Lost(why)) => {
            Err(format!("{why}; what was printed may be in force: {}", request.to_be_sure()).into())
        }
        Err(why) => Err(not_in_force(&why)),
    }
}

fn not_in_force(why: &dyn Display) -> Failure {
    format!("{why}; what was printed is not in force").into()
}

/// The message where a server of another version answers.
fn other_version() -> Failure {
    "the running server gave no answer; is it of another version?".into()
}

fn no_server(settings: &Settings) -> Failure {
    let dir = whole(&settings.data_dir);
    let dir = dir.display();
    format!("no Latchkey runs on {dir}; start it with `latchkey serve`, or name its --data-dir").into()
}

/// The message where a process holds the lock and does not answer.
fn unreachable(settings: &Settings, error: &io::Error) -> Failure {
    let (dir, socket) = (settings.data_dir.display(), socket(&settings.data_dir));
    let socket = socket.display();
    match error.kind() {
        ErrorKind::NotFound => format!(
            "a server runs on {dir}, but the socket {socket} is gone; restart the server, which makes it anew"
        ),
        ErrorKind::ConnectionRefused => format!(
            "a server runs on {dir}, but does not listen on {socket}: it is stopping, or another program has taken \
             its place; see its log"
        ),
        _ => format!("a server runs on {dir}, but cannot be reached at {socket}: {error}"),
    }
    .into()
}

async fn ask_server(mut stream: UnixStream, request: &VerbRequest) -> Result<VerbReply, Failure> {
    // A line may hold a password, so its buffer is as large as any: one that grows leaves copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LIMIT));
    serde_json::to_writer(&mut *line, request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await?;
    serde_json::from_slice(&reply).map_err(|_| other_version())
}

async fn ask_here(settings: Settings, request: &VerbRequest) -> Result<VerbReply, Failure> {
    let (services, mut flusher) = start(settings, Arc::new(SystemClock)).await?;
    // Nobody is served, so there is no use that a deletion would wait for.
    flusher.turn_away();
    let reply = carry_out(&services, request).await;
    services.store.close().await;
    drop(flusher);
    Ok(reply)
}

/// Answers verbs until `stop`. `places`: where the server listens.
pub(super) async fn serve(
    listener: UnixListener,
    services: Arc<Services>,
    places: Arc<[String]>,
    stop: CancellationToken,
) {
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a verb could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let (services, places, stop) = (Arc::clone(&services), Arc::clone(&places), stop.clone());
        #[expect(
            clippy::disallowed_methods,
            reason = "its verb waits for the answer, and a panic is in the log"
        )]
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &services, &places, &stop).await {
                tracing::warn!(%error, "a verb could not be answered");
            }
        });
    }
}

async fn answer(
    mut stream: UnixStream,
    services: &Services,
    places: &[String],
    stop: &CancellationToken,
) -> io::Result<()> {
    let request = serde_json::from_slice(&read_line(&mut stream).await?);
    let reply = match request {
        Ok(VerbRequest::ListPlaces) => VerbReply::Places(places.to_vec()),
        Ok(VerbRequest::LendFiles) => return lend::lend(stream, services, stop).await,
        Ok(VerbRequest::Import(options)) => import::receive(&mut stream, services, options).await?,
        Ok(request) => carry_out(services, &request).await,
        Err(_) => {
            VerbReply::Failed("the server does not know this verb; is it of another version?".to_owned())
        }
    };
    stream.write_all(&serde_json::to_vec(&reply)?).await?;
    stream.shutdown().await
}

/// Reads the line that a verb writes. A line may hold a password, so it is wiped, and its buffer is as large as any,
/// because one that grows leaves copies behind.
async fn read_line(stream: &mut UnixStream) -> io::Result<Zeroizing<Vec<u8>>> {
    let (mut line, mut length) = (Zeroizing::new(vec![0; LIMIT]), 0);
    while !line[..length].ends_with(b"\n") {
        match stream.read(&mut line[length..]).await? {
            0 => break,
            read => length += read,
        }
    }
    line.truncate(length);
    Ok(line)
}
