use leptos::either::Either;
use leptos::prelude::*;

use crate::i18n::texts;
use crate::portal::Moment;

/// A point in time, or `N/A`.
#[component]
pub(crate) fn Time(
    /// When.
    moment: Option<Moment>,
) -> impl IntoView {
    match moment {
        Some(moment) => Either::Left(view! { <time datetime=moment.iso>{moment.text}</time> }),
        None => Either::Right(texts().never),
    }
}
