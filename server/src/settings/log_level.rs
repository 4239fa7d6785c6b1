//! `log_level`: a level, and with commas behind it levels for parts of the program.

use super::names::nearest;
use tracing_subscriber::filter::EnvFilter;

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// Checks the setting, word by word: the filter's own parser would read a word that is no level as the name of a part, and
/// silence everything else, errors included.
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

/// The crates of the program; a part named `latchkey` means all of them.
const CRATES: [&str; 6] = ["latchkey", "service", "store_sqlite", "store", "domain", "app"];
/// Parts that have become crates or parts of other crates, with their names now.
const MOVED: [(&str, &str); 11] = [
    ("store::sqlite", "store_sqlite"),
    ("store", "store"),
    ("store", "store_sqlite"),
    ("accounts", "service::accounts"),
    ("events", "service::events"),
    ("keys", "service::keys"),
    ("notices", "service::notices"),
    ("verify", "service::verify"),
    ("webhooks", "service::webhooks"),
    ("mail", "service::mail"),
    ("domain", "domain"),
];

/// Returns the filter that a setting means: parts of the program are named as they were before it became several
/// crates, or as the log names them now.
pub fn filter_of(setting: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in setting.split(',') {
        let (name, level) = part.rsplit_once('=').map_or((None, part), |(name, level)| (Some(name), level));
        match name {
            Some("latchkey") => parts.extend(CRATES.map(|name| format!("{name}={level}"))),
            Some(name) => {
                parts.push(part.to_owned());
                let inner = name.strip_prefix("latchkey::").unwrap_or_default();
                let moved = MOVED.iter().filter_map(|(old, new)| {
                    let rest = inner.strip_prefix(old)?;
                    (rest.is_empty() || rest.starts_with("::")).then(|| format!("{new}{rest}={level}"))
                });
                parts.extend(moved);
            }
            None => parts.push(part.to_owned()),
        }
    }
    parts.join(",")
}

fn wrong(level: &str) -> String {
    let levels = "takes error, warn, info, debug, trace or off, and with commas behind it levels of parts, such \
                  as info,hyper=warn";
    // Names of levels in other programs.
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
    #[case("info", "info")]
    #[case("info,hyper=warn", "info,hyper=warn")]
    #[case(
        "error,latchkey=warn",
        "error,latchkey=warn,service=warn,store_sqlite=warn,store=warn,domain=warn,app=warn"
    )]
    #[case("error,latchkey::events=warn", "error,latchkey::events=warn,service::events=warn")]
    #[case(
        "warn,latchkey::store::sqlite::open=debug",
        "warn,latchkey::store::sqlite::open=debug,store_sqlite::open=debug,store::sqlite::open=debug,store_sqlite::sqlite::open=debug"
    )]
    #[case("info,latchkey::keystore=off", "info,latchkey::keystore=off")]
    #[case("info,service::verify=debug", "info,service::verify=debug")]
    fn parts_are_known_by_their_old_names(#[case] setting: &str, #[case] filter: &str) {
        assert_eq!(filter_of(setting), filter);
        assert!(filter.parse::<EnvFilter>().is_ok());
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
