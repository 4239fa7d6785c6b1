use leptos::prelude::*;

use crate::components::{Form, PlainForm, SubmitButton, TextField};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{Field, KeyDetails};
use crate::server_fns::{AuthoriseAddress, RemoveAddress};

/// The forms of an allow list.
#[derive(Clone, Copy)]
pub(super) struct AddressForms {
    /// Adds an entry.
    pub(super) authorise: Form<AuthoriseAddress>,
    /// Takes one off.
    pub(super) remove: Form<RemoveAddress>,
}

/// The addresses that may use a Default key beside the one it is locked to.
/// `html` is the list for those who may not change it.
pub(super) fn addresses_panel(key: KeyDetails, html: String, path: String, forms: AddressForms) -> Part {
    let t = texts();
    let id = key.row.id.0;
    let state = forms.authorise.state;
    if !key.may_manage {
        return view! {
            <section class="panel">
                <h2>{t.authorised_ips}</h2>
                <div class="written" inner_html=html></div>
            </section>
        }
        .part();
    }
    let list = if key.allow_list.is_empty() {
        view! { <p>{t.addresses_empty}</p> }.part()
    } else {
        address_list(forms.remove, key.allow_list, &path, id.clone())
    };
    view! {
        <section class="panel">
            <h2>{t.authorised_ips}</h2>
            {list}
            <PlainForm
                form=forms.authorise
                path=path + "?do=authorise_address"
                fields=&[Field::Address]
                clears=true
                once=true
            >
                <input type="hidden" name="id" value=id/>
                <TextField
                    state
                    field=Field::Address
                    name="address"
                    label=t.address_label
                    hint=t.address_hint
                    class="input code"
                />
                <SubmitButton state label=t.authorise/>
            </PlainForm>
        </section>
    }
    .part()
}

/// One form for the whole list: the button that is pressed says which entry.
fn address_list(form: Form<RemoveAddress>, addresses: Vec<String>, path: &str, id: String) -> Part {
    let t = texts();
    let state = form.state;
    let entries = addresses.into_iter().map(move |address| {
        let described = fill(t.remove_named, &[("address", &address)]);
        view! {
            <li>
                <span class="address">{address.clone()}</span>
                <SubmitButton
                    state
                    label=t.remove
                    described
                    name="address"
                    value=address
                    class="button small quiet"
                />
            </li>
        }
    });
    view! {
        <PlainForm form path=format!("{path}?do=remove_address")>
            <input type="hidden" name="id" value=id/>
            <ul class="addresses">{entries.collect_view()}</ul>
        </PlainForm>
    }
    .part()
}
