//! Which threads go first when there is more to do than processors: those that verify.

use std::cell::Cell;

/// How far a thread stands back: it gets a third of what one that verifies gets, if both want the same processor.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

thread_local!(static STANDS_BACK: Cell<bool> = const { Cell::new(false) });

/// Lets the present thread stand back behind those that verify, for good: for what takes long and may wait, such as
/// pages and passwords.
pub fn stand_back() {
    if STANDS_BACK.replace(true) {
        return;
    }
    // Elsewhere it would be the whole process.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        // Where it may not be, all threads are alike, as before.
        let _ = getpriority_process(None).and_then(|now| setpriority_process(None, (now + NICE).min(19)));
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;

    #[test]
    fn only_the_thread_that_asks_stands_back_and_once() {
        let before = getpriority_process(None).unwrap();
        let there = std::thread::spawn(|| {
            stand_back();
            stand_back();
            getpriority_process(None).unwrap()
        });
        assert_eq!(there.join().unwrap(), (before + NICE).min(19));
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
