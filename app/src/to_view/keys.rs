//! Keys and figures.

use crate::i18n::language;
use crate::page_request::PageRequest;
use crate::portal::{KeyId, KeyPage, KeyRow, Moment, PageHtml, RevealedKey, ShownToken, Spans};
use crate::served::{ListShown, Reading, ways_html};
use domain::key_list::KeyListQuery;
use domain::time::Micros;
use domain::time_zone::TimeZone;
use domain::token::PlainToken;
use service::keys::{KeyList, ListedKey};

/// A key with its token, for the page that shows it.
pub(crate) fn revealed(id: domain::ids::KeyId, token: &PlainToken) -> RevealedKey {
    RevealedKey { id: KeyId(id.to_string()), token: ShownToken(token.expose().to_owned()) }
}

/// The page of the list that `asked` is the query of; `address` is the query as it came, which may say what was done.
pub(crate) fn key_page(
    request: &PageRequest,
    list: &KeyList,
    mut asked: KeyListQuery,
    address: &str,
    fresh: Option<RevealedKey>,
) -> KeyPage {
    let may_manage = request.actor.as_ref().is_some_and(|actor| actor.may_manage().is_ok());
    // Links lead on from the page that is shown, not from one past the end.
    asked.page = u32::try_from(list.page).unwrap_or(u32::MAX);
    let shown = ListShown {
        list,
        query: &asked,
        owner: request.actor.as_ref().filter(|actor| actor.is_owner()).map(|actor| actor.username.as_str()),
        fresh: fresh.as_ref().map(|fresh| &fresh.id),
        zone: &request.reader.time_zone,
        may_manage,
    };
    let example = &request.use_cases.example;
    let (record_line, html) = request.written(|| {
        let reading = Reading::new(language(), &request.reader.time_zone, list.now);
        let ways = fresh.as_ref().and_then(|fresh| {
            let key = list.keys.iter().find(|key| key.row.id.to_string() == fresh.id.0)?;
            Some(ways_html(&reading, key, &fresh.token.0, example))
        });
        (shown.record_line(), PageHtml { list: shown.html(address), ways: ways.unwrap_or_default() })
    });
    KeyPage { record_line, html, fresh, may_manage }
}

/// One row of the list.
pub(crate) fn key_row(key: &ListedKey, zone: &TimeZone) -> KeyRow {
    let row = &key.row;
    KeyRow {
        manages_keys: key.row.manages_keys,
        id: KeyId(row.id.to_string()),
        username: row.username.to_string(),
        description: row.description.clone(),
        key_type: row.key_type,
        masked_token: row.masked.clone(),
        last_used: key.last_used.map(|at| moment(at, zone)),
        times_used: key.times_used,
        locked_ip: row.rule.locked.map(|a| a.to_string()),
        state: key.state,
    }
}

/// One figure over three spans.
pub(crate) fn spans([today, days_7, days_30]: [u64; 3]) -> Spans {
    Spans { today, days_7, days_30 }
}

/// For people, in the zone they chose, and for programs.
pub(crate) fn moment(at: Micros, zone: &TimeZone) -> Moment {
    Moment { text: zone.text(at), iso: at.rfc_3339() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    pub(crate) fn moments_read_as_the_guide_shows_them() {
        let shown = moment(Micros(1_563_105_259_999_999), &TimeZone::default());
        assert_eq!(shown.text, "2019-07-14 11:54:19");
        assert_eq!(shown.iso, "2019-07-14T11:54:19Z");
    }
}
