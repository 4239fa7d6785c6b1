//! How long a test waits for what has to come: so long that the limit ends only a test that hangs, and never judges
//! a machine that stands still for some seconds.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// The limit of every wait whose length is not itself under test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// The most rounds of what has to be quick.
const ROUNDS: usize = 20;

/// Waits until this holds; fails with these words if it never does.
pub(crate) fn wait_until(what: &str, holds: impl FnMut() -> bool) {
    wait_or_tell(holds, || format!("not seen: {what}"));
}

/// Waits until this holds; fails with what `otherwise` returns if it never does.
pub(crate) fn wait_or_tell<T: Display>(mut holds: impl FnMut() -> bool, otherwise: impl FnOnce() -> T) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{}", otherwise());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The same beside a server in this process, which goes on meanwhile.
pub(crate) async fn wait_beside(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < end, "not seen: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Goes round until one round was quick enough. A limit of the server's own may have run out in a slower one, so that
/// one shows nothing.
pub(crate) fn quick_round<T>(most: Duration, mut round: impl FnMut() -> T) -> T {
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let seen = round();
        if begun.elapsed() < most {
            return seen;
        }
    }
    panic!("none of {ROUNDS} rounds took less than {most:?}");
}
