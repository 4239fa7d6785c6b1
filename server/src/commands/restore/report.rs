//! What a restore did, and what it cannot know.

use crate::commands::backup::Manifest;
use domain::counted::counted;
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use store_sqlite::{DoneSince, Happened, TouchedKey};

/// What `--json` prints; docs/backup.md lists it.
#[derive(Serialize)]
pub(super) struct Report {
    data_dir: PathBuf,
    /// Of the backup.
    moment: String,
    users: u64,
    keys: u64,
    uses: u64,
    /// Where the data are that were there before.
    kept: Option<PathBuf>,
    /// What was done since; `null` where the old data do not tell.
    since: Option<Since>,
    /// Why they do not.
    unknown: Option<String>,
}

#[derive(Serialize)]
struct Since {
    deleted: Vec<Key>,
    paused: Vec<Key>,
    rotated: Vec<Key>,
    latched: Vec<Key>,
    disabled: Vec<User>,
    removed: Vec<User>,
    passwords: Vec<User>,
    gateways: Vec<String>,
    keys_made: u64,
    users_made: u64,
}

#[derive(Serialize)]
struct Key {
    id: String,
    masked_token: String,
    username: String,
    at: String,
}

#[derive(Serialize)]
struct User {
    username: String,
    at: String,
}

impl Report {
    pub(super) fn of(
        dir: &Path,
        manifest: Manifest,
        kept: Option<PathBuf>,
        since: Option<Result<DoneSince, String>>,
    ) -> Self {
        let unknown = match &since {
            None => Some("no data were there before".to_owned()),
            Some(Err(why)) => Some(why.clone()),
            Some(Ok(_)) => None,
        };
        Self {
            data_dir: std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned()),
            moment: manifest.moment,
            users: manifest.users,
            keys: manifest.keys,
            uses: manifest.uses,
            kept,
            since: since.and_then(Result::ok).map(Into::into),
            unknown,
        }
    }

    /// The sentence on what was done, and the lists that follow from the old data.
    pub(super) fn said(&self) -> String {
        let mut text = format!(
            "{} holds the state of {}: {}, {} and {}\n",
            self.data_dir.display(),
            self.moment,
            counted(self.users, "user"),
            counted(self.keys, "key"),
            counted(self.uses, "use")
        );
        if let Some(kept) = &self.kept {
            let _ = writeln!(
                text,
                "what was there before is kept in {}; remove it when nobody misses it",
                kept.display()
            );
        }
        if let Some(since) = &self.since {
            since.tell(&mut text);
        }
        text
    }

    /// What nobody tells, for the eyes of the operator.
    pub(super) fn cautions(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "latchkey: what was done after {} is not in it. Keys that were deleted since pass again, users who were disabled \
             or removed are let in, keys latch anew to the first address, and the ends and allow-lists of keys, the roles of \
             users, tokens, passwords, second factors and sessions are those of then",
            self.moment
        )];
        lines.push(match &self.unknown {
            None => "latchkey: above stands what the data tell of it that were there; look through it before you start the server"
                .to_owned(),
            Some(why) => format!("latchkey: what of this was done is not known: {why}"),
        });
        lines
    }
}

impl Since {
    fn tell(&self, text: &mut String) {
        let keys = |text: &mut String, keys: &[Key], what: &str| {
            for key in keys {
                let Key { id, masked_token, username, at } = key;
                let _ = writeln!(text, "  {id}  {masked_token} of {username}, {what} {at}");
            }
        };
        head(
            text,
            self.deleted.len(),
            "key",
            "deleted since, pass again (`latchkey key revoke ID --reason TEXT`)",
        );
        keys(text, &self.deleted, "deleted");
        head(text, self.paused.len(), "key", "paused since, pass again");
        keys(text, &self.paused, "paused");
        head(text, self.rotated.len(), "key", "rotated since, have the token of before again");
        keys(text, &self.rotated, "rotated");
        head(
            text,
            self.latched.len(),
            "key",
            "latched since, latch anew to the first address that uses them",
        );
        keys(text, &self.latched, "latched");
        self.tell_of_others(text);
    }

    /// Of users and gateways, and what is gone.
    fn tell_of_others(&self, text: &mut String) {
        head(
            text,
            self.disabled.len(),
            "user",
            "disabled since, let in again (`latchkey user disable NAME`)",
        );
        users(text, &self.disabled, "disabled");
        let removed = "removed since, are there again (`latchkey user disable NAME`)";
        head(text, self.removed.len(), "user", removed);
        users(text, &self.removed, "removed");
        let passwords =
            "changed since, the password of before holds again (`latchkey user reset-password NAME`)";
        head(text, self.passwords.len(), "user", passwords);
        users(text, &self.passwords, "changed");
        head(
            text,
            self.gateways.len(),
            "gateway",
            "removed since, taken again (`latchkey gateway remove NAME`)",
        );
        self.gateways.iter().for_each(|name| {
            let _ = writeln!(text, "  {name}");
        });
        head(text, self.keys_made as usize, "key", "made since, gone");
        head(text, self.users_made as usize, "user", "made since, gone");
    }
}

/// What begins a list, if it is not empty.
fn head(text: &mut String, number: usize, noun: &str, what: &str) {
    if number > 0 {
        let _ = writeln!(text, "{what}: {}", counted(number as u64, noun));
    }
}

fn users(text: &mut String, users: &[User], what: &str) {
    for User { username, at } in users {
        let _ = writeln!(text, "  {username}, {what} {at}");
    }
}

impl From<DoneSince> for Since {
    fn from(since: DoneSince) -> Self {
        let keys = |keys: Vec<TouchedKey>| keys.into_iter().map(Into::into).collect();
        let users = |users: Vec<Happened>| users.into_iter().map(Into::into).collect();
        Self {
            deleted: keys(since.deleted),
            paused: keys(since.paused),
            rotated: keys(since.rotated),
            latched: keys(since.latched),
            disabled: users(since.disabled),
            removed: users(since.removed),
            passwords: users(since.passwords),
            gateways: since.gateways,
            keys_made: since.keys_made,
            users_made: since.users_made,
        }
    }
}

impl From<TouchedKey> for Key {
    fn from(key: TouchedKey) -> Self {
        Self {
            id: key.id.to_string(),
            masked_token: key.masked,
            username: key.username,
            at: key.at.rfc_3339(),
        }
    }
}

impl From<Happened> for User {
    fn from(user: Happened) -> Self {
        Self { username: user.username, at: user.at.rfc_3339() }
    }
}
