//! Whether a client can choose the method that the gateway tells. With `cors_preflights = "pass"` its requests would then
//! pass as a browser's preflights.

use super::{Finding, good, note, open};
use crate::commands::control::ProbeOpened;
use crate::commands::doctor::advice;
use crate::probe::Arrival;

const FORGED: &str = "OPTIONS";

/// The forged method headers; the probe itself is a GET.
pub(super) fn forged_headers() -> impl Iterator<Item = (&'static str, String)> {
    ["x-forwarded-method", "x-original-method"].into_iter().map(|name| (name, FORGED.to_owned()))
}

/// Judges the method that arrived with the forging probe.
pub(super) fn judge(server: &ProbeOpened, forging: &Arrival) -> Option<Finding> {
    let is_forged = forging.method.as_deref().map(|method| method.starts_with(FORGED));
    match (server.cors_preflights_pass, is_forged) {
        (true, Some(true)) => Some(open(
            "A client chooses its method: it writes OPTIONS, passes for a browser that asks, and needs no key.",
            advice::METHOD,
        )),
        (false, Some(true)) => Some(note(
            "A client chooses its method. It would count with cors_preflights = pass.",
            advice::METHOD,
        )),
        (true, Some(false)) => Some(good("The client's method is the one it uses, whatever it writes.")),
        (true, None) => Some(note(
            "The gateway does not tell the client's method: preflights of browsers do not pass.",
            advice::METHOD,
        )),
        (false, _) => None,
    }
}
