use leptos::prelude::*;

use super::super::texts::{ProfileTexts, Served};
use super::PROFILE;
use crate::components::{Form, PlainForm, SubmitButton};
use crate::i18n::{Language, fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::Profile;
use crate::server_fns::SetLanguage;

/// The language of pages and mails.
pub(super) fn language_panel(profile: &Profile) -> Part {
    let t = ProfileTexts::here();
    let form = Form::<SetLanguage>::new();
    let chosen = profile.language.as_str();
    let languages = Language::ALL.map(|language| choice(language.code(), language.name(), chosen));
    let described = fill("{save}: {what}", &[("save", &texts().save), ("what", &t.language_heading)]);
    view! {
        <section class="panel">
            <h2>{t.language_heading}</h2>
            <PlainForm form path=format!("{PROFILE}?do=set_language")>
                <fieldset>
                    <legend>{t.language_legend}</legend>
                    {choice("", t.language_as_browser, chosen)}
                    {languages}
                </fieldset>
                <SubmitButton state=form.state label=texts().save described class="button quiet"/>
            </PlainForm>
        </section>
    }
    .part()
}

fn choice(code: &'static str, name: &'static str, chosen: &str) -> Part {
    let lang = (!code.is_empty()).then_some(code);
    view! {
        <label class="choice">
            <input type="radio" name="language" value=code autocomplete="off" checked=code == chosen/>
            <span lang=lang>{name}</span>
        </label>
    }
    .part()
}
