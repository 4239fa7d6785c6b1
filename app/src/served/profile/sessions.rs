use leptos::prelude::*;

use super::super::texts::{ProfileTexts, Served};
use super::PROFILE;
use crate::components::{Form, FormState, PlainForm, SubmitButton, Table, Time};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::SessionView;
use crate::server_fns::{EndOtherSessions, EndSession};

/// Where the user is logged in. One form for the list: the button that is pressed says which session.
pub(super) fn sessions_part(sessions: &[SessionView]) -> Part {
    let t = ProfileTexts::here();
    let form = Form::<EndSession>::new();
    let columns = vec![
        (t.column_device, Some("name-cell")),
        (t.column_address, Some("address-cell")),
        (t.column_begun, Some("time-cell")),
        (t.column_last_seen, Some("time-cell")),
        (texts().column_actions, None),
    ];
    let rows = sessions.iter().map(|session| (None, cells(t, form.state, session))).collect();
    let others = (sessions.len() > 1).then(|| end_others(t));
    view! {
        <section class="wide sessions" id="sessions">
            <h2>{t.sessions_heading}</h2>
            <p class="record-line">{t.sessions_text}</p>
            <PlainForm form path=format!("{PROFILE}?do=end_session")>
                <Table label=t.sessions_heading columns rows/>
            </PlainForm>
            {others}
        </section>
    }
    .part()
}

fn end_others(t: &'static ProfileTexts) -> Part {
    let form = Form::<EndOtherSessions>::new();
    view! {
        <PlainForm form path=format!("{PROFILE}?do=end_other_sessions")>
            <SubmitButton state=form.state label=t.end_others class="button quiet"/>
        </PlainForm>
    }
    .part()
}

fn cells(t: &'static ProfileTexts, state: FormState, session: &SessionView) -> Vec<Part> {
    let device = device_text(t, session);
    let address = session.address.clone().unwrap_or_else(|| t.address_unknown.to_owned());
    let action = if session.is_present {
        view! { <span class="badge">{t.session_present}</span> }.part()
    } else {
        let described = fill(t.end_named, &[("device", &device), ("address", &address)]);
        let value = session.id.clone();
        view! {
            <SubmitButton state label=t.end_session described name="session" value class="button small quiet"/>
        }
        .part()
    };
    vec![
        device.part(),
        address.part(),
        view! { <Time moment=Some(session.begun.clone())/> }.part(),
        view! { <Time moment=Some(session.last_seen.clone())/> }.part(),
        action,
    ]
}

fn device_text(t: &'static ProfileTexts, session: &SessionView) -> String {
    match (&session.browser, &session.system) {
        (Some(browser), Some(system)) => fill(t.device_both, &[("browser", browser), ("system", system)]),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => t.device_unknown.to_owned(),
    }
}
