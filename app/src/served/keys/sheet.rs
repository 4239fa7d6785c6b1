//! The list as lines of a file: what the list shows, and nothing more of a token.

use contract::KeyState;
use domain::time::Micros;
use domain::time_zone::TimeZone;
use service::keys::ListedKey;

use super::super::texts::{KeyTexts, Served};
use crate::components::type_name;
use crate::i18n::{Language, fill, texts_in};

/// What stands above the columns, in the language of the reader; times are those of their zone.
#[must_use]
pub fn sheet_head(language: Language, zone: &TimeZone) -> Vec<String> {
    let (t, all) = (KeyTexts::in_language(language), texts_in(language));
    let time = |column: &str| fill(t.column_in_zone, &[("column", &column), ("zone", &zone.name())]);
    vec![
        all.column_username.to_owned(),
        all.column_description.to_owned(),
        all.column_type.to_owned(),
        all.column_key.to_owned(),
        t.column_state.to_owned(),
        time(t.column_created),
        time(t.column_expires),
        time(t.column_last_used),
        t.column_times_used.to_owned(),
        all.column_locked_on_ip.to_owned(),
    ]
}

/// The cells of one key.
#[must_use]
pub fn sheet_row(language: Language, zone: &TimeZone, key: &ListedKey) -> Vec<String> {
    let (t, all) = (KeyTexts::in_language(language), texts_in(language));
    let row = &key.row;
    let time = |at: Option<Micros>| at.map(|at| zone.text(at)).unwrap_or_default();
    let state = match key.state {
        KeyState::Active => t.state_one_active,
        KeyState::Paused => t.paused,
        KeyState::Expired => t.expired,
    };
    vec![
        row.username.to_string(),
        row.description.clone(),
        type_name(all, row.key_type).to_owned(),
        row.masked.clone(),
        state.to_owned(),
        time(Some(row.created_at)),
        time(row.expires_at),
        time(key.last_used),
        key.times_used.to_string(),
        row.rule.locked.map(|address| address.to_string()).unwrap_or_default(),
    ]
}
