use leptos::html;
use leptos::prelude::*;

use super::CopyButton;
use crate::part::{IntoPart, Part};
use crate::portal::ShownToken;

/// A whole token with a button that copies it.
#[component]
pub(crate) fn WholeToken(
    /// The token.
    token: ShownToken,
) -> Part {
    let element = NodeRef::<html::Code>::new();
    view! {
        <span class="whole-token">
            <code class="token" node_ref=element translate="no">{token.0.clone()}</code>
            <CopyButton text=token.0 shown_in=element/>
        </span>
    }
    .part()
}
