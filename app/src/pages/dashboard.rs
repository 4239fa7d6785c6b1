use leptos::prelude::*;

use crate::components::{Loaded, PageHeading, Table, Time, type_name};
use crate::i18n::{group_digits, language, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{Dashboard, KeyRow, Spans};
use crate::server_call::dashboard;
use crate::server_fns::key_path;

/// The first page: how much the keys are used, and which were used last.
#[component]
pub(crate) fn DashboardPage() -> Part {
    view! { <Loaded from=dashboard() show=figures_view/> }.part()
}

fn figures_view(figures: Dashboard) -> impl IntoView {
    let t = texts();
    let Dashboard { keys, uses, refused, last_used, may_manage } = figures;
    let below = if keys == 0 && may_manage { first_key() } else { last_used_keys(last_used) };
    view! {
        <PageHeading/>
        <div class="tiles">
            <section class="tile">
                <h2>{t.api_keys}</h2>
                <p class="figure">{group_digits(language(), keys)}</p>
                <p><a href="/account/api-keys">{t.see_all_keys}</a></p>
            </section>
            {spans_tile(t.requests_accepted, uses, "tile good")}
            {spans_tile(t.requests_refused, refused, "tile bad")}
        </div>
        {below}
    }
}

fn spans_tile(heading: &'static str, spans: Spans, class: &'static str) -> Part {
    let t = texts();
    let figures = [(t.today, spans.today), (t.days_7, spans.days_7), (t.days_30, spans.days_30)];
    let figures = figures.into_iter().map(|(span, count)| {
        view! {
            <div>
                <dt>{span}</dt>
                <dd class="figure">{group_digits(language(), count)}</dd>
            </div>
        }
    });
    view! {
        <section class=class>
            <h2>{heading}</h2>
            <dl class="spans">{figures.collect_view()}</dl>
        </section>
    }
    .part()
}

fn first_key() -> Part {
    let t = texts();
    view! {
        <section class="empty">
            <p>{t.dashboard_empty}</p>
            <p><a class="button" href="/account/api-keys/new">{t.generate_first_key}</a></p>
        </section>
    }
    .part()
}

fn last_used_keys(rows: Vec<KeyRow>) -> Part {
    let t = texts();
    if rows.is_empty() {
        return view! {
            <section class="panel">
                <h2>{t.last_used_keys}</h2>
                <p>{t.no_key_used}</p>
            </section>
        }
        .part();
    }
    let columns = vec![
        (t.column_description, Some("name-cell")),
        (t.column_type, Some("type-cell")),
        (t.column_last_used, Some("time-cell")),
        (t.column_times_used, Some("number-cell")),
    ];
    let rows = rows.into_iter().map(|row| {
        let cells = vec![
            view! { <a href=key_path(&row.id)>{row.description}</a> }.part(),
            type_name(t, row.key_type).part(),
            view! { <Time moment=row.last_used/> }.part(),
            row.times_used.to_string().part(),
        ];
        (None, cells)
    });
    view! {
        <section>
            <h2>{t.last_used_keys}</h2>
            <Table label=t.last_used_keys columns rows=rows.collect()/>
        </section>
    }
    .part()
}
