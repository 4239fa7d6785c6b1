//! Frames of HTTP/2 that ask for nothing: counted, so that a flood of them ends the connection.
//!
//! h2 bounds by itself: frames of data that carry little, streams that are reset before anybody looks at them,
//! requests beyond the limit of streams, headers without end. It answers every PING and SETTINGS, and reads
//! PRIORITY, WINDOW_UPDATE and frames of no known kind, for as long as they come. Whoever sends these asks for
//! something now and then; so each costs a little, and each request brings some of it back.

use std::time::Duration;
use tokio::time::Instant;

/// What a client begins with that speaks HTTP/2.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The length of the head of a frame.
const HEAD: usize = 9;

/// How many frames may come that ask for nothing; also the most that is saved up.
const CREDIT: u32 = 400;
/// What a request brings back: an answer may take a few updates of windows.
const A_REQUEST: u32 = 4;
/// What a reset costs: more than its request brought.
const A_RESET: u32 = 5;
/// In which time one more is forgiven.
const ONE_EACH: Duration = Duration::from_millis(100);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const CONTINUATION: u8 = 9;

/// Looks at the bytes of one connection.
pub(super) enum Frames {
    /// The connection may still be HTTP/2: so many bytes are as they should be.
    Beginning(usize),
    /// HTTP/1.1: nothing to count.
    Other,
    /// HTTP/2.
    Counted(Box<Count>),
}

/// Counts the frames of one connection.
pub(super) struct Count {
    /// The head of the frame that is coming in, as far as it has come.
    head: [u8; HEAD],
    length: usize,
    /// Bytes of its payload that are still to come.
    payload: usize,
    credit: u32,
    counted_from: Instant,
}

impl Frames {
    /// Before the first byte.
    pub(super) fn new() -> Self {
        Self::Beginning(0)
    }

    /// Whether the connection speaks HTTP/2.
    pub(super) fn are_counted(&self) -> bool {
        matches!(self, Self::Counted(_))
    }

    /// Whether the connection may go on after these bytes.
    #[inline]
    pub(super) fn may_pass(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::Other => true,
            Self::Counted(count) => count.may_pass(bytes),
            Self::Beginning(seen) => {
                let (seen, rest) = (*seen, &PREFACE[*seen..]);
                let length = rest.len().min(bytes.len());
                if bytes[..length] != rest[..length] {
                    *self = Self::Other;
                    return true;
                }
                if length < rest.len() {
                    *self = Self::Beginning(seen + length);
                    return true;
                }
                let mut count = Box::new(Count::new());
                let may_pass = count.may_pass(&bytes[length..]);
                *self = Self::Counted(count);
                may_pass
            }
        }
    }
}

impl Count {
    fn new() -> Self {
        Self { head: [0; HEAD], length: 0, payload: 0, credit: CREDIT, counted_from: Instant::now() }
    }

    fn may_pass(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let skipped = self.payload.min(bytes.len());
            self.payload -= skipped;
            bytes = &bytes[skipped..];
            let taken = (HEAD - self.length).min(bytes.len());
            self.head[self.length..self.length + taken].copy_from_slice(&bytes[..taken]);
            self.length += taken;
            bytes = &bytes[taken..];
            if self.length == HEAD {
                self.length = 0;
                let [a, b, c, kind, ..] = self.head;
                self.payload = u32::from_be_bytes([0, a, b, c]) as usize;
                if !self.charge(kind) {
                    return false;
                }
            }
        }
        true
    }

    fn charge(&mut self, kind: u8) -> bool {
        let cost = match kind {
            DATA | CONTINUATION => return true,
            HEADERS => {
                self.credit = (self.credit + A_REQUEST).min(CREDIT);
                return true;
            }
            RST_STREAM => A_RESET,
            _ => 1,
        };
        if self.credit < cost {
            self.forgive();
        }
        let left = self.credit.checked_sub(cost);
        self.credit = left.unwrap_or_default();
        left.is_some()
    }

    /// What time forgives is looked up only when it is needed.
    fn forgive(&mut self) {
        let now = Instant::now();
        let passed = (now - self.counted_from).as_millis() / ONE_EACH.as_millis();
        let more = u32::try_from(passed).unwrap_or(CREDIT).min(CREDIT);
        self.credit = (self.credit + more).min(CREDIT);
        self.counted_from = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: u8 = 6;

    fn frame(kind: u8, payload: usize) -> Vec<u8> {
        let mut bytes = (payload as u32).to_be_bytes()[1..].to_vec();
        bytes.extend([kind, 0, 0, 0, 0, 0]);
        bytes.resize(HEAD + payload, 0);
        bytes
    }

    fn http2() -> Frames {
        let mut frames = Frames::new();
        assert!(frames.may_pass(PREFACE));
        frames
    }

    /// How many of them pass in a row, up to 100,000.
    fn passing(frames: &mut Frames, bytes: &[u8]) -> usize {
        (0..100_000).take_while(|_| frames.may_pass(bytes)).count()
    }

    #[tokio::test(start_paused = true)]
    async fn frames_that_ask_for_nothing_come_to_an_end() {
        // SETTINGS, PING, GOAWAY, WINDOW_UPDATE, PRIORITY, and one of no known kind.
        for kind in [4, PING, 7, 8, 2, 0xbb] {
            assert_eq!(passing(&mut http2(), &frame(kind, 8)), 400, "{kind}");
        }
        assert_eq!(passing(&mut http2(), &frame(RST_STREAM, 4)), 80);
        let reset = [frame(HEADERS, 30), frame(RST_STREAM, 4)].concat();
        assert!((350..=400).contains(&passing(&mut http2(), &reset)), "requests that are all given up");
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_may_go_on() {
        let request =
            [frame(HEADERS, 30), frame(DATA, 300), frame(8, 4), frame(8, 4), frame(PING, 8)].concat();
        assert_eq!(passing(&mut http2(), &request), 100_000);
        let mut quiet = http2();
        for _ in 0..20_000 {
            assert!(quiet.may_pass(&frame(PING, 8)), "a ping a second is nobody's flood");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_may_come_in_any_pieces() {
        let bytes =
            [&PREFACE[..], &frame(PING, 8).repeat(400), &frame(HEADERS, 500), &frame(PING, 8)].concat();
        for size in [1, 2, 7, 9, 23, 24, 25, 4096] {
            let mut frames = Frames::new();
            assert!(bytes.chunks(size).all(|piece| frames.may_pass(piece)), "{size}");
            assert_eq!(passing(&mut frames, &frame(PING, 8)), 3, "{size}: what the request brought back");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn http1_is_not_counted() {
        for begin in [&b"GET / HTTP/1.1\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nXX", b"P"] {
            let mut frames = Frames::new();
            assert!(frames.may_pass(begin));
            assert_eq!(passing(&mut frames, &frame(PING, 8)), 100_000);
        }
    }
}
