//! Notices.

use super::moment;
use crate::portal::{KeyId, Notice, NoticeAddress, NoticeKey, NoticePage};
use domain::time_zone::TimeZone;
use service::notices::{ListedNotice, ListedPlace, NoticeList};

pub(crate) fn page_of(list: &NoticeList, zone: &TimeZone) -> NoticePage {
    NoticePage {
        notices: list.notices.iter().map(|listed| notice(listed, zone)).collect(),
        page: list.page,
        pages: list.pages,
        unread: list.unread,
    }
}

pub(crate) fn notice(listed: &ListedNotice, zone: &TimeZone) -> Notice {
    let facts = &listed.facts;
    let named: u64 = facts.addresses.iter().map(|address| address.count).sum();
    let address = |place: &ListedPlace| NoticeAddress {
        address: place.network.to_string(),
        addresses: u64::try_from(place.addresses).unwrap_or(u64::MAX),
        count: place.count,
        state: place.state,
    };
    Notice {
        number: facts.number.0,
        cause: facts.cause,
        is_new: facts.read_at.is_none(),
        key: facts.key.as_ref().map(|key| NoticeKey {
            id: KeyId(key.id.to_string()),
            username: (key.username != facts.username).then(|| key.username.to_string()),
            description: key.description.clone(),
            masked_token: key.masked.clone(),
            deleted: key.deleted_at.map(|at| moment(at, zone)),
        }),
        count: facts.count,
        first: moment(facts.first_at, zone),
        last: moment(facts.last_at, zone),
        addresses: listed.places.iter().map(address).collect(),
        is_from_unknown: facts.is_from_unknown(),
        count_elsewhere: if facts.addresses.is_empty() { 0 } else { facts.count.saturating_sub(named) },
        action: facts.action.clone(),
        actor: facts.actor.clone(),
        detail: facts.detail.clone(),
        may_act: listed.may_act,
    }
}
