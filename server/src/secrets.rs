//! Pepper and sealing key. They are in a file of the data directory that only its owner may read, or in the settings, and
//! never in the database.

use crate::settings::{Secret32, Settings};
use domain::sealing::SealingKey;
use domain::token::{Pepper, TokenHash};
use rand::TryRng;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use store::private;

/// Where they are in a data directory.
pub const FILE: &str = "secrets.toml";

/// Why the secrets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// There is a database, and its secrets are missing.
    #[error(
        "{0} is missing, and without it no key of this data directory can be recognised; put it back from \
         where you keep it, or set LATCHKEY_PEPPER_FILE and LATCHKEY_SEALING_KEY_FILE"
    )]
    Missing(String),
    /// The file is not as this program writes it.
    #[error("{0} is unreadable: {1}")]
    Unreadable(String, String),
    /// Everybody can read the file, and its mode cannot be changed.
    #[error(
        "{0} can be read by others, and its mode cannot be put back to 0600 here; keep the secrets in files \
         elsewhere and name them in LATCHKEY_PEPPER_FILE and LATCHKEY_SEALING_KEY_FILE, or mount the volume with a \
         mask (umask=077)"
    )]
    Open(String),
    /// The random generator failed.
    #[error("the system's random generator failed")]
    Generator,
}

/// The two secrets.
pub struct Secrets {
    /// Under which tokens are hashed.
    pub pepper: Pepper,
    /// With which tokens are sealed.
    pub sealing: SealingKey,
    /// A hash of both that the database keeps, so that other secrets are noticed.
    pub fingerprint: TokenHash,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretsFile {
    pepper: String,
    sealing_key: String,
}

impl Secrets {
    /// Reads the secrets, and makes them for a data directory that has no database yet. A file that others can read is
    /// closed to them.
    ///
    /// # Errors
    /// The secrets are missing beside a database, unreadable, or readable by everybody for good.
    pub fn load(settings: &Settings) -> Result<Self, SecretsError> {
        let path = settings.data_dir.join(FILE);
        if path.exists() {
            close_to_others(&path, settings)?;
        } else if Self::find(settings)?.is_none() {
            write_new(&path)?;
        }
        Self::find(settings)?.ok_or_else(|| unreadable(&path, &"it is gone"))
    }

    /// Reads the secrets and makes nothing; `None` for a data directory that has neither secrets nor a database.
    ///
    /// # Errors
    /// The secrets are missing beside a database, or unreadable.
    pub fn find(settings: &Settings) -> Result<Option<Self>, SecretsError> {
        Ok(Self::both(settings)?.map(|(pepper, sealing)| Self::new(&pepper, &sealing)))
    }

    /// Writes the secrets in force into a new file, as a data directory holds them; returns whether there are any.
    ///
    /// # Errors
    /// They cannot be read or not be written.
    pub fn write_copy(settings: &Settings, path: &Path) -> Result<bool, SecretsError> {
        let Some((pepper, sealing)) = Self::both(settings)? else { return Ok(false) };
        write(path, &SecretsFile { pepper: hex::encode(pepper.0), sealing_key: hex::encode(sealing.0) })?;
        Ok(true)
    }

    fn both(settings: &Settings) -> Result<Option<(Secret32, Secret32)>, SecretsError> {
        if let (Some(pepper), Some(sealing)) = (&settings.pepper, &settings.sealing_key) {
            return Ok(Some((pepper.clone(), sealing.clone())));
        }
        let path = settings.data_dir.join(FILE);
        if !path.exists() {
            let is_lost = settings.data_dir.join("latchkey.db").exists();
            return if is_lost { Err(SecretsError::Missing(path.display().to_string())) } else { Ok(None) };
        }
        let written = read(&path)?;
        let from_file = |text: &str| {
            let bytes = hex::decode(text).ok().and_then(|b| b.try_into().ok());
            bytes.map(Secret32).ok_or_else(|| unreadable(&path, &"a value is not 64 hexadecimal digits"))
        };
        let pepper = settings.pepper.clone().map_or_else(|| from_file(&written.pepper), Ok)?;
        let sealing = settings.sealing_key.clone().map_or_else(|| from_file(&written.sealing_key), Ok)?;
        Ok(Some((pepper, sealing)))
    }

    fn new(pepper: &Secret32, sealing: &Secret32) -> Self {
        let hashes = Pepper::new(&pepper.0);
        let fingerprint = hashes.hash(&format!("fingerprint of {}", hex::encode(sealing.0)));
        Self { pepper: hashes, sealing: SealingKey::new(&sealing.0), fingerprint }
    }
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> SecretsError {
    SecretsError::Unreadable(path.display().to_string(), why.to_string())
}

/// Takes away what others may do with the file. A volume may give it to a group at each mount (Kubernetes: `fsGroup`): if
/// that cannot be changed, it is a warning, because service matters more. A file that everybody may read is refused.
fn close_to_others(path: &Path, settings: &Settings) -> Result<(), SecretsError> {
    let is_used = settings.pepper.is_none() || settings.sealing_key.is_none();
    let left = private::close_to_others(path);
    if left & 0o007 != 0 && is_used {
        return Err(SecretsError::Open(path.display().to_string()));
    }
    if left != 0 && is_used {
        tracing::warn!(
            event = "secrets_readable",
            "{} can be read by its group; where that matters, keep the secrets in files elsewhere and name them in \
             LATCHKEY_PEPPER_FILE and LATCHKEY_SEALING_KEY_FILE",
            path.display()
        );
    }
    Ok(())
}

fn read(path: &Path) -> Result<SecretsFile, SecretsError> {
    let text = fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
    toml::from_str(&text).map_err(|e| unreadable(path, &e.message()))
}

fn write_new(path: &Path) -> Result<(), SecretsError> {
    let random = || {
        let mut bytes = [0_u8; 32];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(|_| SecretsError::Generator)?;
        Ok(hex::encode(bytes))
    };
    write(path, &SecretsFile { pepper: random()?, sealing_key: random()? })
}

fn write(path: &Path, written: &SecretsFile) -> Result<(), SecretsError> {
    let text = toml::to_string(written).map_err(|e| unreadable(path, &e))?;
    let comment = "# Without this file no key of this data directory can be recognised or shown.\n\
                   # Keep a copy apart from the backups of the database.\n";
    // Written under another name first, so that a crash does not leave half a secret behind.
    let draft = path.with_extension("draft");
    let write = || -> std::io::Result<()> {
        let _ = fs::remove_file(&draft);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(private::MODE).open(&draft)?;
        file.write_all(comment.as_bytes())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(|e| unreadable(path, &e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;
    use std::os::unix::fs::PermissionsExt;

    fn settings(dir: &Path) -> Settings {
        let flags = vec![("data_dir", "--data-dir", dir.display().to_string())];
        Settings::parse(&Layers::load(None, std::iter::empty(), flags).unwrap()).unwrap()
    }

    #[test]
    fn they_are_made_once_and_guarded() {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(dir.path());
        let first = Secrets::load(&settings).unwrap();
        let again = Secrets::load(&settings).unwrap();
        assert!(first.fingerprint == again.fingerprint);
        let path = dir.path().join(FILE);
        for mode in [0o600, 0o660, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(Secrets::load(&settings).unwrap().fingerprint == first.fingerprint, "{mode:o}");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_file(&path).unwrap();
        fs::write(dir.path().join("latchkey.db"), b"").unwrap();
        assert!(matches!(Secrets::load(&settings), Err(SecretsError::Missing(_))));
        assert!(!path.exists());
    }
}
