//! Keys in words, for people.

use super::{KeyDetails, KeyLine, KeyLines, RevokedKey};
use domain::counted::counted;
use std::fmt::Write;

/// A list of keys, with the ids by which they are shown and revoked.
pub(super) fn table(lines: &KeyLines) -> String {
    if lines.keys.is_empty() {
        return String::new();
    }
    let width = |of: fn(&KeyLine) -> &str, least: usize| {
        lines.keys.iter().map(|key| of(key).chars().count()).max().unwrap_or(0).max(least)
    };
    let user = width(|key| &key.username, 4);
    let token = width(|key| &key.masked_token, 5);
    let mut text = format!(
        "{:36}  {:user$}  {:token$}  {:7}  {:13}  {:>10}  {:20}  DESCRIPTION\n",
        "ID", "USER", "TOKEN", "TYPE", "STATE", "USED", "LAST USED"
    );
    for key in &lines.keys {
        let _ = writeln!(
            text,
            "{:36}  {:user$}  {:token$}  {:7}  {:13}  {:>10}  {:20}  {}",
            key.id,
            key.username,
            key.masked_token,
            key.key_type,
            key.state,
            key.times_used,
            key.last_used_at.as_deref().unwrap_or("-"),
            plain(&key.description)
        );
    }
    text
}

/// How many keys a list leaves out.
pub(super) fn more(lines: &KeyLines) -> String {
    format!("and {} more; a longer text, or --username, finds fewer", lines.more)
}

/// What the token is to the key that was found by it.
pub(super) fn found_by(key: &KeyLine) -> Option<String> {
    let found = key.found_by_token.as_ref()?;
    let name = name(key);
    if !found.is_old {
        return Some(match &key.deleted_at {
            Some(at) => format!("it was the token of {name}, which was deleted at {at}"),
            None => format!("it is the present token of {name}"),
        });
    }
    let rotated = found.rotated_at.as_deref().unwrap_or("-");
    let until = found.passes_until.as_deref().unwrap_or("-");
    let passes = match (&key.deleted_at, found.overlaps) {
        (Some(at), _) => format!("the key was deleted at {at}"),
        (None, true) => format!("it passes too until {until}"),
        (None, false) => format!("it is refused as ROTATED since {until}"),
    };
    Some(format!("it is an old token of {name}, replaced at {rotated}; {passes}"))
}

/// A key in full.
pub(super) fn details(shown: &KeyDetails) -> String {
    let key = &shown.key;
    let mut text = format!("The key {}\n", name(key));
    let mut row = |what: &str, says: &str| {
        let _ = writeln!(text, "  {what:14}{}", plain(says));
    };
    row("id", &key.id);
    row("user", &user(key));
    row("type", &key.key_type);
    row("state", &state(key));
    row("token", &key.masked_token);
    row("created", &key.created_at);
    row("expires", key.expires_at.as_deref().unwrap_or("never"));
    row("rotated", &rotated(shown));
    row("lock", &lock(shown));
    row("allow list", &or_dash(&shown.allowed_ips.join(", ")));
    row("manages keys", if shown.manages_keys { "yes, through the API" } else { "no" });
    row("times used", uses(key).trim_start_matches("used "));
    if let Some(found) = found_by(key) {
        row("piped in", &found);
    }
    addresses(&mut text, shown);
    refused(&mut text, shown);
    history(&mut text, shown);
    text
}

fn addresses(text: &mut String, shown: &KeyDetails) {
    heading(text, "Used from", shown.addresses.is_empty());
    for from in &shown.addresses {
        let times = counted(from.times_used, "time");
        let _ = writeln!(
            text,
            "  {:40}{times}, first {}, last {}",
            from.address, from.first_used_at, from.last_used_at
        );
    }
    if shown.more_addresses > 0 {
        let _ =
            writeln!(text, "  and from {} more", plural(shown.more_addresses as u64, "address", "addresses"));
    }
}

fn refused(text: &mut String, shown: &KeyDetails) {
    heading(text, "Refused in the last 30 days", shown.refused.is_empty());
    for cause in &shown.refused {
        let _ = writeln!(
            text,
            "  {:40}{}, {} of them in 7 days, {} today",
            cause.code,
            counted(cause.days_30, "time"),
            cause.days_7,
            cause.today
        );
    }
}

fn history(text: &mut String, shown: &KeyDetails) {
    heading(text, "What was done to it, and through it", shown.history.is_empty());
    for line in &shown.history {
        let _ = write!(text, "  {}  {} by {}", line.at, line.action.replace('_', " "), plain(&line.actor));
        if let Some(address) = &line.address {
            let _ = write!(text, " from {address}");
        }
        match (&line.via_key_id, &line.key_id) {
            (Some(via), Some(of)) if *via == shown.key.id && *of != *via => {
                let _ = write!(text, ", through this key, to {of}");
            }
            (Some(via), _) if *via == shown.key.id => text.push_str(", through this key"),
            (Some(via), _) => {
                let _ = write!(text, ", through {via}");
            }
            (None, _) => {}
        }
        if !line.detail.is_empty() {
            let _ = write!(text, ": {}", plain(&line.detail));
        }
        text.push('\n');
    }
}

fn heading(text: &mut String, what: &str, is_empty: bool) {
    let _ = writeln!(text, "{what}{}", if is_empty { ": nothing" } else { ":" });
}

/// The question before a key is revoked.
pub(super) fn question(shown: &KeyDetails) -> String {
    let key = &shown.key;
    let mut text = format!("{}, {}, {}.\n", capital(&name(key)), state(key), uses(key));
    if let Some(found) = found_by(key) {
        let _ = writeln!(text, "{}.", capital(&found));
        if key.found_by_token.as_ref().is_some_and(|found| found.is_old) {
            text.push_str("Its present token is revoked with it.\n");
        }
    }
    text.push_str("Nobody can undo it. Revoke this key?");
    text
}

/// A key was revoked.
pub(super) fn revoked(revoked: &RevokedKey) -> String {
    let key = &revoked.key;
    let told = match revoked.told.as_slice() {
        [user] => format!("{user} is told"),
        told => format!("{} are told", told.join(" and ")),
    };
    let mut text = format!("{} is deleted and refused from now on; {told}; {}\n", name(key), uses(key));
    if key.found_by_token.as_ref().is_some_and(|found| found.is_old) {
        text.push_str("the token was an old one; the present one is refused with it\n");
    }
    if revoked.manages_keys {
        let _ = writeln!(
            text,
            "programs could manage keys with it: `latchkey key show {}` tells what was done through it",
            key.id
        );
    }
    text
}

/// A key had been deleted before.
pub(super) fn deleted_already(key: &KeyLine) -> String {
    let at = key.deleted_at.as_deref().unwrap_or("-");
    format!("{} was deleted already, at {at}; nothing was changed", name(key))
}

/// `“WEB” of demo (lkd_abcd…wxyz)`
fn name(key: &KeyLine) -> String {
    format!("“{}” of {} ({})", plain(&key.description), key.username, key.masked_token)
}

fn user(key: &KeyLine) -> String {
    match key.username == key.account {
        true => format!("{}, who owns the account", key.username),
        false => format!("{}, a sub-user of {}", key.username, key.account),
    }
}

fn state(key: &KeyLine) -> String {
    match (&key.deleted_at, key.state.as_str()) {
        (Some(at), _) => format!("deleted at {at}"),
        (None, "user_disabled") => "refused, as its user or the owner of the account is disabled".to_owned(),
        (None, state) => state.to_owned(),
    }
}

fn uses(key: &KeyLine) -> String {
    match &key.last_used_at {
        Some(last) => format!("used {}, last at {last}", counted(key.times_used, "time")),
        None => "never used".to_owned(),
    }
}

fn rotated(shown: &KeyDetails) -> String {
    match (&shown.rotated_at, &shown.old_masked_token, &shown.old_passes_until) {
        (Some(at), Some(old), Some(until)) => format!("{at}; the token before, {old}, passes until {until}"),
        _ => "never".to_owned(),
    }
}

fn lock(shown: &KeyDetails) -> String {
    let is_bound = shown.key.key_type == "default";
    match (&shown.locked_ip, is_bound) {
        (Some(address), true) if shown.lock_width < 128 => {
            format!("{address}, and what shares its /{}", shown.lock_width)
        }
        (Some(address), true) => address.clone(),
        (None, true) => "none yet: its first address will be it".to_owned(),
        (Some(address), false) => format!("none: it passes from anywhere; it was first used from {address}"),
        (None, false) => "none: it passes from anywhere".to_owned(),
    }
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

fn plural(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Without what a terminal would take for a command.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
