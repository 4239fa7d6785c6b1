use domain::application::UserCode;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::super::texts::{ApplicationTexts, Served};
use super::APPROVE;
use crate::components::{Form, PageHeading, PlainForm, SubmitButton, TextField, form_problem_line};
use crate::part::{IntoPart, Part};
use crate::portal::Field;
use crate::server_fns::{DecideApplication, GiveUserCode};

/// Where the code of an application is entered. A link may fill the field, and does no more.
pub(super) fn enter(may_manage: bool) -> Part {
    let t = ApplicationTexts::here();
    if !may_manage {
        return view! { <PageHeading/> <p>{t.reads_only}</p> }.part();
    }
    let form = Form::<GiveUserCode>::new();
    let of_link = use_query_map().with_untracked(|query| query.get("user_code"));
    let of_link = of_link.and_then(|text| UserCode::parse(&text)).map(|code| code.to_string());
    let warning = of_link.is_some().then(|| view! { <p class="hint">{t.filled_by_link}</p> });
    // A decision whose page is not known any more, after a restart or much later.
    let decision = Form::<DecideApplication>::new();
    view! {
        <PageHeading/>
        {form_problem_line(decision.state, &[])}
        <p>{t.enter_text}</p>
        <PlainForm form path=format!("{APPROVE}?do=give_user_code") fields=&[Field::UserCode]>
            <TextField
                state=form.state
                field=Field::UserCode
                name="user_code"
                label=t.code_label
                class="input code"
                hint=t.code_hint
                value=of_link
            />
            {warning}
            <SubmitButton state=form.state label=t.go_on/>
        </PlainForm>
    }
    .part()
}
