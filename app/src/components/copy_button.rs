use js_sys::Reflect;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use crate::i18n::texts;

/// A button that puts `text` on the clipboard and says so.
pub(crate) fn copy_button(text: String, shown_in: NodeRef<html::Code>) -> impl IntoView {
    let t = texts();
    let said = RwSignal::new("");
    let copy = move |_| {
        let text = text.clone();
        spawn_local(async move {
            said.set("");
            if copied(&text).await {
                said.set(t.copied);
            } else {
                select(shown_in);
                said.set(t.copy_by_hand);
            }
        });
    };
    view! {
        <button type="button" class="button small needs-script" on:click=copy>{t.copy}</button>
        <span class="copied" role="status" aria-live="polite">{move || said.get()}</span>
    }
}

/// Over plain HTTP (other than localhost) browsers have no clipboard at all.
async fn copied(text: &str) -> bool {
    let navigator = window().navigator();
    let there = Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|c| !c.is_undefined());
    there && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}

fn select(shown_in: NodeRef<html::Code>) {
    if let (Some(element), Ok(Some(selection))) = (shown_in.get_untracked(), window().get_selection()) {
        let _ = selection.select_all_children(&element);
    }
}
