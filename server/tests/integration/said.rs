//! What programs print for people.

use std::path::Path;
use std::process::Output;

/// Standard output.
pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error, which tells of no panic.
pub(crate) fn err(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// The one line for people at the end of a command that is refused, after what was logged.
pub(crate) fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = err(output);
    let said: Vec<_> = text.lines().filter(|line| line.starts_with("latchkey: ")).collect();
    assert_eq!(said.len(), 1, "{text}");
    assert_eq!(text.lines().last(), Some(said[0]), "it is the last one");
    said[0].to_owned()
}

/// A text with `[name]` in place of what differs from run to run.
pub(crate) fn without(text: &str, chances: &[(&str, &str)]) -> String {
    chances.iter().fold(text.to_owned(), |text, (chance, name)| text.replace(chance, &format!("[{name}]")))
}

/// A text with `[dir]` in place of a directory.
pub(crate) fn without_dir(text: &str, dir: &Path) -> String {
    without(text, &[(dir.to_str().unwrap(), "dir")])
}

/// A text with `[time]` in place of each point in time, such as 2026-11-27 04:10:12 UTC.
pub(crate) fn without_times(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let digits = word.trim_matches(|c: char| !c.is_ascii_digit());
        let is_time = digits.len() >= 8 && digits.split(['-', ':', '.']).count() >= 3;
        if is_time { word.replace(digits, "[time]") } else { word.to_owned() }
    });
    words.collect()
}
