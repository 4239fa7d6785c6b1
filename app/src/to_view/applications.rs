//! Applications.

use super::moment;
use crate::portal::{ApplicationRow, AskingApplication, KeyId};
use domain::client_address::ClientAddress;
use domain::time::Micros;
use domain::time_zone::TimeZone;
use service::applications::LookedAt;
use service::records::ApplicationRow as StoredApplication;

/// The seconds of a minute.
const MINUTE: u64 = 60;

fn address(client: ClientAddress) -> Option<String> {
    client.known().map(|address| address.to_string())
}

pub(crate) fn application_row(row: &StoredApplication, zone: &TimeZone) -> ApplicationRow {
    ApplicationRow {
        name: row.name.clone(),
        key: KeyId(row.key.to_string()),
        masked_token: row.masked.clone(),
        username: row.username.to_string(),
        approved_by: row.approved_by.to_string(),
        approved: moment(row.approved_at, zone),
        asked_from: address(row.asked_from),
        fetched: row.fetched_at.map(|at| moment(at, zone)),
    }
}

/// An application that waits, without its code.
pub(crate) fn asking_application(looked: &LookedAt, now: Micros, zone: &TimeZone) -> AskingApplication {
    let application = &looked.application;
    let seconds = |later: Micros, earlier: Micros| later.seconds_since(earlier).unsigned_abs();
    AskingApplication {
        user_code: String::new(),
        made: String::new(),
        name: application.name.clone(),
        asked_from: address(application.asked_from),
        whose: looked.whose,
        asked: moment(application.asked_at, zone),
        minutes_ago: seconds(now, application.asked_at) / MINUTE,
        ends_in_minutes: seconds(application.expires_at, now).div_ceil(MINUTE).max(1),
        owners: looked.owners.names.iter().map(ToString::to_string).collect(),
        are_more_owners: looked.owners.are_more,
    }
}
