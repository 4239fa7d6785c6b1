use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::page_table::Title;
use crate::part::{IntoPart, Part};
use crate::title::set_title;

/// The path whose heading had the focus last, so that a heading takes it once per visit.
#[derive(Clone)]
pub(crate) struct LastHeading(StoredValue<String>);

impl LastHeading {
    /// Starts with the page that the browser loaded, where the focus belongs to the browser.
    pub(crate) fn provide() {
        provide_context(Self(StoredValue::new(use_location().pathname.get_untracked())));
    }
}

/// The one heading of a page, and the page's title. After a click on a link the focus moves here.
#[component]
pub(crate) fn PageHeading(
    /// What both say, where it is not the title that the table of pages gives the page.
    #[prop(optional, into)]
    text: Option<String>,
) -> Part {
    let own = || use_context().and_then(Title::text).unwrap_or_default().to_owned();
    let text = text.unwrap_or_else(own);
    set_title(&text);
    let heading = NodeRef::<html::H1>::new();
    let path = use_location().pathname;
    let last = use_context::<LastHeading>();
    Effect::new(move |_| {
        let (Some(heading), Some(LastHeading(last))) = (heading.get(), last.clone()) else {
            return;
        };
        let path = path.get_untracked();
        if last.with_value(|last| *last != path) {
            last.set_value(path);
            // The heading is not in the document yet.
            request_animation_frame(move || {
                let _ = heading.focus();
            });
        }
    });
    view! {
        <h1 tabindex="-1" node_ref=heading>{text}</h1>
    }
    .part()
}
