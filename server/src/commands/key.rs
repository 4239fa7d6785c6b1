//! `latchkey key …`

mod ask;
mod say;

use super::control::{
    KeyDetails, KeyLine, KeyLines, KeyReply, KeyRequest, RevokedKey, ShownToken, VerbReply, VerbRequest,
    WhichKey, ask,
};
use super::out::{print, remark};
use super::{Common, Ended, Failure};
use crate::settings::Settings;
use ask::{confirm, read_token};
use clap::{Args, Subcommand};
use domain::token::Shape;
use serde::Serialize;

/// No key is the one that was asked for.
const NO_SUCH_KEY: u8 = 3;
/// The key was deleted already.
const DELETED_ALREADY: u8 = 4;
/// The question was answered with no.
const DECLINED: u8 = 5;
/// The command line is wrong in a way that clap cannot see.
const WRONG_USAGE: u8 = 2;

const EXIT_CODES: &str = "Exit codes: 0 done or found, 1 it failed, 2 wrong usage, 3 no such key, 4 deleted already \
                          (revoke), 5 the question was answered with no (revoke)";

#[derive(Subcommand)]
pub(super) enum Verb {
    /// List the keys that are not deleted, the newest first, at most 50
    #[command(after_help = EXIT_CODES)]
    List {
        /// Those of this user
        #[arg(long, value_name = "NAME")]
        username: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Find keys, deleted ones too, by what is known of them; at most 50
    #[command(after_help = EXIT_CODES)]
    Find {
        #[command(flatten)]
        known: Known,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Show a key: its rule, its uses, its refusals and its history
    #[command(after_help = EXIT_CODES)]
    Show {
        #[command(flatten)]
        which: Which,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Delete a key for good: it is refused from the next request on, and its user is told
    #[command(after_help = EXIT_CODES)]
    Revoke {
        #[command(flatten)]
        which: Which,
        /// Why; its user reads it
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Without the question
        #[arg(long)]
        yes: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
}

/// What is known of a key.
#[derive(Args)]
pub(super) struct Known {
    /// An id, what lists show of a token (lkd_abcd…wxyz, or a part of it), or a part of the description
    #[arg(required_unless_present_any = ["token_from_stdin", "username"])]
    text: Option<String>,
    /// Read a whole token from standard input, present or old; it never belongs into a command line
    #[arg(long, conflicts_with = "text")]
    token_from_stdin: bool,
    /// Those of this user
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
}

/// The one key that is meant.
#[derive(Args)]
pub(super) struct Which {
    /// Its id
    #[arg(required_unless_present = "token_from_stdin")]
    id: Option<String>,
    /// Read its token from standard input, present or old; it never belongs into a command line
    #[arg(long, conflicts_with = "id")]
    token_from_stdin: bool,
    /// Whose SMPP secret it is, where two users have the same
    #[arg(long, value_name = "NAME", conflicts_with = "id")]
    username: Option<String>,
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List { username, json, common } => {
            let settings = common.settings()?;
            refuse_token(&settings, username.as_deref())?;
            let lines = find(&settings, KeyRequest::List { username }, json)?;
            if lines.keys.is_empty() && !json {
                remark("There is no such key; only customers generate keys, in their pages.");
                return Ok(());
            }
            list(&lines, json)
        }
        Verb::Find { known, json, common } => {
            let settings = common.settings()?;
            let lines = find(&settings, known.request(&settings)?, json)?;
            list(&lines, json)?;
            if lines.keys.is_empty() {
                return Err(Ended::failure(NO_SUCH_KEY, "no key was found"));
            }
            Ok(())
        }
        Verb::Show { which, json, common } => {
            let settings = common.settings()?;
            let key = show(&settings, which.read(&settings)?)?;
            if json { print_json(&key) } else { print(say::details(&key)) }
        }
        Verb::Revoke { which, reason, yes, json, common } => {
            let settings = common.settings()?;
            refuse_token(&settings, Some(&reason))?;
            let which = which.read(&settings)?;
            let key = if yes { which } else { ask_first(&settings, which)? };
            revoke(&settings, key, reason, json)
        }
    }
}

impl Known {
    fn request(self, settings: &Settings) -> Result<KeyRequest, Failure> {
        let Self { text, token_from_stdin, username } = self;
        refuse_token(settings, text.as_deref())?;
        refuse_token(settings, username.as_deref())?;
        Ok(match token_from_stdin {
            true => KeyRequest::FindToken(ShownToken { token: read_token()?, username }),
            false => KeyRequest::Find { text, username },
        })
    }
}

impl Which {
    fn read(self, settings: &Settings) -> Result<WhichKey, Failure> {
        let Self { id, username, .. } = self;
        refuse_token(settings, id.as_deref())?;
        refuse_token(settings, username.as_deref())?;
        Ok(match id {
            Some(id) => WhichKey::Id(id),
            None => WhichKey::Token(ShownToken { token: read_token()?, username }),
        })
    }
}

/// Refuses an argument in which a whole token stands. Those of other forms are known to the server alone, which refuses
/// them too.
fn refuse_token(settings: &Settings, argument: Option<&str>) -> Result<(), Failure> {
    let is_token = |word: &str| {
        let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
        matches!(settings.token_format.shape(word), Some(Shape::Token(_)))
    };
    if argument.is_some_and(|text| text.split_whitespace().any(is_token)) {
        return Err(Ended::failure(
            WRONG_USAGE,
            "there is a whole token in the command line, which others read and shells keep: treat it as leaked, and pipe \
             it in with --token-from-stdin",
        ));
    }
    Ok(())
}

fn ask_keys(settings: &Settings, request: KeyRequest) -> Result<KeyReply, Failure> {
    match ask(settings, &VerbRequest::Key(request))? {
        VerbReply::Key(KeyReply::Refused(code, why)) => Err(Ended::failure(code, why)),
        VerbReply::Key(reply) => Ok(reply),
        _ => Err(other_version()),
    }
}

fn other_version() -> Failure {
    "the running server gave another answer; is it of another version?".into()
}

fn find(settings: &Settings, request: KeyRequest, json: bool) -> Result<KeyLines, Failure> {
    match ask_keys(settings, request) {
        Ok(KeyReply::Keys(lines)) => Ok(lines),
        Ok(_) => Err(other_version()),
        Err(error) => {
            let is_unknown = error.downcast_ref::<Ended>().is_some_and(|ended| ended.code == NO_SUCH_KEY);
            if json && is_unknown {
                print_json(&KeyLines::default())?;
            }
            Err(error)
        }
    }
}

fn list(lines: &KeyLines, json: bool) -> Result<(), Failure> {
    if json {
        return print_json(lines);
    }
    print(say::table(lines))?;
    lines.keys.iter().filter_map(say::found_by).for_each(remark);
    if lines.more > 0 {
        remark(say::more(lines));
    }
    Ok(())
}

fn show(settings: &Settings, key: WhichKey) -> Result<Box<KeyDetails>, Failure> {
    match ask_keys(settings, KeyRequest::Show(key))? {
        KeyReply::Key(key) => Ok(key),
        _ => Err(other_version()),
    }
}

/// Shows the key and asks whether it is meant; returns it by its id.
fn ask_first(settings: &Settings, which: WhichKey) -> Result<WhichKey, Failure> {
    let key = show(settings, which)?;
    let is_deleted = key.key.deleted_at.is_some();
    if !is_deleted && !confirm(&say::question(&key))? {
        return Err(Ended::failure(DECLINED, "the answer was no; nothing was changed"));
    }
    Ok(WhichKey::Id(key.key.id))
}

fn revoke(settings: &Settings, key: WhichKey, reason: String, json: bool) -> Result<(), Failure> {
    let KeyReply::Revoked(revoked) = ask_keys(settings, KeyRequest::Revoke { key, reason })? else {
        return Err(other_version());
    };
    let RevokedKey { key, .. } = &*revoked;
    if json {
        print_json(&revoked)?;
    }
    match (revoked.revoked, json) {
        (false, _) => Err(Ended::failure(DELETED_ALREADY, say::deleted_already(key))),
        (true, true) => Ok(()),
        (true, false) => print(say::revoked(&revoked)),
    }
}

fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(format_args!("{}\n", serde_json::to_string_pretty(value)?))
}
