use leptos::ev::{FocusEvent, KeyboardEvent, MouseEvent, keydown};
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos_router::hooks::use_location;
use web_sys::Node;

use super::{Form, PlainForm, SubmitButton};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::server_fns::LogOut;

/// The menu of everything that belongs to the account. Without scripting it is a plain list.
pub(crate) fn account_menu(links: Part, log_out: Form<LogOut>) -> Part {
    let t = texts();
    let menu = Menu::new();
    let path = use_location().pathname;
    let inside = Signal::derive(move || path.with(|path| path.starts_with("/account/")).then_some("true"));
    let live = Signal::derive(move || menu.live.get().then_some(""));
    let open = Signal::derive(move || menu.open.get().then_some(""));
    let expanded =
        Signal::derive(move || menu.live.get().then(|| if menu.open.get() { "true" } else { "false" }));
    view! {
        <li
            class="menu"
            node_ref=menu.element
            data-live=live
            data-open=open
            on:mouseenter=move |_| menu.open.set(true)
            on:mouseleave=move |_| menu.close()
            on:focusin=move |_| menu.open.set(true)
            on:focusout=move |event| menu.focus_left(&event)
        >
            <a
                class="menu-name"
                href="/account/api-keys"
                node_ref=menu.name
                aria-controls="account-menu"
                aria-current=inside
                aria-expanded=expanded
                on:click=move |event| menu.click(&event)
            >
                {t.account}
            </a>
            <ul id="account-menu" class="menu-items" on:click=move |_| menu.close()>
                {links}
                <li>
                    <PlainForm form=log_out path="/logout" class="menu-form">
                        <SubmitButton state=log_out.state label=t.logout class="link-button"/>
                    </PlainForm>
                </li>
            </ul>
        </li>
    }
    .part()
}

/// Hover and focus open the menu, a click holds it open or closes it, Escape closes it.
#[derive(Clone, Copy)]
struct Menu {
    element: NodeRef<html::Li>,
    name: NodeRef<html::A>,
    live: RwSignal<bool>,
    open: RwSignal<bool>,
    held: StoredValue<bool>,
}

impl Menu {
    fn new() -> Self {
        let menu = Self {
            element: NodeRef::new(),
            name: NodeRef::new(),
            live: RwSignal::new(false),
            open: RwSignal::new(false),
            held: StoredValue::new(false),
        };
        // Until here the style sheet alone opens it.
        Effect::new(move |_| menu.live.set(true));
        Effect::new(move |_| {
            // Of the whole window: the pointer opens the menu wherever the focus is. Inside of the effect,
            // because the server may clean up on another thread than the one that rendered.
            let keys = window_event_listener(keydown, move |event| menu.key(&event));
            on_cleanup(move || keys.remove());
        });
        menu
    }

    fn close(self) {
        self.held.set_value(false);
        self.open.set(false);
    }

    fn click(self, event: &MouseEvent) {
        if event.meta_key() || event.ctrl_key() || event.shift_key() {
            return;
        }
        event.prevent_default();
        // The pointer or the focus has opened it already; the first click must not close it again.
        if self.held.get_value() {
            self.close();
        } else {
            self.held.set_value(true);
            self.open.set(true);
        }
    }

    fn focus_left(self, event: &FocusEvent) {
        let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
        let inside = self.element.get_untracked().is_some_and(|menu| menu.contains(to.as_ref()));
        if !inside {
            self.close();
        }
    }

    fn key(self, event: &KeyboardEvent) {
        if event.key() != "Escape" || !self.open.get_untracked() {
            return;
        }
        let focused = document().active_element();
        let has_focus = self.element.get_untracked().is_some_and(|menu| menu.contains(focused.as_deref()));
        if let Some(name) = self.name.get_untracked().filter(|_| has_focus) {
            let _ = name.focus();
        }
        self.close();
    }
}
