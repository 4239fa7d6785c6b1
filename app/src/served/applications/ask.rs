use leptos::prelude::*;

use super::super::part::select_field;
use super::super::proof::proof_fields;
use super::super::texts::{ApplicationTexts, Served};
use super::APPROVE;
use crate::components::{Form, FormState, PageHeading, PlainForm, SubmitButton, TextField};
use crate::i18n::{Plural, fill, language, plural};
use crate::part::{IntoPart, Part};
use crate::portal::{AskingApplication, Field, Whose};
use crate::server_fns::{DecideApplication, with_made};

/// The fields that show their own errors.
const FIELDS: &[Field] = &[Field::Username, Field::Password, Field::Code];

/// Who asks, and the form that lets them in or not.
pub(super) fn ask(asking: AskingApplication) -> Part {
    let t = ApplicationTexts::here();
    let form = Form::<DecideApplication>::new();
    let path = with_made(&format!("{APPROVE}?do=decide_application"), &asking.made);
    view! {
        <PageHeading text=fill(t.ask_heading, &[("name", &asking.name)])/>
        <p>{t.ask_text}</p>
        <div class="user-code">
            <span class="hint" id="code-label">{t.code_label}</span>
            <output aria-labelledby="code-label" translate="no">{asking.user_code.clone()}</output>
        </div>
        {facts(&asking)}
        {caution(t, asking.whose)}
        <PlainForm form path fields=FIELDS once=true>
            <input type="hidden" name="user_code" value=asking.user_code.clone()/>
            {owner_field(form.state, &asking)}
            {proof_fields(form.state)}
            <div class="buttons">
                <SubmitButton state=form.state label=t.approve name="answer" value="approve".to_owned()/>
                <SubmitButton
                    state=form.state
                    label=t.deny
                    class="button quiet"
                    name="answer"
                    value="deny".to_owned()
                />
            </div>
        </PlainForm>
    }
    .part()
}

fn facts(asking: &AskingApplication) -> Part {
    let t = ApplicationTexts::here();
    let ago = match asking.minutes_ago {
        0 => t.just_now.to_owned(),
        minutes => counted(minutes, [t.ago_one, t.ago_few, t.ago_many]),
    };
    let ends = counted(asking.ends_in_minutes, [t.ends_one, t.ends_few, t.ends_many]);
    let address = asking.asked_from.clone().unwrap_or_else(|| t.from_unknown.to_owned());
    view! {
        <dl class="facts wide">
            <div>
                <dt>{t.who}</dt>
                <dd>{fill(t.who_text, &[("name", &asking.name)])}<small>{t.who_note}</small></dd>
            </div>
            <div>
                <dt>{t.from}</dt>
                <dd><span class="address">{address}</span><small>{whose_text(t, asking.whose)}</small></dd>
            </div>
            <div>
                <dt>{t.when}</dt>
                <dd>
                    <time datetime=asking.asked.iso.clone() title=asking.asked.text.clone()>{ago}</time>
                    <small>{ends}</small>
                </dd>
            </div>
            <div>
                <dt>{t.what}</dt>
                <dd>{t.what_text}<small>{t.what_note}</small></dd>
            </div>
        </dl>
    }
    .part()
}

fn counted(count: u64, [one, few, many]: [&'static str; 3]) -> String {
    plural(language(), count, Plural { one, few, many })
}

fn whose_text(t: &'static ApplicationTexts, whose: Whose) -> &'static str {
    match whose {
        Whose::Here => t.from_here,
        Whose::OfKeys => t.from_keys,
        Whose::Elsewhere => t.from_elsewhere,
        Whose::Unknown => t.from_unknown_note,
    }
}

/// Whoever was talked into this has to read it before they decide.
fn caution(t: &'static ApplicationTexts, whose: Whose) -> Part {
    let elsewhere = matches!(whose, Whose::Elsewhere | Whose::Unknown)
        .then(|| view! { <strong>{t.caution_address}</strong>" " });
    view! {
        <p class="caution">
            <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
                <path d="M12 3.5 2.5 20h19L12 3.5ZM12 10v4.5M12 17.4v.1"></path>
            </svg>
            <span>{elsewhere}{t.caution}</span>
        </p>
    }
    .part()
}

/// Who is to own the key: nobody is asked where there is no choice.
fn owner_field(state: FormState, asking: &AskingApplication) -> Part {
    let t = ApplicationTexts::here();
    let first = asking.owners.first().cloned().unwrap_or_default();
    if asking.are_more_owners {
        return view! {
            <TextField state field=Field::Username name="username" label=t.owner_label value=Some(first)/>
        }
        .part();
    }
    if asking.owners.len() < 2 {
        return ().part();
    }
    let chosen = state.entered("username").unwrap_or(first);
    let options = asking.owners.iter().map(|name| {
        view! { <option value=name.clone() selected=*name == chosen>{name.clone()}</option> }
    });
    select_field(state, Field::Username, "username", t.owner_label, options.collect_view().part())
}
