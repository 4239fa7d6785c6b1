//! What a refused plain form sends back to its page: the entered values and the error.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::portal::PortalError;

/// The outcome of a plain post that was refused; the server provides it as context.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct FormEcho {
    /// Which form: the endpoint name of its server function, such as `generate_key`.
    pub form: String,
    /// The entered values, never a password.
    pub fields: Vec<(String, String)>,
    /// Why it was refused.
    pub error: Option<PortalError>,
}

/// The number of the forms of one page; the server provides it as context. The program in the browser draws its own.
#[cfg(feature = "ssr")]
#[derive(Clone)]
pub struct FormNumber(pub String);

#[derive(Clone, Copy)]
struct EchoSlot(StoredValue<FormEcho>);

/// Carries the echo from the server's rendering into the browser's, so that both show the same.
pub(crate) fn provide_echo() {
    let echo = SharedValue::new(|| use_context::<FormEcho>().unwrap_or_default());
    provide_context(EchoSlot(StoredValue::new(echo.into_inner())));
}

/// The echo for `form`, or an empty one.
pub(crate) fn take_echo(form: &str) -> FormEcho {
    let Some(EchoSlot(slot)) = use_context::<EchoSlot>() else {
        return FormEcho::default();
    };
    if !slot.with_value(|echo| echo.form == form) {
        return FormEcho::default();
    }
    // The server may render a page more than once; in the browser a later visit starts afresh.
    if cfg!(feature = "ssr") {
        slot.get_value()
    } else {
        slot.try_update_value(std::mem::take).unwrap_or_default()
    }
}
