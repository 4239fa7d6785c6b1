//! What one source can do, over and over until it is stopped.

use crate::Target;
use crate::frames::{PING, SETTINGS, begin, ended, request};
use crate::web::{PASSWORD, connect, log_in, post};
use std::io::Result;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// The address that all attacks come from.
const HOSTILE: [u8; 4] = [127, 0, 0, 66];
/// How long an attack waits before it tries again what was refused.
const AGAIN: Duration = Duration::from_millis(100);
/// The same for a connection: 9,000 new ones each second, of which each costs the attacker's share of two cores as
/// much as the server's.
const CONNECT_AGAIN: Duration = Duration::from_secs(1);

/// An attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attack {
    Window,
    Idle,
    SlowForms,
    Streams,
    Logins,
    Passwords,
    Control,
}

impl Attack {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Window,
        Self::Idle,
        Self::SlowForms,
        Self::Streams,
        Self::Logins,
        Self::Passwords,
        Self::Control,
    ];

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Idle => "idle",
            Self::SlowForms => "slow-forms",
            Self::Streams => "streams",
            Self::Logins => "logins",
            Self::Passwords => "passwords",
            Self::Control => "control",
        }
    }

    /// Its name in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Window => "200 connections of pages with a window of 0",
            Self::Idle => "10,000 idle connections",
            Self::SlowForms => "12 connections with 190 slow forms each",
            Self::Streams => "2 connections with 190 streams of pages",
            Self::Logins => "256 parallel correct logins of one user",
            Self::Passwords => "200 parallel changes of a password",
            Self::Control => "8 floods of control frames",
        }
    }

    /// Goes on until it is dropped.
    pub(crate) async fn run(self, target: &Target) {
        let count = match self {
            Self::Window => 200,
            Self::Idle => 10_000,
            Self::SlowForms => 12,
            Self::Streams => 2,
            Self::Logins => 256,
            Self::Passwords => 200,
            Self::Control => 8,
        };
        let mut all = JoinSet::new();
        for number in 0..count {
            all.spawn(self.go_on(target.clone(), number));
            if number % 100 == 99 {
                tokio::task::yield_now().await;
            }
        }
        all.join_all().await;
    }

    async fn go_on(self, target: Target, number: usize) {
        loop {
            // How an attempt ends is the server's business: the attack goes on.
            let _ = self.go(&target, number).await;
            sleep(if self == Self::Idle { CONNECT_AGAIN } else { AGAIN }).await;
        }
    }

    async fn go(self, target: &Target, number: usize) -> Result<()> {
        let address = target.address;
        match self {
            Self::Window => unfetched(connect(HOSTILE, address).await?).await,
            Self::Idle => idle(connect(HOSTILE, address).await?).await,
            Self::SlowForms => slow_forms(connect(HOSTILE, address).await?).await,
            Self::Streams => streams(connect(HOSTILE, address).await?).await,
            Self::Logins => log_in(HOSTILE, address, "mallory").await.map(|_| ()),
            Self::Passwords => change_password(target).await,
            Self::Control => {
                let frame = if number.is_multiple_of(2) { PING } else { SETTINGS };
                flood(connect(HOSTILE, address).await?, frame).await
            }
        }
    }
}

async fn idle(mut stream: TcpStream) -> Result<()> {
    // Until it is closed.
    stream.read(&mut [0; 64]).await.map(|_| ())
}

async fn unfetched(stream: TcpStream) -> Result<()> {
    let (mut read, mut write) = stream.into_split();
    begin(&mut write, 0).await?;
    for stream in 0..190 {
        write.write_all(&request(2 * stream + 1, "GET", "/login", true)).await?;
    }
    ended(&mut read, usize::MAX).await
}

async fn slow_forms(stream: TcpStream) -> Result<()> {
    let (mut read, mut write) = stream.into_split();
    begin(&mut write, 65_535).await?;
    for stream in 0.. {
        write.write_all(&request(2 * stream + 1, "POST", "/login", false)).await?;
        // As many at a time: each that ends is followed by another, in a while.
        if stream >= 190 {
            ended(&mut read, 1).await?;
            sleep(AGAIN / 10).await;
        }
    }
    Ok(())
}

async fn streams(stream: TcpStream) -> Result<()> {
    let (mut read, mut write) = stream.into_split();
    begin(&mut write, 1 << 30).await?;
    for stream in 0.. {
        write.write_all(&request(2 * stream + 1, "GET", "/login", true)).await?;
        if stream >= 190 {
            ended(&mut read, 1).await?;
        }
    }
    Ok(())
}

async fn change_password(target: &Target) -> Result<()> {
    let cookie = log_in(HOSTILE, target.address, "mallory").await?.cookie().unwrap_or_default();
    // Long, and weak in a way that takes long to find out: refused, so that the old one stays.
    let new = "p4ssw0rdqwerty1234".repeat(50);
    let form = [("password", PASSWORD), ("new_password", new.as_str())];
    for _ in 0..10 {
        let path = "/account/profile?do=change_password";
        if post(HOSTILE, target.address, path, &cookie, &form).await?.status == 303 {
            break;
        }
    }
    Ok(())
}

async fn flood(stream: TcpStream, frame: &[u8]) -> Result<()> {
    let (mut read, mut write) = stream.into_split();
    begin(&mut write, 65_535).await?;
    let many = frame.repeat(500);
    // What comes back is read and dropped, so that nothing holds the flood up.
    let reading = async {
        let mut bytes = [0; 16_384];
        while read.read(&mut bytes).await? > 0 {}
        Ok(())
    };
    let sending = async {
        while write.write_all(&many).await.is_ok() {}
        Ok(())
    };
    tokio::try_join!(reading, sending).map(|((), ())| ())
}
