//! The priority of threads: those that verify go first when there is more to do than processors.

use std::cell::Cell;

/// How far a thread stands back. Beside a thread that verifies, it gets a third of the processor's time that one gets.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

thread_local!(static STANDS_BACK: Cell<bool> = const { Cell::new(false) });

/// Lowers the priority of the present thread for good, for work that takes long and may wait, such as pages and
/// passwords.
pub fn stand_back() {
    if STANDS_BACK.replace(true) {
        return;
    }
    // On other systems this would lower the whole process.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        // Where this is not permitted, all threads stay alike.
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
        #[expect(clippy::disallowed_methods, reason = "it is joined below")]
        let there = std::thread::spawn(|| {
            stand_back();
            stand_back();
            getpriority_process(None).unwrap()
        });
        assert_eq!(there.join().unwrap(), (before + NICE).min(19));
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
