//! The log of the server, on standard error.

use super::*;
use crate::settings::filter_of;

/// Starts the log, which a thread of its own writes until the guard is dropped. A slow reader loses lines and holds no
/// verification up.
pub(super) fn log_to_stderr(settings: &Settings) -> WorkerGuard {
    let mut filter = EnvFilter::new(filter_of(&settings.log_level));
    if settings.server.access_log.is_some() {
        filter = filter.add_directive(ACCESS.parse().expect("it is a directive"));
    }
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let log = tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(filter);
    match settings.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    guard
}

/// Makes each panic one line of the log, and with RUST_BACKTRACE a backtrace behind it.
pub(super) fn log_panics() {
    let usual = std::panic::take_hook();
    let backtrace = std::env::var_os("RUST_BACKTRACE").is_some_and(|wanted| wanted != "0");
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string);
        let thread = std::thread::current();
        let text = panic.payload_as_str().map_or_else(|| "a panic".to_owned(), one_line);
        tracing::error!(place, thread = thread.name(), "a fault in Latchkey itself: {text:?}");
        if backtrace {
            usual(panic);
        }
    }));
}
