//! The bench's own client: a thread and a kept connection each, closed loop or at a fixed rate.
//!
//! At a fixed rate a request's time runs from when it was due, not from when it could be sent: what waits
//! behind a slow answer is slow too, and is measured as that.

use hdrhistogram::Histogram;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a connection waits for an answer: longer than any may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes of an answer.
const ANSWER: usize = 8 * 1024;

/// When the next request is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As soon as the last one is answered.
    Closed,
    /// So many a second over all connections, whether or not the last one is answered.
    Rate(u32),
}

/// What is asked, and how it has to be answered.
pub struct Target {
    /// The address that is asked.
    pub address: SocketAddr,
    /// Requests as they are written, taken in turn.
    pub requests: Vec<Vec<u8>>,
    /// The statuses that answers may have.
    pub statuses: &'static [u16],
}

/// What one run showed.
pub struct Measured {
    /// Requests a second.
    pub per_second: f64,
    /// The time that 50 of 100 answers took at most.
    pub p50: Duration,
    /// The time that 99 of 100 answers took at most.
    pub p99: Duration,
}

/// Asks for that long.
///
/// # Errors
/// A connection failed, or an answer was another one.
pub fn run(target: &Arc<Target>, connections: usize, time: Duration, pace: Pace) -> io::Result<Measured> {
    let turn = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    #[expect(clippy::disallowed_methods, reason = "they are joined below")]
    let threads: Vec<_> = (0..connections)
        .map(|place| {
            let (target, turn) = (Arc::clone(target), Arc::clone(&turn));
            let plan = Plan { start, end: start + time, pace, place, connections };
            thread::Builder::new().stack_size(128 * 1024).spawn(move || ask(&target, &turn, &plan))
        })
        .collect::<Result<_, _>>()?;
    let mut all = nanoseconds();
    for thread in threads {
        let one = thread.join().map_err(|_| io::Error::other("a client thread failed"))??;
        all.add(one).map_err(io::Error::other)?;
    }
    let at = |quantile| Duration::from_nanos(all.value_at_quantile(quantile));
    Ok(Measured { per_second: all.len() as f64 / start.elapsed().as_secs_f64(), p50: at(0.5), p99: at(0.99) })
}

struct Plan {
    start: Instant,
    end: Instant,
    pace: Pace,
    place: usize,
    connections: usize,
}

impl Plan {
    /// When the request after `done` of this connection is due.
    fn due(&self, done: u32) -> Instant {
        match self.pace {
            Pace::Closed => Instant::now(),
            Pace::Rate(rate) => {
                let number = f64::from(done) * self.connections as f64 + self.place as f64;
                self.start + Duration::from_secs_f64(number / f64::from(rate))
            }
        }
    }
}

fn nanoseconds() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds fit")
}

fn ask(target: &Target, turn: &AtomicUsize, plan: &Plan) -> io::Result<Histogram<u64>> {
    let mut times = nanoseconds();
    let mut stream = TcpStream::connect_timeout(&target.address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    for done in 0.. {
        let due = plan.due(done);
        if due >= plan.end {
            break;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let next = turn.fetch_add(1, Ordering::Relaxed) % target.requests.len();
        stream.write_all(&target.requests[next])?;
        let status = read_answer(&mut stream)?;
        if !target.statuses.contains(&status) {
            return Err(io::Error::other(format!(
                "an answer had status {status}, not {:?}",
                target.statuses
            )));
        }
        times.saturating_record(u64::try_from(due.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok(times)
}

/// Reads one whole answer; returns its status.
fn read_answer(stream: &mut TcpStream) -> io::Result<u16> {
    let mut buffer = [0; ANSWER];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return Err(io::Error::other("the server closed the connection"));
        }
        filled += read;
        if let Some((status, length)) = parse_head(&buffer[..filled])?
            && filled >= length
        {
            return Ok(status);
        }
    }
}

/// Status, and bytes of head and body together; `None` while the head is not whole.
fn parse_head(bytes: &[u8]) -> io::Result<Option<(u16, usize)>> {
    let wrong = |_| io::Error::other("an answer is not HTTP/1.1 with a Content-Length");
    let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| wrong(()))?;
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(|| wrong(()))?;
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.and_then(|(_, value)| value.trim().parse().ok()).ok_or_else(|| wrong(()))?;
    Ok(Some((status, end + 4 + length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    /// Answers every request with 204, the first one only after a while.
    fn slow_at_first(pause: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        #[expect(clippy::disallowed_methods, reason = "a server of this test")]
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let mut stream = stream;
            thread::sleep(pause);
            let mut line = String::new();
            while lines.read_line(&mut line).unwrap_or(0) > 0 {
                if line == "\r\n" {
                    stream.write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n").unwrap();
                }
                line.clear();
            }
        });
        address
    }

    fn target(address: SocketAddr, statuses: &'static [u16]) -> Arc<Target> {
        Arc::new(Target { address, requests: vec![b"GET / HTTP/1.1\r\n\r\n".to_vec()], statuses })
    }

    #[test]
    fn at_a_fixed_rate_what_waits_behind_a_slow_answer_is_slow_too() {
        let pause = Duration::from_millis(300);
        let time = Duration::from_millis(400);
        let open = run(&target(slow_at_first(pause), &[204]), 1, time, Pace::Rate(100)).unwrap();
        // 40 are due in 400 ms, and those of the first 300 ms are late: the middle one by over 50 ms.
        assert!(open.p50 > Duration::from_millis(50), "{:?}", open.p50);
        // So long that quick answers are most of all on a machine that stands still for a moment.
        let longer = Duration::from_secs(3);
        let closed = run(&target(slow_at_first(pause), &[204]), 1, longer, Pace::Closed).unwrap();
        assert!(closed.p50 < open.p50, "the closed loop does not see them: {:?}", closed.p50);
    }

    #[test]
    fn another_status_is_an_error() {
        // The first answer ends it.
        let wrong = run(&target(slow_at_first(Duration::ZERO), &[200]), 1, PATIENCE, Pace::Closed);
        assert_eq!(wrong.err().unwrap().to_string(), "an answer had status 204, not [200]");
    }
}
