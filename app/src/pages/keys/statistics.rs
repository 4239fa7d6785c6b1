use leptos::prelude::*;

use crate::components::Time;
use crate::i18n::{group_digits, language, texts};
use crate::part::{IntoPart, Part};
use crate::portal::KeyDetails;
use crate::server_fns::key_path;

/// When and how often a key is used.
pub(super) fn statistics_panel(key: KeyDetails) -> Part {
    let (t, language) = (texts(), language());
    let usage = key_path(&key.row.id) + "/usage";
    let count = |count| group_digits(language, count).part();
    let facts = [
        (t.created, view! { <Time moment=Some(key.created)/> }.part()),
        (
            t.expires,
            match key.expires {
                Some(end) => view! { <Time moment=Some(end)/> }.part(),
                None => t.expires_never.to_owned().part(),
            },
        ),
        (t.column_last_used, view! { <Time moment=key.row.last_used/> }.part()),
        (t.column_times_used, count(key.row.times_used)),
        (t.used_today, count(key.uses_today)),
        (t.used_30_days, count(key.uses_30_days)),
        (t.refused_30_days, count(key.refused_30_days)),
    ];
    let facts = facts.into_iter().map(|(name, fact)| {
        view! { <div><dt>{name}</dt><dd>{fact}</dd></div> }
    });
    view! {
        <section class="panel">
            <h2>{t.statistics}</h2>
            <dl class="facts">{facts.collect_view()}</dl>
            <p><a href=usage rel="external">{t.usage_link}</a></p>
        </section>
    }
    .part()
}
