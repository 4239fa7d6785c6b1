//! Where values come from, and which of them wins.

use super::{KNOWN, Known};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

const PREFIX: &str = "LATCHKEY_";
/// Names the settings file; not itself a setting.
pub(super) const CONFIG_VARIABLE: &str = "LATCHKEY_CONFIG";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The settings file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => path.display().fmt(f),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// What is wrong with the settings, and what to do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A name nobody knows.
    #[error("{place}: there is no setting {name}; did you mean {nearest}?")]
    Unknown {
        /// The file or the environment.
        place: String,
        /// The name as it stands there.
        name: String,
        /// The known name that is most like it.
        nearest: String,
    },
    /// A value that does not fit.
    #[error("{name} (from {origin}): {why}")]
    Invalid {
        /// The setting.
        name: &'static str,
        /// Where the value came from.
        origin: String,
        /// What is wrong and what would do.
        why: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// A variable and its `_FILE` twin.
    #[error("{0} and {0}_FILE are both set; keep one of them")]
    Both(String),
}

/// All settings as text, each with its source.
#[derive(Clone, Debug)]
pub struct Layers(BTreeMap<&'static str, (String, Source)>);

impl Layers {
    /// Puts the layers on each other: defaults, the file, the environment, the flags.
    ///
    /// # Errors
    /// A name is unknown, or a file cannot be read.
    pub fn load(
        config: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        flags: Vec<(&'static str, &'static str, String)>,
    ) -> Result<Self, SettingsError> {
        let environment: BTreeMap<String, String> =
            environment.filter(|(name, _)| name.starts_with(PREFIX)).collect();
        let mut layers =
            Self(KNOWN.iter().map(|k| (k.name, (k.default.to_owned(), Source::Default))).collect());
        let config =
            config.map(Path::to_owned).or_else(|| environment.get(CONFIG_VARIABLE).map(PathBuf::from));
        if let Some(path) = config {
            layers.add_file(&path)?;
        }
        layers.add_environment(&environment)?;
        for (name, flag, value) in flags {
            layers.0.insert(name, (value, Source::Flag(flag)));
        }
        Ok(layers)
    }

    /// A setting and its source.
    pub(super) fn get(&self, name: &'static str) -> (&str, &Source) {
        let (value, source) = &self.0[name];
        (value, source)
    }

    /// Every setting as a line of the settings file, secrets hidden, with its source behind it.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        KNOWN
            .iter()
            .map(|known| {
                let (value, source) = self.get(known.name);
                let shown = match (known.secret, value) {
                    (true, "") if known.name == "smtp_password" => "",
                    (true, "") => "(in the data directory)",
                    (true, _) => "(hidden)",
                    (false, value) => value,
                };
                format!("{} = {}  # {source}", known.name, toml::Value::String(shown.to_owned()))
            })
            .collect()
    }

    fn add_file(&mut self, path: &Path) -> Result<(), SettingsError> {
        let unreadable = |why: String| SettingsError::Unreadable { path: path.display().to_string(), why };
        let text = std::fs::read_to_string(path).map_err(|e| unreadable(e.to_string()))?;
        // The message of the parser shows the line, which may hold a secret: only its place is kept.
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| {
            let line = e.span().map_or(1, |s| text[..s.start].matches('\n').count() + 1);
            unreadable(format!("line {line} is not TOML ({})", e.message()))
        })?;
        for (name, value) in table {
            let known = find(&name).ok_or_else(|| SettingsError::Unknown {
                place: path.display().to_string(),
                nearest: nearest(&name).name.to_owned(),
                name: name.clone(),
            })?;
            let origin = Source::File(path.to_owned());
            let text = as_text(&value).ok_or_else(|| SettingsError::Invalid {
                name: known.name,
                origin: origin.to_string(),
                why: "takes a text, a number, true or false, or a list of texts".to_owned(),
            })?;
            self.0.insert(known.name, (text, origin));
        }
        Ok(())
    }

    fn add_environment(&mut self, environment: &BTreeMap<String, String>) -> Result<(), SettingsError> {
        for (variable, value) in environment.iter().filter(|(v, _)| *v != CONFIG_VARIABLE) {
            let name = variable[PREFIX.len()..].to_ascii_lowercase();
            let (known, value) = match (find(&name), name.strip_suffix("_file").and_then(find)) {
                (Some(known), _) => (known, value.clone()),
                (None, Some(known)) if known.secret => {
                    let plain = variable.trim_end_matches("_FILE");
                    if environment.contains_key(plain) {
                        return Err(SettingsError::Both(plain.to_owned()));
                    }
                    (known, read_secret(value)?)
                }
                _ => {
                    return Err(SettingsError::Unknown {
                        place: "environment".to_owned(),
                        name: variable.clone(),
                        nearest: format!("{PREFIX}{}", nearest(&name).name.to_ascii_uppercase()),
                    });
                }
            };
            self.0.insert(known.name, (value, Source::Environment(variable.clone())));
        }
        Ok(())
    }
}

fn find(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|k| k.name == name)
}

fn nearest(name: &str) -> &'static Known {
    let distance = |k: &&Known| strsim::damerau_levenshtein(k.name, name);
    KNOWN.iter().min_by_key(distance).expect("there are settings")
}

fn read_secret(path: &str) -> Result<String, SettingsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| SettingsError::Unreadable { path: path.to_owned(), why: e.to_string() })?;
    Ok(text.trim().to_owned())
}

fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(toml::Value::as_str).collect();
            items.map(|i| i.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}
