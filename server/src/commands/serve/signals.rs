//! Signals: three end the server, one has it read its certificate anew, and no other does anything to it.

use rustix::process::Signal as Number;
use std::io;
use std::ops::RangeInclusive;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What would end a process that does not listen for them, though nobody asks it to stop. SIGPIPE is ignored
/// from the start of any program in Rust; those of a fault in the program itself are left as they are.
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
/// Those without names; the first ones belong to the C library.
const REALTIME: RangeInclusive<i32> = 35..=64;

/// The signals that mean something.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    /// Listens from now on, within a runtime. A handler that stands once stays for good.
    pub(super) fn listen() -> io::Result<Self> {
        for number in HARMLESS {
            let _ = signal(SignalKind::from_raw(number.as_raw()))?;
        }
        for number in REALTIME {
            // Which of them there are differs from system to system.
            let _ = signal(SignalKind::from_raw(number));
        }
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: Some(signal(SignalKind::hangup())?),
        })
    }

    /// What asks for the certificate to be read anew, for who does that; once.
    pub(super) fn hangup(&mut self) -> Option<Signal> {
        self.hangup.take()
    }

    /// Returns when the server is asked to stop, also if that was a while ago.
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.quit.recv() => {}
        }
    }
}
