//! Signals: TERM, INT and QUIT stop the server, HUP makes it read its certificate again, and others have no effect.

use rustix::process::Signal as Number;
use std::io;
use std::ops::RangeInclusive;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that end a process by default although they do not ask it to stop. Rust ignores SIGPIPE by itself; signals of a
/// fault in the program keep their effect.
const HARMLESS: [Number; 10] = [
    Number::USR1,
    Number::USR2,
    Number::ALARM,
    Number::VTALARM,
    Number::PROF,
    Number::IO,
    Number::POWER,
    Number::STKFLT,
    Number::XCPU,
    Number::XFSZ,
];
/// Real-time signals, without the first ones, which belong to the C library.
const REALTIME: RangeInclusive<i32> = 35..=64;

/// The signals that have an effect.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    /// Listens from now on, within a runtime. The handlers stay for good.
    pub(super) fn listen() -> io::Result<Self> {
        for number in HARMLESS {
            let _ = signal(SignalKind::from_raw(number.as_raw()))?;
        }
        for number in REALTIME {
            // Not every system has all of them.
            let _ = signal(SignalKind::from_raw(number));
        }
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: Some(signal(SignalKind::hangup())?),
        })
    }

    /// Takes the stream of HUP signals; `None` from the second call on.
    pub(super) fn hangup(&mut self) -> Option<Signal> {
        self.hangup.take()
    }

    /// Waits until the server is asked to stop; returns at once if it was asked before.
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.quit.recv() => {}
        }
    }
}
