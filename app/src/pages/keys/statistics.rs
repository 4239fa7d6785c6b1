use leptos::prelude::*;

use crate::components::Time;
use crate::i18n::{group_digits, language, texts};
use crate::portal::KeyDetails;

/// When and how often a key is used.
#[component]
pub(super) fn Statistics(
    /// The key.
    key: KeyDetails,
) -> impl IntoView {
    let (t, language) = (texts(), language());
    let counts = [
        (t.column_times_used, key.row.times_used),
        (t.used_today, key.uses_today),
        (t.used_30_days, key.uses_30_days),
        (t.refused_30_days, key.refused_30_days),
    ];
    let counts = counts.map(|(name, count)| {
        view! { <div><dt>{name}</dt><dd>{group_digits(language, count)}</dd></div> }
    });
    view! {
        <section class="panel">
            <h2>{t.statistics}</h2>
            <dl class="facts">
                <div><dt>{t.created}</dt><dd><Time moment=Some(key.created)/></dd></div>
                <div><dt>{t.column_last_used}</dt><dd><Time moment=key.row.last_used/></dd></div>
                {counts}
            </dl>
        </section>
    }
}
