use leptos::either::Either;
use leptos::prelude::*;

use crate::components::{Loaded, PageHeading, Time, type_name};
use crate::i18n::{group_digits, language, texts};
use crate::portal::{Dashboard, KeyRow, Spans};
use crate::server_fns::{dashboard, key_path};

/// The first page: how much the keys are used, and which were used last.
#[component]
pub(crate) fn DashboardPage() -> impl IntoView {
    let figures = Resource::new_blocking(|| (), |()| dashboard());
    view! { <Loaded from=figures show=|figures| view! { <Figures figures/> }/> }
}

#[component]
fn Figures(
    /// What there is to show.
    figures: Dashboard,
) -> impl IntoView {
    let t = texts();
    let Dashboard { keys, uses, refused, last_used } = figures;
    let below = if keys == 0 {
        Either::Left(view! { <FirstKey/> })
    } else {
        Either::Right(view! { <LastUsed rows=last_used/> })
    };
    view! {
        <PageHeading text=t.dashboard/>
        <div class="tiles">
            <section class="tile">
                <h2>{t.api_keys}</h2>
                <p class="figure">{group_digits(language(), keys)}</p>
                <p><a href="/account/api-keys">{t.see_all_keys}</a></p>
            </section>
            <SpansTile heading=t.requests_accepted spans=uses class="tile good"/>
            <SpansTile heading=t.requests_refused spans=refused class="tile bad"/>
        </div>
        {below}
    }
}

#[component]
fn SpansTile(
    /// What is counted.
    heading: &'static str,
    /// How many.
    spans: Spans,
    /// Its class.
    class: &'static str,
) -> impl IntoView {
    let t = texts();
    let figures = [(t.today, spans.today), (t.days_7, spans.days_7), (t.days_30, spans.days_30)];
    let figures = figures.map(|(span, count)| {
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
            <dl class="spans">{figures}</dl>
        </section>
    }
}

#[component]
fn FirstKey() -> impl IntoView {
    let t = texts();
    view! {
        <section class="empty">
            <p>{t.dashboard_empty}</p>
            <p><a class="button" href="/account/api-keys/new">{t.generate_first_key}</a></p>
        </section>
    }
}

#[component]
fn LastUsed(
    /// The keys that were used last.
    rows: Vec<KeyRow>,
) -> impl IntoView {
    let t = texts();
    if rows.is_empty() {
        return Either::Left(view! {
            <section class="panel">
                <h2>{t.last_used_keys}</h2>
                <p>{t.no_key_used}</p>
            </section>
        });
    }
    let columns = [t.column_description, t.column_type, t.column_last_used, t.column_times_used];
    let rows = rows.into_iter().map(|row| {
        view! {
            <tr role="row">
                <td role="cell" data-label=t.column_description class="name-cell">
                    <a href=key_path(&row.id)>{row.description}</a>
                </td>
                <td role="cell" data-label=t.column_type class="type-cell">{type_name(t, row.key_type)}</td>
                <td role="cell" data-label=t.column_last_used class="time-cell"><Time moment=row.last_used/></td>
                <td role="cell" data-label=t.column_times_used class="number-cell">{row.times_used}</td>
            </tr>
        }
    });
    Either::Right(view! {
        <section>
            <h2>{t.last_used_keys}</h2>
            <table class="keys" role="table" aria-label=t.last_used_keys>
                <thead role="rowgroup">
                    <tr role="row">
                        {columns.map(|name| view! { <th scope="col" role="columnheader">{name}</th> })}
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows.collect_view()}</tbody>
            </table>
        </section>
    })
}
