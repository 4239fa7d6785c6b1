use leptos::prelude::*;

use crate::components::{Form, PlainForm, SubmitButton};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::{KeyDetails, KeyState};
use crate::server_fns::{PauseKey, ResumeKey};

/// The forms that pause a key.
#[derive(Clone, Copy)]
pub(super) struct StopForms {
    /// Pauses it.
    pub(super) pause: Form<PauseKey>,
    /// Resumes it.
    pub(super) resume: Form<ResumeKey>,
}

/// How a key is stopped, for a while or for good.
pub(super) fn stop_panel(key: KeyDetails, path: String, forms: StopForms) -> Part {
    let t = texts();
    let id = key.row.id.0;
    // Not in one place: the second click of a double click on Pause would resume the key.
    let pause = if key.row.state == KeyState::Paused {
        view! {
            <PlainForm form=forms.resume path=format!("{path}?do=resume_key")>
                <input type="hidden" name="id" value=id/>
                <SubmitButton state=forms.resume.state label=t.resume class="button"/>
                <p class="hint">{t.paused_text}</p>
            </PlainForm>
        }
        .part()
    } else {
        view! {
            <PlainForm form=forms.pause path=format!("{path}?do=pause_key")>
                <input type="hidden" name="id" value=id/>
                <p class="hint">{t.pause_text}</p>
                <SubmitButton state=forms.pause.state label=t.pause class="button quiet"/>
            </PlainForm>
        }
        .part()
    };
    view! {
        <section class="panel tall">
            <h2>{t.stop_heading}</h2>
            {pause}
            <p class="hint">{t.delete_consequence}</p>
            <p><a class="danger-link" href=path + "/delete" rel="external">{t.delete}</a></p>
        </section>
    }
    .part()
}
