//! What belongs to the user itself.

use super::moment;
use crate::portal::SessionView;
use domain::time_zone::TimeZone;
use service::accounts::OwnSession;

pub(crate) fn session_view(session: OwnSession, zone: &TimeZone) -> SessionView {
    SessionView {
        id: session.id,
        is_present: session.is_present,
        browser: session.device.browser.map(ToOwned::to_owned),
        system: session.device.system.map(ToOwned::to_owned),
        address: session.address.map(|address| address.to_string()),
        begun: moment(session.begun, zone),
        last_seen: moment(session.last_seen, zone),
    }
}
