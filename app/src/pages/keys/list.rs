use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::components::{HaveItForm, Loaded, PageHeading, whole_token};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::RevealedKey;
use crate::server_call::{ShownPage, Written, key_page};

/// The list of the visitor's keys.
#[component]
pub(crate) fn KeysPage() -> Part {
    let query = use_location().search;
    let keys = key_page(move || query.get());
    view! { <Loaded from=keys show=keys_view/> }.part()
}

fn keys_view((keys, Written(html)): ShownPage) -> impl IntoView {
    let t = texts();
    let generate = if keys.may_manage {
        // One yellow button a page: it belongs to the new token.
        let class = if keys.fresh.is_some() { "button quiet" } else { "button" };
        view! { <a class=class href="/account/api-keys/new">{t.generate_link}</a> }.part()
    } else {
        view! { <p class="hint">{t.error_forbidden}</p> }.part()
    };
    view! {
        <div class="page-head">
            <div>
                <PageHeading/>
                <p class="record-line" role="status">{keys.record_line}</p>
            </div>
            {generate}
        </div>
        {keys.fresh.map(|fresh| fresh_notice(fresh, html.ways))}
        <div class="key-list" inner_html=html.list></div>
    }
}

/// The new token, and for how long it is shown.
fn fresh_notice(fresh: RevealedKey, ways: String) -> impl IntoView {
    let t = texts();
    view! {
        <section class="notice" aria-label=t.fresh_heading>
            <p><strong>{t.fresh_heading}</strong></p>
            <p>{t.fresh_text}</p>
            <p>{whole_token(fresh.token)}</p>
            <div class="ways" inner_html=ways></div>
            <HaveItForm path="/account/api-keys"/>
        </section>
    }
}
