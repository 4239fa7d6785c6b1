use leptos::server;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::signed_in;
use crate::portal::{Dashboard, PortalError};
#[cfg(feature = "ssr")]
use crate::to_view::{key_row, spans};

/// The figures of the first page.
#[server(name = ReadDashboard, prefix = "/portal", endpoint = "dashboard", input = GetUrl)]
pub async fn dashboard() -> Result<Dashboard, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let figures = request.note(request.use_cases.keys.dashboard(actor, &request.reader.time_zone).await)?;
    Ok(Dashboard {
        keys: figures.keys as u64,
        uses: spans(figures.spans.accepted),
        refused: spans(figures.spans.refused),
        last_used: figures.last_used.iter().map(|key| key_row(key, &request.reader.time_zone)).collect(),
        may_manage: actor.may_manage().is_ok(),
    })
}
