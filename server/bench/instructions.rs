//! What `scripts/instructions` counts the instructions of: verifications through the real accept loop, the
//! real handlers and a real journal, on one thread, with a clock that stands still.
//!
//! Usage: instructions DIRECTORY TOKENS-FILE CASE ROUNDS (directory and file from bench_seed)

use domain::time::{Clock, Micros, Steady};
use domain::token::PlainToken;
use futures::future::join_all;
use latchkey::bench::{Case, Filled};
use latchkey::http::serve::{Front, Listener, serve};
use latchkey::http::site;
use latchkey::services::start;
use latchkey::settings::{Layers, Listen, Settings};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Longer than any run: what the journal does by the clock would fall into some runs and not into others.
const NO_TICK: Duration = Duration::from_secs(86_400);

type Outcome<T> = Result<T, Box<dyn Error>>;

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Micros {
        Micros(1_768_478_400 * Micros::SECOND)
    }

    fn steady(&self) -> Steady {
        Steady(Micros::SECOND)
    }
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, directory, file, case, rounds] = arguments.as_slice() else {
        return Err("usage: instructions DIRECTORY TOKENS-FILE CASE ROUNDS".into());
    };
    let case = Case::from_name(case).ok_or("there is no such case")?;
    let lines = std::fs::read_to_string(file)?;
    let (gateway, tokens) = lines.split_once('\n').ok_or("the file holds no tokens")?;
    let tokens = tokens.lines().map(|token| PlainToken::new(token.to_owned())).collect();
    let requests = case.requests(&Filled { gateway: gateway.to_owned(), tokens });

    let flags = vec![("data_dir", "argument", directory.clone())];
    let settings = Settings::parse(&Layers::load(None, std::iter::empty(), flags)?)?;
    let pages = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (services, flusher) = pages.block_on(start(settings, Arc::new(StandingClock)))?;
    let entrance = pages.block_on(async { site(Arc::clone(&services), pages.handle().clone()) });
    let stop = CancellationToken::new();
    let front = Front::new(&services.settings, Arc::clone(&services.traffic), entrance, stop.clone());
    let here = Builder::new_current_thread().enable_all().build()?;
    let address = here.block_on(async {
        let listener = Listener::bind(Listen::Address(SocketAddr::from(([127, 0, 0, 1], 0))))?;
        let address = listener.place().to_string().parse()?;
        #[expect(clippy::disallowed_methods, reason = "its end shows as uses that nobody answers")]
        tokio::spawn(flusher.tick_every(NO_TICK).run(stop));
        #[expect(clippy::disallowed_methods, reason = "its end shows as requests that nobody answers")]
        tokio::spawn(serve(vec![listener], front));
        Outcome::Ok(address)
    })?;
    verifications(&here, address, &requests, case.statuses(), rounds.parse()?)?;
    // Only the verifications count; how the rest ends does not matter.
    std::process::exit(0)
}

/// The function whose instructions are counted, with all that it calls.
#[inline(never)]
fn verifications(
    here: &Runtime,
    address: SocketAddr,
    requests: &[Vec<u8>],
    statuses: &[u16],
    rounds: usize,
) -> Outcome<()> {
    let connections = requests.iter().map(|request| connection(address, request, statuses, rounds));
    here.block_on(join_all(connections)).into_iter().collect()
}

/// A gateway with one kept connection: it asks, reads the whole answer, asks again.
async fn connection(address: SocketAddr, request: &[u8], statuses: &[u16], rounds: usize) -> Outcome<()> {
    let mut stream = TcpStream::connect(address).await?;
    let expected: Vec<_> = statuses.iter().map(|status| format!("HTTP/1.1 {status} ")).collect();
    let mut answer = [0; 2048];
    for _ in 0..rounds {
        stream.write_all(request).await?;
        // Answers are written at once and fit.
        let length = stream.read(&mut answer).await?;
        let answer = &answer[..length];
        if !expected.iter().any(|line| answer.starts_with(line.as_bytes())) {
            return Err(format!("not {statuses:?}: {}", String::from_utf8_lossy(answer)).into());
        }
    }
    Ok(())
}
