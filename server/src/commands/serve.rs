//! `latchkey serve`: makes the threads, runs every task until a signal or a failure, and stops them in order.
//!
//! This thread serves connections and commits uses. When `run` returns, everything that was answered is durable.

mod announce;
mod chores;
mod log;
mod manager;
mod signals;

use super::control::{self, DataDir};
use super::out::cannot_print;
use super::{Common, Failure};
use crate::http::serve::{Front, Handed, Listener, Tls, serve};
use crate::http::{Entrance, admin, site};
use crate::life::Ended;
use crate::services::{Services, SystemClock, start};
use crate::settings::{Listen, LogFormat, Settings};
use chores::{EVERY_MINUTE, SWEEP_EVERY, every, forget, remind, sweep};
use clap::Args;
use domain::panics::one_line;
use log::{log_panics, log_to_stderr};
use service::priority::stand_back;
use service::verify::Flusher;
use signals::Signals;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// How long a letter or message in flight may delay the stop.
const LAST_LETTER: Duration = Duration::from_secs(5);
/// How long the last notices may delay the stop.
const LAST_NOTICES: Duration = Duration::from_secs(1);
/// Lets the access log through, whatever the level of the rest.
const ACCESS: &str = "access=info";
/// Threads for pages; passwords are hashed on other ones. A page takes under a millisecond, so one thread is enough and
/// leaves the other cores to verifications.
const PAGE_THREADS: usize = 1;

#[derive(Args)]
pub(super) struct Flags {
    #[command(flatten)]
    common: Common,
    /// Where to listen: addresses and unix:/path, with commas between them
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Where to answer /metrics and /healthz for the operator; off unless given
    #[arg(long, value_name = "ADDR")]
    admin_listen: Option<String>,
    /// Where customers reach the pages, such as https://keys.example.com
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// A network whose word about a client's address is taken; may be given several times
    #[arg(long, value_name = "CIDR")]
    trusted_proxy: Vec<String>,
    /// text or json
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
}

impl Flags {
    fn settings(&self) -> Result<Settings, Failure> {
        let given = [
            ("listen", "--listen", self.listen.clone()),
            ("admin_listen", "--admin-listen", self.admin_listen.clone()),
            ("public_url", "--public-url", self.public_url.clone()),
            ("log_format", "--log-format", self.log_format.clone()),
            (
                "trusted_proxies",
                "--trusted-proxy",
                (!self.trusted_proxy.is_empty()).then(|| self.trusted_proxy.join(",")),
            ),
        ];
        let given = given.into_iter().filter_map(|(name, flag, value)| Some((name, flag, value?))).collect();
        Ok(Settings::parse(&self.common.layers(given)?)?)
    }
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let handed = Handed::receive()?;
    let settings = flags.settings()?;
    let _log = log_to_stderr(&settings);
    log_panics();
    // This thread reads connections, answers verifications and commits their uses; pages, the state writer and the
    // doors, where connections are accepted, have threads of their own.
    let here = Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _here = here.enter();
        Signals::listen()?
    };
    let data_dir = DataDir::claim(&settings.data_dir)?;
    let pages =
        Builder::new_multi_thread().worker_threads(PAGE_THREADS).thread_name("pages").enable_all().build()?;
    let at = pages.handle().clone();
    let starting = pages.spawn_blocking(move || at.block_on(start(settings, Arc::new(SystemClock))));
    let started = here.block_on(async {
        tokio::select! {
            started = starting => Some(started),
            () = signals.stop() => None,
        }
    });
    let Some(started) = started else {
        // Nobody was served yet, and the next start finishes what is half done.
        pages.shutdown_background();
        return Ok(());
    };
    let (services, flusher) = started??;
    let doors = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("doors")
        .on_thread_start(stand_back)
        .enable_all()
        .build()?;
    let beside = [pages.handle(), doors.handle()];
    let result = here.block_on(serve_until_signal(&services, flusher, beside, &data_dir, signals, handed));
    pages.block_on(services.store.close());
    pages.shutdown_timeout(Duration::from_secs(1));
    result
}

/// Tasks that the stop waits for.
struct Tasks {
    flusher: JoinHandle<()>,
    deliverer: JoinHandle<()>,
    notices: JoinHandle<()>,
    mailer: JoinHandle<()>,
}

/// Starts the tasks that work by themselves; each runs until its token is cancelled.
fn start_tasks(
    services: &Arc<Services>,
    flusher: Flusher,
    pages: &Handle,
    stop: &CancellationToken,
    stop_counting: &CancellationToken,
) -> Tasks {
    let life = &services.life;
    let flusher = flusher.run(stop_counting.clone());
    let deliverer = services.deliverer.clone().run(stop.clone());
    let mailer = Arc::clone(&services.mailer).run(stop.clone());
    let (writing, stop_notices) = (Arc::clone(services), stop_counting.clone());
    let notices = async move { writing.use_cases.notices.run(stop_notices).await };
    let (sweeping, reminding) = (Arc::clone(services), Arc::clone(services));
    let sweeping = every(SWEEP_EVERY, stop.clone(), async move || sweep(&sweeping).await);
    let reminding = every(EVERY_MINUTE, stop.clone(), async move || remind(&reminding).await);
    life.run(pages, "the removal of what is old", stop, sweeping);
    life.run(pages, "the reminder of passwords", stop, reminding);
    Tasks {
        flusher: life.run(&Handle::current(), "the writer of uses", stop_counting, flusher),
        deliverer: life.run(pages, "the courier of webhooks", stop, deliverer),
        notices: life.run(pages, "the writer of notices", stop_counting, notices),
        mailer: life.run(pages, "the mailer", stop, mailer),
    }
}

async fn serve_until_signal(
    services: &Arc<Services>,
    flusher: Flusher,
    [pages, doors]: [&Handle; 2],
    data_dir: &DataDir,
    mut signals: Signals,
    mut handed: Handed,
) -> Result<(), Failure> {
    let (settings, life) = (&services.settings, &services.life);
    let tls = settings.server.tls.as_ref().map(Tls::load).transpose()?;
    // First, so that its socket is not taken for a further place of the pages.
    let admin =
        settings.admin_listen.map(|address| Listener::take_or_bind(Listen::Address(address), &mut handed));
    let admin = admin.transpose().map_err(|error| format!("{error} (--admin-listen)"))?;
    let listeners = Listener::bind_all(&settings.server, &mut handed)?;
    let control = data_dir.listen()?;
    let (stop, stop_counting) = (CancellationToken::new(), CancellationToken::new());
    let metrics = admin.map(|listener| serve_admin(services, pages, listener, &stop));
    let tasks = start_tasks(services, flusher, pages, &stop, &stop_counting);
    let places = listeners.iter().map(Listener::place).chain(&metrics).map(ToString::to_string).collect();
    let verbs = control::serve(control, Arc::clone(services), places, stop.clone());
    life.run(pages, "the listener for verbs", &stop, verbs);
    print_announcement(services, &announce::announcement(services, &listeners, metrics.as_ref()))?;
    let entrance = site(Arc::clone(services), pages.clone());
    let (site, forgotten) = (entrance.clone(), Arc::clone(services));
    let forgetting = every(EVERY_MINUTE, stop.clone(), async move || forget(&site, &forgotten));
    life.run(pages, "the removal of secrets", &stop, forgetting);
    let front = Front::new(settings, Arc::clone(&services.traffic), entrance, stop.clone());
    let mut front = front.with_doors(doors.clone());
    if let (Some(tls), Some(hangup)) = (tls, signals.hangup()) {
        let renewing = Arc::clone(&tls).keep_fresh(hangup, stop.clone());
        life.run(pages, "the renewal of the TLS certificate", &stop, renewing);
        front = front.with_tls(tls, pages.clone());
    }
    let serving = life.run(&Handle::current(), "the listener", &stop, serve(listeners, front));
    manager::ready();
    if let Some(each) = manager::watched() {
        let watching = every(each, stop.clone(), async || manager::alive());
        life.run(&Handle::current(), "the watchdog", &stop, watching);
    }
    let failure = tokio::select! {
        () = signals.stop() => None,
        cause = services.store.failed() => Some(broken(cause)),
        ended = life.over() => Some(stopped_by(&ended)),
    };
    manager::stopping();
    tracing::info!(event = "stopping", "stopping: requests in flight are answered first");
    stop.cancel();
    // A letter or message in flight is recorded as sent while the store still takes changes.
    let last = tokio::time::timeout(LAST_LETTER, async { tokio::join!(tasks.mailer, tasks.deliverer) });
    let (served, _) = tokio::join!(serving, last);
    served?;
    // Nothing is served any more, so nothing comes that could be counted.
    stop_counting.cancel();
    tasks.flusher.await?;
    // Notices of the last second may be lost, as in a crash, because the stop has to end in time.
    let _ = tokio::time::timeout(LAST_NOTICES, tasks.notices).await;
    // A task that failed during the stop is told too.
    failure.map_or(life.check().map_err(|ended| stopped_by(&ended)), Err)
}

/// The message where a task has ended, which only a new start mends.
fn stopped_by(ended: &Ended) -> Failure {
    format!(
        "stopped, because a part of it failed: {ended}. Every use and change that was answered is kept. Start \
         Latchkey again, and report this with its log"
    )
    .into()
}

/// The message where the state cannot be written. A failed sync cannot be repeated, so only a new start finds out what is
/// on disk.
fn broken(cause: StoreError) -> Failure {
    if let StoreError::Ended(cause) = cause {
        return stopped_by(&Ended { part: "the writer of the state", cause });
    }
    format!(
        "stopped, because a change of latchkey.db could not be written: {cause}. Every change that was \
         answered is kept. Look at the disk and the system's log, then start Latchkey again"
    )
    .into()
}

/// Serves metrics and health, and returns where. Runs on the pages' runtime, because metrics may wait and verifications may
/// not.
fn serve_admin(
    services: &Arc<Services>,
    pages: &Handle,
    listener: Listener,
    stop: &CancellationToken,
) -> Listen {
    let place = listener.place().clone();
    // Its connections are not counted among those of gateways and browsers.
    let entrance = admin(Arc::clone(services)).into();
    let front = Front::new(&services.settings, Arc::default(), entrance, stop.clone());
    services.life.run(pages, "the listener for metrics", stop, serve(vec![listener], front));
    place
}

/// Prints the announcement. It is an error only if somebody has to read it, for the link to the first account.
fn print_announcement(services: &Services, text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if services.setup.secret().is_some() => {
            Err(format!("{}, so nobody would see the link to the first account", cannot_print(&error)).into())
        }
        Err(error) => {
            tracing::warn!("{}; nobody saw the announcement", cannot_print(&error));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
