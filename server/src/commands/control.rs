//! How the operator's verbs reach the data: through the server where one runs, else on their own.
//!
//! The server holds the lock of the data directory and listens on a socket in it that only its user can
//! open. So there is one writer at any time, and a change by a verb is known to the server before the verb
//! ends.

mod carry_out;
mod protocol;

pub(super) use protocol::{ProbeOpened, Reply, Request, UserLine};

use super::Failure;
use crate::services::{Services, SystemClock, start};
use crate::settings::Settings;
use carry_out::carry_out;
use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

/// How long a verb waits for a server that is just starting or stopping.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a server waits for a verb that works on the data directory by itself.
const CLAIM_PATIENCE: Duration = Duration::from_secs(2);
/// The most bytes of one request.
const LIMIT: u64 = 64 * 1024;

/// A data directory that belongs to this process.
pub(super) struct DataDir {
    path: PathBuf,
    /// Unlocked when dropped, also by the death of the process.
    _lock: File,
}

impl DataDir {
    /// Makes the directory if it is not there, and locks it; a verb that is at work is waited for.
    pub(super) fn claim(path: &Path) -> Result<Self, Failure> {
        let patience = Instant::now() + CLAIM_PATIENCE;
        let mut claimed = Self::try_claim(path)?;
        while claimed.is_none() && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(50));
            claimed = Self::try_claim(path)?;
        }
        claimed.ok_or_else(|| {
            format!("another Latchkey uses {}; stop it first, or choose another --data-dir", path.display())
                .into()
        })
    }

    fn try_claim(path: &Path) -> Result<Option<Self>, Failure> {
        let shown = path.display();
        let wrong =
            |what: &str, e: io::Error| format!("cannot {what} {shown}: {e}; choose another --data-dir");
        make_durably(path).map_err(|e| wrong("make", e))?;
        let lock = File::create(path.join("lock")).map_err(|e| wrong("write to", e))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { path: path.to_owned(), _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(wrong("lock", e).into()),
        }
    }

    /// Listens for verbs.
    pub(super) fn listen(&self) -> Result<UnixListener, Failure> {
        let path = socket(&self.path);
        // Left behind by a server that was killed; the lock says that none runs.
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(&path).map_err(|e| {
            format!("cannot listen on {}: {e}; choose a --data-dir with a shorter path", path.display())
        })?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(listener)
    }
}

/// Makes a directory and those above it; what is synced inside is worth nothing while a power loss can still
/// take the directory itself.
fn make_durably(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_durably(parent)?;
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    File::open(parent)?.sync_all()
}

fn socket(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}

/// Carries out a verb: by the running server, or here when none runs.
pub(super) fn ask(settings: &Settings, request: &Request) -> Result<Reply, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let reply = runtime.block_on(async {
        let patience = Instant::now() + PATIENCE;
        loop {
            match UnixStream::connect(socket(&settings.data_dir)).await {
                Ok(stream) => return ask_server(stream, request).await,
                Err(_) => match DataDir::try_claim(&settings.data_dir)? {
                    Some(_) if request.needs_server() => return Err(no_server(settings)),
                    Some(_claim) => return ask_here(settings.clone(), request).await,
                    None if Instant::now() < patience => tokio::time::sleep(Duration::from_millis(50)).await,
                    None => return Err("the running server does not answer; see its log".into()),
                },
            }
        }
    })?;
    match reply {
        Reply::Failed(why) => Err(why.into()),
        reply => Ok(reply),
    }
}

fn no_server(settings: &Settings) -> Failure {
    let dir = settings.data_dir.display();
    format!("no Latchkey runs on {dir}; start it with `latchkey serve`, or name its --data-dir").into()
}

async fn ask_server(mut stream: UnixStream, request: &Request) -> Result<Reply, Failure> {
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await?;
    serde_json::from_slice(&reply)
        .map_err(|_| "the running server gave no answer; is it of another version?".into())
}

async fn ask_here(settings: Settings, request: &Request) -> Result<Reply, Failure> {
    let (services, flusher) = start(settings, Arc::new(SystemClock)).await?;
    let reply = carry_out(&services, request).await;
    services.store.close().await;
    drop(flusher);
    Ok(reply)
}

/// Answers verbs until `stop`.
pub(super) async fn serve(listener: UnixListener, services: Arc<Services>, stop: CancellationToken) {
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
        let services = Arc::clone(&services);
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &services).await {
                tracing::warn!(%error, "a verb could not be answered");
            }
        });
    }
}

async fn answer(stream: UnixStream, services: &Services) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read).take(LIMIT).read_line(&mut line).await?;
    let reply = match serde_json::from_str(&line) {
        Ok(request) => carry_out(services, &request).await,
        Err(_) => Reply::Failed("the server does not know this verb; is it of another version?".to_owned()),
    };
    write.write_all(&serde_json::to_vec(&reply)?).await?;
    write.shutdown().await
}
