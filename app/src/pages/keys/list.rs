use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::components::{HaveItForm, Loaded, PageHeading, key_table, pager, whole_token};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{KeyPage, RevealedKey};
use crate::server_call::key_page;

/// The list of the visitor's keys.
#[component]
pub(crate) fn KeysPage() -> Part {
    let query = use_query_map();
    let keys =
        key_page(move || query.with(|q| q.get("page")).and_then(|page| page.parse().ok()).unwrap_or(1));
    view! { <Loaded from=keys show=keys_view/> }.part()
}

fn keys_view(keys: KeyPage) -> impl IntoView {
    let t = texts();
    let record_line = fill(
        t.record_line,
        &[
            ("page", &keys.page),
            ("pages", &keys.pages),
            ("shown", &keys.rows.len()),
            ("total", &keys.total),
            ("first", &keys.first),
            ("last", &keys.last),
        ],
    );
    let fresh = keys.fresh;
    let in_table = |fresh: &RevealedKey| keys.rows.iter().any(|row| row.id == fresh.id);
    let notice = fresh.clone().map(|fresh| {
        let token = (!in_table(&fresh)).then_some(fresh);
        fresh_notice(token)
    });
    let generate = if keys.may_manage {
        view! { <p><a class="button" href="/account/api-keys/new">{t.generate_link}</a></p> }.part()
    } else {
        view! { <p class="hint">{t.error_forbidden}</p> }.part()
    };
    let empty =
        (keys.rows.is_empty() && keys.may_manage).then(|| view! { <p class="empty">{t.keys_empty}</p> });
    view! {
        <PageHeading/>
        {notice}
        <p class="record-line" role="status">{record_line}</p>
        {key_table(keys.rows, fresh, keys.may_manage)}
        {empty}
        {pager(keys.page, keys.pages, "/account/api-keys")}
        {generate}
    }
}

/// Says for how long the token is shown; the token itself stands in its row, or here if the row is elsewhere.
fn fresh_notice(token: Option<RevealedKey>) -> impl IntoView {
    let t = texts();
    let token = match token {
        Some(key) => view! { <p>{whole_token(key.token)}</p> }.part(),
        None => ().part(),
    };
    view! {
        <section class="notice" aria-label=t.fresh_heading>
            <p><strong>{t.fresh_heading}</strong></p>
            <p>{t.fresh_text}</p>
            {token}
            <HaveItForm path="/account/api-keys"/>
        </section>
    }
}
