//! The history as lines of a file: what the page shows.

use domain::time_zone::TimeZone;
use service::records::{HistoryLine, LineKey};

use super::super::texts::{HistoryTexts, KeyTexts, Served};
use super::words::{detail_text, line_text, origin, who};
use crate::i18n::{Language, fill};

/// What stands above the columns, in the language of the reader; times are those of their zone.
#[must_use]
pub fn history_head(language: Language, zone: &TimeZone) -> Vec<String> {
    let t = HistoryTexts::in_language(language);
    let in_zone = KeyTexts::in_language(language).column_in_zone;
    let when = fill(in_zone, &[("column", &t.column_when), ("zone", &zone.name())]);
    let others = [
        t.column_what,
        t.column_detail,
        t.column_user,
        t.column_description,
        t.column_key,
        t.column_who,
        t.column_through,
        t.column_from,
    ];
    [when].into_iter().chain(others.map(ToOwned::to_owned)).collect()
}

/// The cells of one line.
#[must_use]
pub fn history_row(language: Language, zone: &TimeZone, line: &HistoryLine) -> Vec<String> {
    let t = HistoryTexts::in_language(language);
    let named = |key: &LineKey| format!("{} {}", key.description, key.masked);
    let key = line.key.as_ref();
    let unnamed = if line.by_program { t.by_key } else { "" };
    vec![
        zone.text(line.at),
        line_text(language, line),
        detail_text(language, zone, line),
        key.map_or(&line.user, |key| &key.username).to_string(),
        key.map(|key| key.description.clone()).unwrap_or_default(),
        key.map(|key| key.masked.clone()).unwrap_or_default(),
        who(language, line),
        line.via.as_ref().map_or_else(|| unnamed.to_owned(), named),
        origin(language, line),
    ]
}
