#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::signed_in;
#[cfg(feature = "ssr")]
use crate::portal::{AddressRow, RefusedRow};
use crate::portal::{KeyId, KeyUsage, PortalError};
#[cfg(feature = "ssr")]
use crate::to_view::{key_row, moment, spans};
#[cfg(feature = "ssr")]
use domain::range::Range;
#[cfg(feature = "ssr")]
use domain::time_zone::TimeZone;
#[cfg(feature = "ssr")]
use service::keys::RangeFigures;

/// How a key is used, with one page of its addresses.
#[server(prefix = "/portal", endpoint = "find_usage", input = GetUrl)]
pub async fn find_usage(
    #[server(default)] id: KeyId,
    #[server(default)] page: u32,
) -> Result<KeyUsage, PortalError> {
    let request = signed_in()?;
    let page = page.max(1);
    let actor = request.note(request.actor())?;
    let usage = request
        .note(request.use_cases.keys.find_usage(actor, &request.reader.time_zone, &id.0, page).await)?;
    let zone = &request.reader.time_zone;
    let addresses = usage.addresses.iter().map(|uses| AddressRow {
        address: uses.address.to_string(),
        count: uses.count,
        first: moment(uses.first, zone),
        last: moment(uses.last, zone),
    });
    let refused = usage
        .refused
        .iter()
        .map(|cause| RefusedRow { code: cause.code.name().to_owned(), counts: spans(cause.spans) });
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(KeyUsage {
        row: key_row(&usage.key, zone),
        addresses: addresses.collect(),
        page: number(usage.page),
        pages: number(usage.pages),
        total: usage.total as u64,
        refused: refused.collect(),
    })
}

/// How often a key was used and refused over a range, and in which time zone that is read. No server function: the page that
/// shows it is known to the server alone.
#[cfg(feature = "ssr")]
pub(crate) async fn find_range(id: &KeyId, range: Range) -> Result<(RangeFigures, TimeZone), PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let zone = request.reader.time_zone.clone();
    let figures = request.note(request.use_cases.keys.find_range(actor, &zone, &id.0, range).await)?;
    Ok((figures, zone))
}
