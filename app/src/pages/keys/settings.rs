use leptos::prelude::*;

use crate::components::{Form, Kind, PlainForm, SubmitButton, TextField};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{Field, KeyDetails};
use crate::server_fns::{RenameKey, SetKeyExpiry};

/// The forms of what a key is called and when it ends.
#[derive(Clone, Copy)]
pub(super) struct SettingsForms {
    /// Gives it another description.
    pub(super) rename: Form<RenameKey>,
    /// Sets when it expires.
    pub(super) expiry: Form<SetKeyExpiry>,
}

/// What a key is called and when it ends.
pub(super) fn settings_panel(key: KeyDetails, path: String, forms: SettingsForms) -> Part {
    let t = texts();
    let id = key.row.id.0;
    let same_id = id.clone();
    let saves = |what: &'static str| fill("{save}: {what}", &[("save", &t.save), ("what", &what)]);
    view! {
        <section class="panel tall">
            <h2>{t.settings_heading}</h2>
            <PlainForm form=forms.rename path=format!("{path}?do=rename_key") fields=&[Field::Description]>
                <input type="hidden" name="id" value=id/>
                <TextField
                    state=forms.rename.state
                    field=Field::Description
                    name="description"
                    label=t.column_description
                    value=Some(key.row.description)
                />
                <SubmitButton state=forms.rename.state label=t.save described=saves(t.column_description) class="button quiet"/>
            </PlainForm>
            <PlainForm form=forms.expiry path=path + "?do=set_key_expiry" fields=&[Field::ExpiresAt] checked=true>
                <input type="hidden" name="id" value=same_id/>
                <TextField
                    state=forms.expiry.state
                    field=Field::ExpiresAt
                    name="expires_at"
                    label=t.expires
                    kind=Kind::DateTime
                    hint=t.expires_hint
                    value=Some(key.expires_at)
                />
                <SubmitButton state=forms.expiry.state label=t.save described=saves(t.expires) class="button quiet"/>
            </PlainForm>
        </section>
    }
    .part()
}
