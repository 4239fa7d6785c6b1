#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::signed_in;
use crate::portal::{Dashboard, PortalError};
#[cfg(feature = "ssr")]
use crate::served::{Reader, Reading, dashboard_html};
#[cfg(feature = "ssr")]
use domain::range::Range;

/// The first page, over a range of time.
#[server(name = ReadDashboard, prefix = "/portal", endpoint = "dashboard", input = GetUrl)]
pub async fn dashboard(#[server(default)] range: String) -> Result<Dashboard, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let zone = &request.reader.time_zone;
    let found = request.note(request.use_cases.dashboard(actor, zone, Range::find(&range)).await)?;
    let reader = Reader {
        reading: Reading::new(request.language, zone, found.keys.figures.now),
        username: actor.username.as_str(),
        may_manage: actor.may_manage().is_ok(),
    };
    Ok(Dashboard { html: dashboard_html(&reader, &found, &request.use_cases.example) })
}
