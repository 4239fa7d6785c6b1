use domain::key_list::query_of;
use leptos::prelude::*;
use service::accounts::RemovalAsked;

use super::super::part::asked;
use super::super::proof::proof_fields;
use super::super::texts::{Served, SubUserTexts};
use super::{REMOVE, SUB_USERS, user_of_address};
use crate::components::{Form, PageHeading, PlainForm, SubmitButton};
use crate::i18n::{Plural, fill, language, plural};
use crate::part::{IntoPart, Part};
use crate::portal::Field;
use crate::server_fns::{RemoveSubUser, find_removal};

/// The fields that show their own errors.
const FIELDS: &[Field] = &[Field::Password, Field::Code];

/// Asks once more before a sub-user is removed, and says what goes with them.
pub(crate) fn remove_sub_user_page() -> Part {
    let form = Form::<RemoveSubUser>::new();
    let username = user_of_address();
    asked(async move { find_removal(&username).await }, move |removal| question(&removal, form))
}

fn question(removal: &RemovalAsked, form: Form<RemoveSubUser>) -> Part {
    let t = SubUserTexts::here();
    let name = removal.username.as_str();
    let query = query_of("user", name);
    let keys = match removal.keys as u64 {
        0 => t.remove_no_keys.part(),
        count => {
            let forms = Plural { one: t.remove_keys_one, few: t.remove_keys_few, many: t.remove_keys_many };
            let list = format!("/account/api-keys?{query}");
            view! { {plural(language(), count, forms)} " " <a href=list>{t.see_keys}</a> }.part()
        }
    };
    view! {
        <PageHeading/>
        <section class="panel">
            <p>{fill(t.remove_question, &[("username", &name)])}</p>
            <p>{keys}</p>
            <p>{t.remove_consequence}</p>
            <PlainForm form path=format!("{REMOVE}?{query}") fields=FIELDS once=true>
                <input type="hidden" name="username" value=name.to_owned()/>
                {proof_fields(form.state)}
                <div class="buttons">
                    <SubmitButton state=form.state label=t.remove class="button danger"/>
                    <a class="button quiet" href=SUB_USERS>{t.remove_keep}</a>
                </div>
            </PlainForm>
        </section>
    }
    .part()
}
