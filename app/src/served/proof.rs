//! The fields of a form for which a cookie is not enough: the password, and the code where one is asked for.

use leptos::prelude::*;

use super::part::own_username;
use crate::components::{FormState, Kind, TextField};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, PortalError};
use crate::server_fns::proof_asked;

/// The fields, where the last proof is too old or was refused.
pub(super) fn proof_fields(state: FormState) -> Part {
    if proof_asked().password || is_refused(state) { fields(state) } else { ().part() }
}

/// The same fields for one of many forms on a page: they appear after it was sent without a proof.
pub(super) fn late_proof_fields(state: FormState) -> Part {
    if is_refused(state) { fields(state) } else { ().part() }
}

fn is_refused(state: FormState) -> bool {
    state.error.with_untracked(|error| {
        error.as_ref().is_some_and(|error| {
            *error == PortalError::ProofNeeded
                || error.problem_of(Field::Password).is_some()
                || error.problem_of(Field::Code).is_some()
        })
    })
}

fn fields(state: FormState) -> Part {
    let t = texts();
    let code = proof_asked().code.then(|| {
        view! {
            <TextField
                state
                field=Field::Code
                name="code"
                label=t.code
                kind=Kind::Code
                class="input code"
                hint=t.code_hint
            />
        }
    });
    view! {
        {own_username()}
        <TextField
            state
            field=Field::Password
            name="password"
            label=t.password
            kind=Kind::CurrentPassword
        />
        {code}
    }
    .part()
}
