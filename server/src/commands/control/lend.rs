//! A verb that reads the files of the data directory beside the running server, or with no server there.
//!
//! The server makes no change while the verb begins to read, and says whether it held out: so both files are read as they were
//! at one moment, whatever the machine did meanwhile. Until the connection ends, the server begins nothing that would have to
//! wait for readers. When it stops it ends the connection first and waits a moment, because a reader keeps it from emptying its
//! logs; the verb then stops reading and begins anew.

use super::protocol::{VerbReply, VerbRequest};
use super::{DataDir, Way, find_way};
use crate::commands::Failure;
use crate::services::Services;
use crate::settings::Settings;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream as Connected;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long the server waits for a sign of a verb: that it has begun to read, or that it has stopped.
const SIGN: Duration = Duration::from_secs(1);
/// How long a verb waits for an answer of the server.
const ANSWER: Duration = Duration::from_secs(30);
/// How often a verb looks whether the server stops.
const LOOK: Duration = Duration::from_millis(10);
/// How often a verb asks for a moment that did not last.
const TRIES: u32 = 20;

/// The files of an installation, for a verb that reads them.
pub(in super::super) enum Borrowed {
    /// A server runs on them.
    Running(Lent),
    /// None does, nor starts meanwhile.
    Stopped(DataDir),
}

/// The running server, which keeps out of the way.
pub(in super::super) struct Lent(Connected);

/// Borrows the files. `after_server`: a server ran on them a moment ago and may be replaced just now, so it is waited for
/// first.
pub(in super::super) fn borrow(settings: &Settings, after_server: bool) -> Result<Borrowed, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let way =
            if after_server { super::wait_for_server(settings).await? } else { find_way(settings).await? };
        Ok(match way {
            Way::Here(claim) => Borrowed::Stopped(claim),
            Way::Server(stream) => {
                let stream = stream.into_std()?;
                stream.set_nonblocking(false)?;
                stream.set_read_timeout(Some(ANSWER))?;
                Borrowed::Running(Lent(stream))
            }
        })
    })
}

/// What came of the request for a moment.
enum Moment {
    Lasted,
    TooShort,
    /// The server stopped.
    Lost,
}

impl Lent {
    /// Runs `begin` in a moment in which the server changes nothing; it may be run several times. Returns whether there was
    /// one: none where the server stops.
    pub(in super::super) fn at_one_moment(
        &mut self,
        settings: &Settings,
        mut begin: impl FnMut() -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        for _ in 0..TRIES {
            match self.try_moment(&mut begin)? {
                Moment::Lasted => return Ok(true),
                Moment::Lost => return Ok(false),
                Moment::TooShort => {}
            }
            let Borrowed::Running(again) = borrow(settings, true)? else { return Ok(false) };
            *self = again;
        }
        Err("the machine is too busy for a moment in which nothing changes; run the command again".into())
    }

    fn try_moment(&mut self, begin: &mut dyn FnMut() -> Result<(), Failure>) -> Result<Moment, Failure> {
        let mut request = serde_json::to_vec(&VerbRequest::LendFiles)?;
        request.push(b'\n');
        match self.ask(&request)? {
            Some(VerbReply::Ready) => {}
            Some(VerbReply::Failed(why)) => return Err(why.into()),
            Some(_) => return Err(super::other_version()),
            None => return Ok(Moment::Lost),
        }
        begin()?;
        match self.ask(b"\n")? {
            Some(VerbReply::Done) => Ok(Moment::Lasted),
            Some(VerbReply::Ready) => Ok(Moment::TooShort),
            Some(_) => Err(super::other_version()),
            None => Ok(Moment::Lost),
        }
    }

    /// Writes, and reads a line; nothing where the server goes away meanwhile.
    fn ask(&mut self, text: &[u8]) -> Result<Option<VerbReply>, Failure> {
        let (mut line, mut byte) = (Vec::new(), [0]);
        if self.0.write_all(text).is_err() {
            return Ok(None);
        }
        while byte != *b"\n" {
            match self.0.read(&mut byte) {
                Ok(0) => break,
                Ok(_) => line.push(byte[0]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                Err(error) => return Err(error.into()),
            }
        }
        if line.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&line).map(Some).map_err(|_| super::other_version())
    }

    /// Does something that reads; once the server stops, calls `let_go` over and over until it has ended. Returns what came
    /// of it, and nothing where it was to let go.
    pub(in super::super) fn watch<T>(
        &mut self,
        let_go: impl Fn() + Send,
        work: impl FnOnce() -> T,
    ) -> Option<T> {
        let (working, ended) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let watcher = scope.spawn(move || {
                let mut goes_on = true;
                // Over and over, because it touches only what is read just then, and not what is read next.
                while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                    goes_on = goes_on && self.goes_on();
                    if !goes_on {
                        let_go();
                    }
                }
                goes_on
            });
            let done = work();
            drop(working);
            watcher.join().unwrap_or(false).then_some(done)
        })
    }

    /// Whether the server still lends; not once it stops.
    pub(in super::super) fn goes_on(&mut self) -> bool {
        let looked = self.0.set_nonblocking(true).and_then(|()| self.0.read(&mut [0]));
        matches!(looked, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

/// Lends the files to a verb until it ends, or the server stops.
pub(super) async fn lend(
    mut stream: UnixStream,
    services: &Services,
    stop: &CancellationToken,
) -> io::Result<()> {
    let _lent = services.store.lend();
    let still = match services.store.stand_still().await {
        Ok(still) => still,
        // The writer goes when the server stops. The verb waits for the next server, as if this one had gone a moment before.
        Err(_) if stop.is_cancelled() => return Ok(()),
        Err(error) => return say(&mut stream, &VerbReply::Failed(error.to_string())).await,
    };
    say(&mut stream, &VerbReply::Ready).await?;
    let mut sign = [0];
    let begun = timeout(SIGN, stream.read(&mut sign)).await;
    let lasted = still.end();
    if !matches!(begun, Ok(Ok(1))) {
        return Ok(());
    }
    say(&mut stream, if lasted { &VerbReply::Done } else { &VerbReply::Ready }).await?;
    tokio::select! {
        () = stop.cancelled() => {}
        _ = stream.read(&mut sign) => return Ok(()),
    }
    stream.shutdown().await?;
    let _ = timeout(SIGN, stream.read(&mut sign)).await;
    Ok(())
}

async fn say(stream: &mut UnixStream, reply: &VerbReply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    stream.write_all(&line).await
}
