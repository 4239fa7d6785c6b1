//! `log_level`: a level, and with commas behind it other levels for parts of the program.

use super::names::nearest;
use tracing_subscriber::filter::EnvFilter;

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// Checks it. The filter's own parser takes a word that is no level for the name of a part, and silences all
/// others, errors too: so every word is looked at here.
pub(super) fn log_level(value: &str) -> Result<String, String> {
    let (mut rest, mut parts) = (0, Vec::new());
    for part in value.split(',').map(str::trim) {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level);
        let folded = level.to_ascii_lowercase();
        if !LEVELS.contains(&folded.as_str()) {
            return Err(wrong(&folded));
        }
        rest += usize::from(part.len() == level.len());
        parts.push(format!("{}{folded}", &part[..part.len() - level.len()]));
    }
    let value = parts.join(",");
    if rest != 1 || value.parse::<EnvFilter>().is_err() {
        return Err(wrong(""));
    }
    Ok(value)
}

fn wrong(level: &str) -> String {
    let levels = "takes error, warn, info, debug, trace or off, and with commas behind it levels of parts, such \
                  as info,hyper=warn";
    // Longer names of levels that other programs know.
    let others = [
        ("warning", "warn"),
        ("critical", "error"),
        ("fatal", "error"),
        ("verbose", "debug"),
        ("none", "off"),
    ];
    let meant = nearest(level, LEVELS.iter().map(|level| (*level, *level)).chain(others));
    meant
        .filter(|_| !level.is_empty())
        .map_or_else(|| levels.to_owned(), |meant| format!("{levels}; did you mean {meant}?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("info", "info")]
    #[case("WARN", "warn")]
    #[case("off", "off")]
    #[case("info, hyper=warn", "info,hyper=warn")]
    #[case("latchkey::mail=trace,error", "latchkey::mail=trace,error")]
    fn levels_are_taken(#[case] value: &str, #[case] taken: &str) {
        assert_eq!(log_level(value).as_deref(), Ok(taken));
    }

    #[rstest]
    #[case("warning", "did you mean warn?")]
    #[case("inf", "did you mean info?")]
    #[case("critical", "did you mean error?")]
    #[case("nonsense", "takes error, warn, info, debug, trace or off")]
    #[case("", "takes error")]
    #[case("info,warn", "takes error")]
    #[case("hyper=debug", "takes error")]
    #[case("info,hyper=loud", "takes error")]
    #[case("info,hyper", "takes error")]
    #[case("3", "takes error")]
    fn what_would_silence_errors_is_refused(#[case] value: &str, #[case] says: &str) {
        let error = log_level(value).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}
