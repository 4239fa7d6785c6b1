use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::components::{Loaded, PageHeading};
use crate::part::{IntoPart, Part};
use crate::server_call::{Written, dashboard};

/// The first page: whether everything is all right with the keys. The server writes all of it (`served/dashboard.rs`), the
/// program in the browser puts it in, and follows its links without loading a page.
#[component]
pub(crate) fn DashboardPage() -> Part {
    let query = use_query_map();
    let range = Memo::new(move |_| query.with(|query| query.get("range")).unwrap_or_default());
    view! { <Loaded from=dashboard(range) show=body/> }.part()
}

fn body(written: Written<String>) -> impl IntoView {
    #[cfg(not(feature = "ssr"))]
    keep_focus();
    view! {
        <PageHeading/>
        <div class="dashboard" inner_html=written.0></div>
    }
}

/// The link to another range goes with everything else that is replaced. The one that takes its place gets the focus.
#[cfg(not(feature = "ssr"))]
fn keep_focus() {
    use leptos::wasm_bindgen::JsCast;

    let focused = document().active_element();
    if focused.and_then(|link| link.closest(".ranges").ok().flatten()).is_none() {
        return;
    }
    request_animation_frame(|| {
        let current = document().query_selector(".ranges [aria-current]").ok().flatten();
        if let Some(current) = current.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = current.focus();
        }
    });
}
