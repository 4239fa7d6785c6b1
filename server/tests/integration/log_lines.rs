//! The log of a server: its lines are found by the stable name of their event.

/// The lines that tell of an event.
pub(crate) fn lines_of(log: &str, event: &str) -> Vec<String> {
    let name = format!("event=\"{event}\"");
    log.lines().filter(|line| line.contains(&name)).map(str::to_owned).collect()
}

/// Whether a log tells of an event.
pub(crate) fn tells_of(log: &str, event: &str) -> bool {
    !lines_of(log, event).is_empty()
}

/// What a line says to people: what stands between its target and its fields.
pub(crate) fn message(line: &str) -> String {
    let (_, text) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
    text.split(" event=\"").next().unwrap_or(text).to_owned()
}
