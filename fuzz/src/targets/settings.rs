//! Property: no settings file or environment makes the start panic; an error never shows a secret; what
//! `latchkey config` prints can be read again and means the same.

use latchkey::settings::{Layers, Settings, SettingsError};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;

/// In memory where that can be had: each input is written twice.
static DIR: LazyLock<TempDir> = LazyLock::new(|| {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory can be made")
});

/// The file, then a line of `=====`, then the environment.
pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (file, environment) = text.split_once("\n=====\n").unwrap_or((&text, ""));
    let path = DIR.path().join("latchkey.toml");
    let Ok(layers) = load(&path, file, environment) else { return };
    let parsed = Settings::parse(&layers).map(|_| ());
    if let Err(SettingsError::Invalid { name: "pepper" | "sealing_key", why, .. }) = &parsed {
        assert_eq!(why, "takes 64 hexadecimal digits (`openssl rand -hex 32` makes some)");
    }
    // Secrets are hidden, so they cannot come back.
    let shown: Vec<String> = layers.lines().into_iter().filter(|line| !is_secret(line)).collect();
    let again = load(&path, &shown.join("\n"), "").expect("what is printed can be read");
    let values = |lines: &[String]| -> Vec<String> {
        lines.iter().map(|line| line.rsplit_once("  # ").map_or("", |(value, _)| value).to_owned()).collect()
    };
    let lines: Vec<String> = again.lines().into_iter().filter(|line| !is_secret(line)).collect();
    assert_eq!(values(&lines), values(&shown));
    if parsed.is_ok() {
        assert!(Settings::parse(&again).is_ok());
    }
}

fn load(path: &Path, file: &str, environment: &str) -> Result<Layers, SettingsError> {
    fs::write(path, file).expect("the file can be written");
    // Variables that name files would read what lies on this machine.
    let pairs = environment.lines().filter_map(|line| line.split_once('='));
    let pairs = pairs.filter(|(name, _)| !name.ends_with("_FILE") && *name != "LATCHKEY_CONFIG");
    Layers::load(Some(path), pairs.map(|(name, value)| (name.into(), value.into())), Vec::new())
}

fn is_secret(line: &str) -> bool {
    line.starts_with("pepper = ") || line.starts_with("sealing_key = ")
}
