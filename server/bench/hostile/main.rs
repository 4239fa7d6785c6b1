//! What one hostile source costs the others: verifications and logins while it takes all it can get, against
//! the same without it, in alternating rounds of one run.
//!
//! Usage: bench_hostile ADDRESS PROCESS TOKEN SECONDS ROUNDS [ATTACK]…
//!
//! The users `mallory` and `other0` to `other39` are there, all with the password of the benches.

mod attacks;
mod frames;
mod measure;
mod web;

use attacks::Attack;
use measure::{Figures, measure};
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// At most so many times the quiet p99 of verifications.
const VERIFICATIONS: f64 = 3.0;
/// At most so many times the quiet time of nine logins of ten.
const LOGINS: f64 = 5.0;
/// At most so many megabytes.
const MEMORY: u64 = 400;
/// What an attack has to build up before it is measured.
const BUILD_UP: Duration = Duration::from_secs(2);
/// What an attack leaves behind is gone by then.
const CALM: Duration = Duration::from_secs(3);

/// The server that is measured.
#[derive(Clone)]
struct Target {
    address: SocketAddr,
    process: u32,
    token: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, process, token, seconds, rounds, names @ ..] = arguments.as_slice() else {
        return Err("usage: bench_hostile ADDRESS PROCESS TOKEN SECONDS ROUNDS [ATTACK]…".into());
    };
    let target = Target { address: address.parse()?, process: process.parse()?, token: token.clone() };
    let time = Duration::from_secs(seconds.parse()?);
    let rounds: usize = rounds.parse()?;
    let attacks: Vec<Attack> = Attack::ALL
        .into_iter()
        .filter(|attack| names.is_empty() || names.contains(&attack.name().into()))
        .collect();
    println!(
        "{:<44} {:>9} {:>9} {:>7} {:>9} {:>9} {:>7} {:>8}",
        "", "p99 ms", "attacked", "ratio", "login ms", "attacked", "ratio", "peak MB"
    );
    let mut failed = 0;
    for attack in attacks {
        let pairs: Vec<_> = (0..rounds).map(|_| round(&target, attack, time)).collect::<Result<_, _>>()?;
        failed += usize::from(!report(&target, attack, &pairs));
    }
    if failed > 0 {
        return Err(format!("{failed} of the attacks cost the others too much").into());
    }
    Ok(())
}

/// The figures without an attack and with it.
fn round(target: &Target, attack: Attack, time: Duration) -> Result<(Figures, Figures), Box<dyn Error>> {
    let here = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let quiet = here.block_on(measure(target, time));
    let stop = CancellationToken::new();
    let (there, until) = (target.clone(), stop.clone());
    #[expect(clippy::disallowed_methods, reason = "it is joined below")]
    let attacker = std::thread::spawn(move || {
        // An attacker has a machine of its own: here it takes all that the others leave, and never their turn.
        let _ = rustix::process::setpriority_process(None, 19);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map(|runtime| runtime.block_on(until.run_until_cancelled(attack.run(&there))))
    });
    std::thread::sleep(BUILD_UP);
    let attacked = here.block_on(measure(target, time));
    stop.cancel();
    attacker.join().map_err(|_| "the attacker failed")??;
    std::thread::sleep(CALM);
    Ok((quiet, attacked))
}

/// Prints a line; returns whether all is as it should be.
fn report(target: &Target, attack: Attack, pairs: &[(Figures, Figures)]) -> bool {
    let median = |of: &dyn Fn(&(Figures, Figures)) -> f64| {
        let mut values: Vec<f64> = pairs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let verifications = median(&|(quiet, attacked)| attacked.p99 / quiet.p99);
    let logins = median(&|(quiet, attacked)| attacked.login / quiet.login);
    let memory = measure::peak_megabytes(target.process);
    let refused = pairs.iter().flat_map(|(quiet, attacked)| [("quiet", quiet), ("attacked", attacked)]);
    let refused: Vec<_> =
        refused.flat_map(|(when, f)| f.refused.iter().map(move |one| (when, one))).collect();
    println!(
        "{:<44} {:>9.2} {:>9.2} {:>7.2} {:>9.1} {:>9.1} {:>7.2} {:>8}",
        attack.title(),
        median(&|(quiet, _)| quiet.p99),
        median(&|(_, attacked)| attacked.p99),
        verifications,
        median(&|(quiet, _)| quiet.login),
        median(&|(_, attacked)| attacked.login),
        logins,
        memory
    );
    for (when, (fault, count)) in &refused {
        println!("  refused to others ({when}), {count} times: {fault}");
    }
    verifications <= VERIFICATIONS && logins <= LOGINS && memory <= MEMORY && refused.is_empty()
}
