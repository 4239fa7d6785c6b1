use leptos::prelude::*;
use service::keys::KeyUsers;

use super::super::part::{asked, select_field};
use super::super::texts::{Served, SubUserTexts};
use super::{KEY, SUB_USERS, user_of_address};
use crate::components::{Form, FormState, Kind, PageHeading, PlainForm, SubmitButton, TextField, type_field};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::Field;
use crate::server_fns::{GenerateKey, find_key_users};

/// The fields that show their own errors.
const FIELDS: &[Field] = &[Field::Username, Field::Description, Field::KeyType, Field::ExpiresAt];

/// Where an owner generates a key for a sub-user.
pub(crate) fn sub_user_key_page() -> Part {
    let form = Form::<GenerateKey>::new();
    asked(find_key_users(), move |users| match users.names.is_empty() && !users.are_more {
        true => nobody(),
        false => generate(&users, form),
    })
}

fn nobody() -> Part {
    let t = SubUserTexts::here();
    view! {
        <PageHeading/>
        <p>{t.generate_nobody}</p>
        <p><a class="button" href=SUB_USERS>{t.back}</a></p>
    }
    .part()
}

fn generate(users: &KeyUsers, form: Form<GenerateKey>) -> Part {
    let (t, all, state) = (SubUserTexts::here(), texts(), form.state);
    view! {
        <PageHeading/>
        <p>{t.generate_text}</p>
        <PlainForm form path=KEY fields=FIELDS class="form panel" once=true>
            {user_field(state, users)}
            <TextField
                state
                field=Field::Description
                name="description"
                label=all.column_description
                hint=all.description_hint
            />
            {type_field(state)}
            <TextField
                state
                field=Field::ExpiresAt
                name="expires_at"
                label=all.expires
                kind=Kind::DateTime
                hint=all.expires_hint
            />
            <SubmitButton state label=all.generate/>
        </PlainForm>
        <p><a href=SUB_USERS>{t.back}</a></p>
    }
    .part()
}

/// Whom the key is for: the one of the address, if a sub-user has that name.
fn user_field(state: FormState, users: &KeyUsers) -> Part {
    let t = SubUserTexts::here();
    let asked = user_of_address();
    if users.are_more {
        return view! {
            <TextField state field=Field::Username name="username" label=t.generate_user value=Some(asked)/>
        }
        .part();
    }
    let chosen = state.entered("username").unwrap_or(asked);
    let options = users.names.iter().map(|name| {
        let is_chosen = name.as_str() == chosen;
        view! { <option value=name.to_string() selected=is_chosen>{name.to_string()}</option> }
    });
    select_field(state, Field::Username, "username", t.generate_user, options.collect_view().part())
}
