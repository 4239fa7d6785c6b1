use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use server_fn::ServerFn;

use super::addresses::{AddressForms, addresses_panel};
use super::key_of_address;
use super::lock::{LockForms, lock_panel};
use super::reveal::{RevealForm, reveal_panel};
use super::rotation::{RotationForms, old_token_panel, rotation_panel};
use super::settings::{SettingsForms, settings_panel};
use super::stop::{StopForms, stop_panel};
use crate::components::{Announcer, Form, Loaded, PageHeading};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::{KeyDetails, KeyHtml, KeyType, MadeKey, PortalError};
use crate::server_call::{Loading, ShownKey, Written};
use crate::server_fns::{RotateKey, key_path};

/// The page of one key.
#[component]
pub(crate) fn KeyPageView() -> Part {
    let t = texts();
    let key = key_of_address();
    // The forms live here, outside of what is drawn again when the key changes.
    let reveal = RevealForm::new(key);
    let lock = LockForms { width: refetching(key, t.width_saved), release: refetching(key, t.lock_released) };
    let addresses = AddressForms {
        authorise: refetching(key, t.address_authorised),
        remove: refetching(key, t.address_removed),
    };
    let settings =
        SettingsForms { rename: refetching(key, t.width_saved), expiry: refetching(key, t.width_saved) };
    let stop = StopForms { pause: refetching(key, t.key_paused), resume: refetching(key, t.key_resumed) };
    let rotation = RotationForms { rotate: rotating(), end: refetching(key, t.old_token_ended) };
    let change = ChangeForms { settings, rotation, stop };
    let show = move |(key, Written(html))| key_parts(&key, html, reveal, lock, addresses, change);
    view! { <Loaded from=key show/> }.part()
}

/// A form that fetches the key again and says what was done.
fn refetching<F>(key: Loading<ShownKey>, said: &'static str) -> Form<F>
where
    F: ServerFn<Error = PortalError, Output = ()>,
{
    let announcer = Announcer::here();
    Form::then(move |()| {
        key.refetch();
        announcer.say(said);
    })
}

/// The form that gives a key another token, which is shown at an address of its own.
fn rotating() -> Form<RotateKey> {
    let (t, announcer, navigate) = (texts(), Announcer::here(), use_navigate());
    Form::then(move |key: MadeKey| {
        announcer.say(t.key_rotated);
        // Not back to a form that would be sent again.
        let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
        navigate(&format!("{}?made={}", key_path(&key.id), key.made), options);
    })
}

/// The forms of what has to be there for every type.
#[derive(Clone, Copy)]
struct ChangeForms {
    settings: SettingsForms,
    rotation: RotationForms,
    stop: StopForms,
}

fn key_parts(
    key: &KeyDetails,
    html: KeyHtml,
    reveal: RevealForm,
    lock: LockForms,
    addresses: AddressForms,
    change: ChangeForms,
) -> Part {
    let t = texts();
    let path = key_path(&key.row.id);
    let locks = key.row.key_type == KeyType::Default;
    let may = key.may_manage;
    view! {
        <p class="way-up"><a href="/account/api-keys">{t.keys_heading}</a></p>
        <PageHeading text=key.row.description.clone()/>
        <p class="subtitle" inner_html=html.about></p>
        <div class="key-state" inner_html=html.state></div>
        <div class="parts">
            {reveal_panel(key.clone(), html.ways, path.clone(), reveal)}
            {old_token_panel(key, html.old_token, &path, change.rotation)}
            <div class="written" inner_html=html.requests></div>
            <section class="panel" inner_html=html.statistics></section>
            {lock_panel(key, html.lock, &path, lock)}
            {locks.then(|| addresses_panel(key.clone(), html.addresses, path.clone(), addresses))}
            {may.then(|| settings_panel(key.clone(), path.clone(), change.settings))}
            {may.then(|| rotation_panel(key, &path, change.rotation.rotate))}
            {may.then(|| stop_panel(key.clone(), path, change.stop))}
        </div>
        {(!may).then(|| view! { <p class="hint">{t.error_forbidden}</p> })}
    }
    .part()
}
