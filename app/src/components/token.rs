use leptos::html;
use leptos::prelude::*;

use super::copy_button;
use crate::part::{IntoPart, Part};
use crate::portal::ShownToken;

/// A whole token with a button that copies it.
pub(crate) fn whole_token(token: ShownToken) -> Part {
    let element = NodeRef::<html::Code>::new();
    view! {
        <span class="whole-token">
            <code class="token" node_ref=element translate="no">{token.0.clone()}</code>
            {copy_button(token.0, element)}
        </span>
    }
    .part()
}
