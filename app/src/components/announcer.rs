use leptos::prelude::*;

/// Says to a screen reader what changed in place.
#[derive(Clone, Copy)]
pub(crate) struct Announcer(RwSignal<String>);

impl Announcer {
    /// Makes the announcer of the whole page.
    pub(crate) fn provide() -> Self {
        let announcer = Self(RwSignal::new(String::new()));
        provide_context(announcer);
        announcer
    }

    /// The announcer of the page.
    pub(crate) fn here() -> Self {
        use_context().unwrap_or_else(|| Self(RwSignal::new(String::new())))
    }

    /// Says `text`.
    pub(crate) fn say(self, text: &str) {
        self.0.update(|said| {
            // The same words twice are read twice only if the text differs.
            let again = said == text;
            *said = text.to_owned();
            if again {
                said.push('\u{a0}');
            }
        });
    }
}

/// Where the announcer speaks.
pub(crate) fn live_region(announcer: Announcer) -> impl IntoView {
    view! { <p class="visually-hidden" role="status" aria-live="polite">{move || announcer.0.get()}</p> }
}
