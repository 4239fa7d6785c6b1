//! How the operator's verbs reach the data: through the server where one runs, else on their own.
//!
//! The server holds the lock of the data directory and listens on a socket in it that only its user can
//! open. So there is one writer at any time, and a change by a verb is known to the server before the verb
//! ends.

use super::Failure;
use crate::accounts::operator::{InitialPassword, Operator, OperatorError};
use crate::domain::role::Role;
use crate::domain::time::Micros;
use crate::probe::Arrival;
use crate::services::{Services, SystemClock, start};
use crate::settings::Settings;
use serde::{Deserialize, Serialize};
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

/// What a verb asks for.
#[derive(Serialize, Deserialize)]
pub(super) enum Request {
    AddUser {
        name: String,
        owner: Option<String>,
        #[serde(default)]
        reads_only: bool,
        email: Option<String>,
        password: Option<String>,
    },
    ListUsers,
    SetUserDisabled {
        name: String,
        disabled: bool,
    },
    SetRole {
        name: String,
        reads_only: bool,
    },
    EndSessions {
        name: String,
    },
    ResetPassword {
        name: String,
        password: Option<String>,
    },
    ResetTwoFactor {
        name: String,
    },
    AddGateway {
        name: String,
    },
    ListGateways,
    RemoveGateway {
        name: String,
    },
    OpenProbe,
    CloseProbe {
        marker: String,
    },
}

impl Request {
    /// Whether it means nothing without a server that answers gateways.
    fn needs_server(&self) -> bool {
        matches!(self, Self::OpenProbe | Self::CloseProbe { .. })
    }
}

/// What it is answered.
#[derive(Serialize, Deserialize)]
pub(super) enum Reply {
    Done,
    /// A password that was made up, or a gateway token: printed once.
    Secret(String),
    Users(Vec<UserLine>),
    Gateways(Vec<GatewayLine>),
    Probe(ProbeOpened),
    Arrivals(Vec<Arrival>),
    Failed(String),
}

/// A user, as `user list` prints it.
#[derive(Serialize, Deserialize)]
pub(super) struct UserLine {
    pub(super) username: String,
    pub(super) owner: Option<String>,
    pub(super) email: Option<String>,
    pub(super) role: String,
    pub(super) two_factor: bool,
    pub(super) disabled: bool,
    pub(super) created_at: String,
}

/// A gateway, as `gateway list` prints it.
#[derive(Serialize, Deserialize)]
pub(super) struct GatewayLine {
    pub(super) name: String,
    pub(super) created_at: String,
}

/// A probe that was opened, and the settings of the running server that its judge needs.
#[derive(Serialize, Deserialize)]
pub(super) struct ProbeOpened {
    pub(super) marker: String,
    pub(super) client_address_header: String,
    pub(super) require_gateway_token: bool,
}

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

async fn carry_out(services: &Services, request: &Request) -> Reply {
    try_carry_out(services, request).await.unwrap_or_else(|error| Reply::Failed(error.to_string()))
}

async fn try_carry_out(services: &Services, request: &Request) -> Result<Reply, OperatorError> {
    let operator = &services.operator;
    let secret = |made_up: Option<String>| made_up.map_or(Reply::Done, Reply::Secret);
    let initial = |password: &Option<String>| InitialPassword { given: password.clone() };
    Ok(match request {
        Request::AddUser { name, owner, reads_only, email, password } => {
            let (owner, role) = (owner.as_deref(), Role::of(*reads_only));
            let added = operator.add_user_with_role(name, owner, role, email.clone(), initial(password));
            secret(added.await?)
        }
        Request::ListUsers => Reply::Users(user_lines(operator).await?),
        Request::SetUserDisabled { name, disabled } => {
            operator.set_user_disabled(name, *disabled).await?;
            Reply::Done
        }
        Request::SetRole { name, reads_only } => {
            operator.set_role(name, Role::of(*reads_only)).await?;
            Reply::Done
        }
        Request::EndSessions { name } => {
            operator.end_sessions(name).await?;
            Reply::Done
        }
        Request::ResetPassword { name, password } => {
            secret(operator.reset_password(name, initial(password)).await?)
        }
        Request::ResetTwoFactor { name } => {
            operator.reset_two_factor(name).await?;
            Reply::Done
        }
        Request::AddGateway { name } => Reply::Secret(operator.add_gateway(name).await?),
        Request::ListGateways => {
            let lines = operator.list_gateways().await?.into_iter();
            let line =
                |g: crate::store::GatewayRow| GatewayLine { name: g.name, created_at: iso(g.created_at) };
            Reply::Gateways(lines.map(line).collect())
        }
        Request::RemoveGateway { name } => {
            operator.remove_gateway(name).await?;
            Reply::Done
        }
        Request::OpenProbe => Reply::Probe(open_probe(services)?),
        Request::CloseProbe { marker } => services.probes.close(marker).map_or_else(
            || Reply::Failed("the probe is over; is another doctor at work? Try again".to_owned()),
            Reply::Arrivals,
        ),
    })
}

fn open_probe(services: &Services) -> Result<ProbeOpened, OperatorError> {
    let marker = services.probes.open(services.clock.now());
    Ok(ProbeOpened {
        marker: marker.map_err(|error| OperatorError::Trouble(error.to_string()))?,
        client_address_header: services.settings.client_address_header.to_string(),
        require_gateway_token: services.settings.require_gateway_token,
    })
}

async fn user_lines(operator: &Operator) -> Result<Vec<UserLine>, OperatorError> {
    let users = operator.list_users().await?;
    let name_of = |no| users.iter().find(|u| u.no == no).map(|u| u.username.to_string());
    let line = |user: &crate::store::UserRow| UserLine {
        username: user.username.to_string(),
        owner: user.owner.and_then(name_of),
        email: user.email.clone(),
        role: user.role.name().to_owned(),
        two_factor: user.totp.is_some(),
        disabled: user.disabled,
        created_at: iso(user.created_at),
    };
    Ok(users.iter().map(line).collect())
}

fn iso(at: Micros) -> String {
    crate::http::moment_iso(at)
}
