use leptos::prelude::*;

use crate::components::{FormState, proof_fields};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, KeyDetails, PortalError};

/// Where a user proves again who they are, if that is needed: already, or as the form was answered.
pub(super) fn proof_when_needed(state: FormState, key: &KeyDetails) -> impl Fn() -> Part + use<> {
    let (needed, code_needed, viewer) = (key.proof_needed, key.code_needed, key.viewer.clone());
    let asks = Memo::new(move |_| {
        needed
            || state.error.with(|error| {
                error.as_ref().is_some_and(|error| {
                    *error == PortalError::ProofNeeded
                        || error.problem_of(Field::Password).or(error.problem_of(Field::Code)).is_some()
                })
            })
    });
    move || {
        if !asks.get() {
            return ().part();
        }
        proof_fields(state, viewer.clone(), code_needed, texts().proof_hint)
    }
}
