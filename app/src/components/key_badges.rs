use leptos::prelude::*;

use crate::i18n::Texts;
use crate::portal::KeyState;

/// What stands beside the name of a key that does not pass.
pub(crate) fn state_badge(t: &Texts, state: KeyState) -> Option<impl IntoView + use<>> {
    let text = match state {
        KeyState::Active => return None,
        KeyState::Paused => t.paused,
        KeyState::Expired => t.expired,
    };
    Some(view! { " " <span class="badge off">{text}</span> })
}

/// What stands beside the name of a key that manages keys.
pub(crate) fn manages_badge(t: &Texts, manages_keys: bool) -> Option<impl IntoView + use<>> {
    let text = t.manages_keys_badge;
    manages_keys.then(|| view! { " " <span class="badge">{text}</span> })
}
