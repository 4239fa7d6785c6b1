//! The sources of values, and which of them wins.

use super::KNOWN;
use super::names::{find, guess, is_kubernetes};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

const PREFIX: &str = "LATCHKEY_";
/// Names the settings file; not itself a setting.
pub(super) const CONFIG_VARIABLE: &str = "LATCHKEY_CONFIG";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The default.
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
    /// An unknown name.
    #[error("{place}: there is no setting {name}; {hint}")]
    Unknown {
        /// The file or the environment.
        place: String,
        /// The name as it stands there.
        name: String,
        /// The known name that is most like it, or how to list all names.
        hint: String,
    },
    /// A table in the settings file.
    #[error("{place}: {name} is a table; settings stand at the top level, without tables")]
    Table {
        /// The file.
        place: String,
        /// The name of the table.
        name: String,
    },
    /// A value that does not fit.
    #[error("{name}{}: {why}", set_by(.origin))]
    Invalid {
        /// The setting.
        name: &'static str,
        /// The source of the value.
        origin: Source,
        /// What is wrong and what would do.
        why: String,
    },
    /// Bytes that are no text.
    #[error("{0}: is not UTF-8; give a value, or a path, that is")]
    NotText(String),
    /// A file that cannot be read.
    #[error("{named_by}: cannot read {path}: {why}")]
    Unreadable {
        /// The flag or variable that names the file.
        named_by: String,
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// A variable and its `_FILE` twin.
    #[error("{0} and {0}_FILE are both set; keep one of them")]
    Both(String),
}

/// Names the source in a message, unless it is the default.
fn set_by(origin: &Source) -> String {
    match origin {
        Source::Default => String::new(),
        origin => format!(" (from {origin})"),
    }
}

/// All settings as texts, each with its source.
#[derive(Clone, Debug)]
pub struct Layers(BTreeMap<&'static str, (String, Source)>);

impl Layers {
    /// Reads all layers; a later one wins: defaults, the file, the environment, the flags.
    ///
    /// # Errors
    /// A name is unknown, or a file cannot be read.
    pub fn load(
        config: Option<&Path>,
        environment: impl Iterator<Item = (OsString, OsString)>,
        flags: Vec<(&'static str, &'static str, String)>,
    ) -> Result<Self, SettingsError> {
        let (environment, named) = ours(environment)?;
        let mut layers =
            Self(KNOWN.iter().map(|k| (k.name, (k.default.to_owned(), Source::Default))).collect());
        let named = named.map(|path| (path, CONFIG_VARIABLE));
        if let Some((path, named_by)) = config.map(|path| (path.to_owned(), "--config")).or(named) {
            layers.add_file(&path, named_by)?;
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

    /// Every setting as a line of the settings file, with secrets hidden and the source behind it.
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

    fn add_file(&mut self, path: &Path, named_by: &str) -> Result<(), SettingsError> {
        let unreadable = |why: String| SettingsError::Unreadable {
            named_by: named_by.to_owned(),
            path: path.display().to_string(),
            why,
        };
        let text = std::fs::read_to_string(path).map_err(|e| unreadable(e.to_string()))?;
        // The parser's message shows the line, which may hold a secret, so only the line's number is told.
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| {
            let line = e.span().map_or(1, |s| text[..s.start].matches('\n').count() + 1);
            unreadable(format!("line {line} is not TOML ({})", e.message()))
        })?;
        for (name, value) in table {
            let place = path.display().to_string();
            if is_table(&value) {
                return Err(SettingsError::Table { place, name });
            }
            let Some(known) = find(&name) else {
                return Err(SettingsError::Unknown { place, hint: hint(guess(&name)), name });
            };
            let origin = Source::File(path.to_owned());
            match as_text(&value) {
                Some(text) => self.0.insert(known.name, (text, origin)),
                None => {
                    let why = "takes a text, a number, true or false, or a list of texts".to_owned();
                    return Err(SettingsError::Invalid { name: known.name, origin, why });
                }
            };
        }
        Ok(())
    }

    fn add_environment(&mut self, environment: &BTreeMap<String, String>) -> Result<(), SettingsError> {
        for (variable, value) in environment {
            let name = variable[PREFIX.len()..].to_ascii_lowercase();
            let (known, value) = match (find(&name), name.strip_suffix("_file").and_then(find)) {
                (Some(known), _) => (known, value.clone()),
                (None, Some(known)) if known.secret => {
                    let plain = variable.trim_end_matches("_FILE");
                    if environment.contains_key(plain) {
                        return Err(SettingsError::Both(plain.to_owned()));
                    }
                    (known, read_secret(variable, value)?)
                }
                _ if is_kubernetes(&variable[PREFIX.len()..], value) => continue,
                _ => {
                    let nearest = guess(&name).map(|name| format!("{PREFIX}{}", name.to_ascii_uppercase()));
                    return Err(SettingsError::Unknown {
                        place: "environment".to_owned(),
                        name: variable.clone(),
                        hint: hint(nearest.as_deref()),
                    });
                }
            };
            self.0.insert(known.name, (value, Source::Environment(variable.clone())));
        }
        Ok(())
    }
}

/// The variables of Latchkey, and the settings file that one of them names. An empty `LATCHKEY_CONFIG` names none.
fn ours(
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<(BTreeMap<String, String>, Option<PathBuf>), SettingsError> {
    let mut config = None;
    let mut all = BTreeMap::new();
    for (name, value) in environment.filter(|(name, _)| name.to_string_lossy().starts_with(PREFIX)) {
        if name == CONFIG_VARIABLE {
            config = (!value.is_empty()).then(|| PathBuf::from(value));
            continue;
        }
        // A name that is not UTF-8 is no setting, and is reported as well as it can be shown.
        let name = name.into_string().unwrap_or_else(|name| name.to_string_lossy().into_owned());
        let value = value.into_string().map_err(|_| SettingsError::NotText(name.clone()))?;
        all.insert(name, value);
    }
    Ok((all, config))
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "`latchkey config` lists those that there are".to_owned(),
        |nearest| format!("did you mean {nearest}?"),
    )
}

fn read_secret(variable: &str, path: &str) -> Result<String, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|e| SettingsError::Unreadable {
        named_by: variable.to_owned(),
        path: path.to_owned(),
        why: e.to_string(),
    })?;
    Ok(text.trim().to_owned())
}

fn is_table(value: &toml::Value) -> bool {
    match value {
        toml::Value::Table(_) => true,
        toml::Value::Array(items) => items.iter().any(toml::Value::is_table),
        _ => false,
    }
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
