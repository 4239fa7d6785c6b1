//! What an attack costs the others: a gateway that verifies, and people who log in.

use crate::Target;
use crate::web::{Reply, ask, connect, log_in};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep};

/// The gateway is a trusted proxy.
const GATEWAY: [u8; 4] = [127, 0, 0, 1];
/// How many connections the gateway keeps.
const CONNECTIONS: usize = 8;
/// Between two questions on a connection.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(5);
/// How many users log in, each at an address of its own: so many that none of them meets a limit on right passwords.
const OTHERS: u8 = 40;
/// Between two logins.
const BETWEEN_LOGINS: Duration = Duration::from_millis(200);
/// A question that is not answered by then counts as refused.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one round found.
pub(crate) struct Figures {
    /// 99 of 100 verifications take less, in milliseconds.
    pub(crate) p99: f64,
    /// Nine of ten logins take less, in milliseconds.
    pub(crate) login: f64,
    /// What was answered to verifications and logins in place of the right answer, and how often.
    pub(crate) refused: Refused,
}

/// How often each wrong answer came.
pub(crate) type Refused = BTreeMap<String, usize>;

/// What is wrong with an answer to `what`, if anything.
fn fault(what: &str, answered: Result<std::io::Result<Reply>, Elapsed>, right: u16) -> Option<String> {
    match answered {
        Ok(Ok(reply)) if reply.status == right => None,
        Ok(Ok(reply)) => Some(format!("{what}: {}", reply.status)),
        Ok(Err(error)) => Some(format!("{what}: {error}")),
        Err(_) => Some(format!("{what}: no answer in {} s", PATIENCE.as_secs())),
    }
}

/// The times of what was answered, and how much was not.
#[derive(Default)]
struct Times {
    millis: Vec<f64>,
    refused: Refused,
}

impl Times {
    fn add(&mut self, began: Instant, fault: Option<String>) {
        self.millis.push(began.elapsed().as_secs_f64() * 1000.0);
        if let Some(fault) = fault {
            *self.refused.entry(fault).or_default() += 1;
        }
    }

    fn join(&mut self, others: Times) {
        self.millis.extend(others.millis);
        for (fault, count) in others.refused {
            *self.refused.entry(fault).or_default() += count;
        }
    }

    fn quantile(&mut self, part: f64) -> f64 {
        self.millis.sort_by(f64::total_cmp);
        let index = (self.millis.len() as f64 * part) as usize;
        self.millis.get(index.min(self.millis.len().saturating_sub(1))).copied().unwrap_or(f64::INFINITY)
    }
}

/// Verifies and logs in for a time.
pub(crate) async fn measure(target: &Target, time: Duration) -> Figures {
    let end = Instant::now() + time;
    let mut verifying = JoinSet::new();
    for _ in 0..CONNECTIONS {
        verifying.spawn(verify(target.clone(), end));
    }
    let mut logins = log_ins(target, end).await;
    let mut verifications = Times::default();
    for times in verifying.join_all().await {
        verifications.join(times);
    }
    let (p99, login) = (verifications.quantile(0.99), logins.quantile(0.9));
    verifications.join(logins);
    Figures { p99, login, refused: verifications.refused }
}

async fn verify(target: Target, end: Instant) -> Times {
    let mut times = Times::default();
    let request = format!(
        "GET /authz/forward-auth HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\nx-forwarded-for: 203.0.113.7\r\n\r\n",
        target.token
    );
    let mut connection = None;
    while Instant::now() < end {
        let began = Instant::now();
        let stream = match connection.take() {
            Some(stream) => Ok(stream),
            None => connect(GATEWAY, target.address).await,
        };
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                times.add(began, Some(format!("connection: {error}")));
                sleep(BETWEEN_QUESTIONS).await;
                continue;
            }
        };
        let answered = tokio::time::timeout(PATIENCE, ask(&mut stream, &request)).await;
        let fault = fault("verification", answered, 200);
        connection = fault.is_none().then_some(stream);
        times.add(began, fault);
        sleep(BETWEEN_QUESTIONS).await;
    }
    times
}

/// One login after the other, each of another user at another address.
async fn log_ins(target: &Target, end: Instant) -> Times {
    let mut times = Times::default();
    for number in (0..OTHERS).cycle() {
        if Instant::now() >= end {
            break;
        }
        let began = Instant::now();
        let username = format!("other{number}");
        let login = log_in([127, 0, 1, 1 + number], target.address, &username);
        let answered = tokio::time::timeout(PATIENCE, login).await;
        times.add(began, fault("login", answered, 303));
        sleep(BETWEEN_LOGINS).await;
    }
    times
}

/// The most memory that a process ever held.
pub(crate) fn peak_megabytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok())
        .map_or(u64::MAX, |kilobytes| kilobytes / 1024)
}
