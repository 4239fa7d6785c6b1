use leptos::prelude::*;
use server_fn::ServerFn;

use super::addresses::{AddressForms, Addresses, FreeAddresses};
use super::key_of_address;
use super::lock::{Lock, LockForms};
use super::reveal::{Reveal, RevealForm};
use super::statistics::Statistics;
use crate::components::{Announcer, Form, Loaded, PageHeading, type_name};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::{KeyDetails, KeyType, PortalError};
use crate::server_call::Loading;
use crate::server_fns::key_path;

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
    let show = move |key| view! { <KeyParts key reveal lock addresses/> };
    view! { <Loaded from=key show/> }.part()
}

/// A form that fetches the key again and says what was done.
fn refetching<F>(key: Loading<KeyDetails>, said: &'static str) -> Form<F>
where
    F: ServerFn<Error = PortalError, Output = ()>,
{
    let announcer = Announcer::here();
    Form::then(move |()| {
        key.refetch();
        announcer.say(said);
    })
}

#[component]
fn KeyParts(
    /// The key.
    key: KeyDetails,
    /// The form that shows its token.
    reveal: RevealForm,
    /// The forms of its lock.
    lock: LockForms,
    /// The forms of its allow list.
    addresses: AddressForms,
) -> impl IntoView {
    let t = texts();
    let path = key_path(&key.row.id);
    let key_type = key.row.key_type;
    let locks = key_type == KeyType::Default;
    let last = if key.may_manage {
        view! { <p><a class="danger-link" href=format!("{path}/delete")>{t.delete}</a></p> }.part()
    } else {
        view! { <p class="hint">{t.error_forbidden}</p> }.part()
    };
    view! {
        <p class="way-up"><a href="/account/api-keys">{t.keys_heading}</a></p>
        <PageHeading text=key.row.description.clone()/>
        <p class="subtitle">
            <span class="badge">{type_name(t, key_type)}</span>
            " "
            <span>{key.row.username.clone()}</span>
        </p>
        <div class="parts">
            <Reveal key=key.clone() path=path.clone() form=reveal/>
            <Statistics key=key.clone()/>
            {locks.then(|| view! { <Lock key=key.clone() path=path.clone() forms=lock/> })}
            {locks.then(|| view! { <Addresses key=key.clone() path=path.clone() forms=addresses/> })}
            {(!locks).then(|| view! { <FreeAddresses key=key.clone()/> })}
        </div>
        {last}
    }
}
