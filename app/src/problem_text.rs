//! Every error in words: what is wrong and what to do. The only place that turns codes into text.

use std::fmt::Display;

use crate::i18n::{Language, Plural, Texts, fill, plural};
#[cfg(feature = "ssr")]
use crate::portal::WebhookProblem;
use crate::portal::{Field, PortalError, Problem};
#[cfg(feature = "ssr")]
use crate::served::texts::{ApplicationTexts, DoorTexts, ProfileTexts, SecurityTexts, Served};
#[cfg(feature = "ssr")]
use crate::served::webhook_problem;

/// What to show instead of a page, or above a form.
#[must_use]
pub fn error_text(t: &Texts, language: Language, error: &PortalError) -> String {
    match error {
        PortalError::SignedOut => t.error_signed_out.into(),
        PortalError::NotFound => t.error_not_found.into(),
        PortalError::Forbidden => t.error_forbidden.into(),
        PortalError::ProofNeeded => t.error_proof_needed.into(),
        PortalError::Conflict => t.error_conflict.into(),
        PortalError::LimitReached => t.error_full.into(),
        PortalError::Busy => t.error_busy.into(),
        PortalError::Unavailable => t.error_unavailable.into(),
        PortalError::Connection(_) => t.error_connection.into(),
        PortalError::WrongAddress { address, plain } => {
            fill(if *plain { t.error_plain_http } else { t.error_wrong_address }, &[("address", address)])
        }
        PortalError::Throttled { retry_after_seconds } => {
            let wait = wait_text(t, language, *retry_after_seconds);
            fill(t.error_throttled, &[("wait", &wait)])
        }
        PortalError::Invalid(errors) => {
            let texts = errors.iter().map(|e| problem_text(t, language, e.field, &e.problem));
            texts.collect::<Vec<_>>().join(" ")
        }
    }
}

/// Returns what stands above a form; the fields in `shown` show their own problems.
pub(crate) fn form_problem(
    t: &Texts,
    language: Language,
    error: &PortalError,
    shown: &[Field],
) -> Option<String> {
    match error {
        PortalError::ProofNeeded if shown.contains(&Field::Password) => None,
        PortalError::Invalid(errors) => {
            let rest = errors.iter().filter(|e| !shown.contains(&e.field));
            let texts: Vec<_> = rest.map(|e| problem_text(t, language, e.field, &e.problem)).collect();
            (!texts.is_empty()).then(|| texts.join(" "))
        }
        other => Some(error_text(t, language, other)),
    }
}

/// What stands at one field.
pub(crate) fn field_problem(
    t: &Texts,
    language: Language,
    error: &PortalError,
    field: Field,
) -> Option<String> {
    match error {
        PortalError::ProofNeeded if field == Field::Password => Some(t.error_proof_needed.into()),
        error => error.problem_of(field).map(|problem| problem_text(t, language, field, problem)),
    }
}

/// What is wrong with a field.
#[must_use]
pub fn problem_text(t: &Texts, language: Language, field: Field, problem: &Problem) -> String {
    let (limit, suggestion) = match problem {
        Problem::TooLong { limit }
        | Problem::TooMany { limit }
        | Problem::TooManyKeys { limit }
        | Problem::UsernameTooLongForSmpp { limit } => (*limit, ""),
        #[cfg(feature = "ssr")]
        Problem::TooShort { limit } => (*limit, ""),
        Problem::HostBits { suggestion } => (0, suggestion.as_str()),
        _ => (0, ""),
    };
    let forms = Plural { one: t.characters_one, few: t.characters_few, many: t.characters_many };
    let characters = plural(language, limit.into(), forms);
    let values: [(_, &dyn Display); 3] =
        [("limit", &limit), ("characters", &characters), ("suggestion", &suggestion)];
    fill(problem_template(t, language, field, problem), &values)
}

fn problem_template(t: &Texts, language: Language, field: Field, problem: &Problem) -> &'static str {
    #[cfg(feature = "ssr")]
    let (door, profile) = (DoorTexts::in_language(language), ProfileTexts::in_language(language));
    match problem {
        Problem::Empty => empty_text(t, language, field),
        Problem::TooLong { .. } => t.problem_too_long,
        Problem::ControlCharacter => t.problem_control_character,
        Problem::WrongPassword => t.problem_wrong_password,
        Problem::WrongCode => t.problem_wrong_code,
        Problem::UnknownKeyType => t.problem_unknown_key_type,
        Problem::NotATime => t.problem_not_a_time,
        Problem::InThePast => t.problem_in_the_past,
        Problem::TooFarAhead => t.problem_too_far_ahead,
        Problem::UnknownOverlap => t.problem_unknown_overlap,
        Problem::OldTokenPasses => t.problem_old_token_passes,
        Problem::NotAnAddress => t.problem_not_an_address,
        Problem::ZonedAddress => t.problem_zoned_address,
        Problem::HostBits { .. } => t.problem_host_bits,
        Problem::MappedNetwork => t.problem_mapped_network,
        Problem::Everybody => t.problem_everybody,
        Problem::AlreadyListed => t.problem_already_listed,
        Problem::TooMany { .. } => t.problem_too_many,
        Problem::TooManyKeys { .. } => t.problem_too_many_keys,
        Problem::NotADefaultKey => t.problem_not_a_default_key,
        Problem::SmppManagesNothing => t.problem_smpp_manages_nothing,
        Problem::UsernameTooLongForSmpp { .. } => t.problem_username_too_long_for_smpp,
        Problem::NotRevealable => t.problem_not_revealable,
        #[cfg(feature = "ssr")]
        Problem::TooShort { .. } => door.problem_too_short,
        #[cfg(feature = "ssr")]
        Problem::NoSuchSubUser => door.problem_no_such_sub_user,
        #[cfg(feature = "ssr")]
        Problem::NotAUsername => door.problem_not_a_username,
        #[cfg(feature = "ssr")]
        Problem::WebAddress => door.problem_web_address,
        #[cfg(feature = "ssr")]
        Problem::Taken => door.problem_taken,
        #[cfg(feature = "ssr")]
        Problem::WrongCredentials => door.problem_wrong_credentials,
        #[cfg(feature = "ssr")]
        Problem::Guessable => door.problem_guessable,
        #[cfg(feature = "ssr")]
        Problem::LinkClosed => door.problem_link_closed,
        #[cfg(feature = "ssr")]
        Problem::PresentPassword => SecurityTexts::in_language(language).problem_present_password,
        #[cfg(feature = "ssr")]
        Problem::NotAChoice => profile.problem_not_a_choice,
        #[cfg(feature = "ssr")]
        Problem::NotAMailAddress => profile.problem_not_a_mail_address,
        #[cfg(feature = "ssr")]
        Problem::StaleLink => profile.problem_stale_link,
        #[cfg(feature = "ssr")]
        Problem::NotAUserCode => ApplicationTexts::in_language(language).problem_not_a_user_code,
        #[cfg(feature = "ssr")]
        Problem::UnknownUserCode => ApplicationTexts::in_language(language).problem_unknown_user_code,
        #[cfg(feature = "ssr")]
        Problem::Webhook(problem) => webhook_problem(language, *problem),
    }
}

#[cfg_attr(not(feature = "ssr"), expect(unused_variables, reason = "for fields of served pages"))]
fn empty_text(t: &Texts, language: Language, field: Field) -> &'static str {
    match field {
        Field::ExpiresAt => t.problem_not_a_time,
        Field::OverlapSeconds => t.problem_unknown_overlap,
        Field::Form | Field::ManagesKeys => t.problem_empty_form,
        #[cfg(feature = "ssr")]
        Field::LockWidth => t.problem_empty_form,
        #[cfg(feature = "ssr")]
        Field::Username => DoorTexts::in_language(language).problem_empty_username,
        Field::Password => t.problem_empty_password,
        #[cfg(feature = "ssr")]
        Field::NewPassword => t.problem_empty_password,
        Field::Code => t.problem_empty_code,
        Field::Description => t.problem_empty_description,
        Field::KeyType => t.problem_unknown_key_type,
        Field::Address => t.problem_empty_address,
        #[cfg(feature = "ssr")]
        Field::UserCode => ApplicationTexts::in_language(language).problem_empty_user_code,
        #[cfg(feature = "ssr")]
        Field::Email => ProfileTexts::in_language(language).problem_empty_email,
        #[cfg(feature = "ssr")]
        Field::Url => webhook_problem(language, WebhookProblem::NoUrl),
        #[cfg(feature = "ssr")]
        Field::Causes => webhook_problem(language, WebhookProblem::NoCause),
        #[cfg(feature = "ssr")]
        Field::TimeZone | Field::Language => ProfileTexts::in_language(language).problem_not_a_choice,
    }
}

fn wait_text(t: &Texts, language: Language, seconds: u32) -> String {
    if seconds > 90 {
        let forms = Plural { one: t.minutes_one, few: t.minutes_few, many: t.minutes_many };
        return plural(language, u64::from(seconds.div_ceil(60)), forms);
    }
    let forms = Plural { one: t.seconds_one, few: t.seconds_few, many: t.seconds_many };
    plural(language, u64::from(seconds.max(1)), forms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::FieldError;

    fn invalid(pairs: &[(Field, Problem)]) -> PortalError {
        let pairs = pairs.iter().cloned();
        PortalError::Invalid(pairs.map(|(field, problem)| FieldError { field, problem }).collect())
    }

    #[test]
    fn a_form_shows_every_error_exactly_once() {
        let language = Language::En;
        let (t, door) = (crate::i18n::texts_in(language), DoorTexts::in_language(language));
        let error = invalid(&[(Field::Username, Problem::Empty), (Field::Form, Problem::LinkClosed)]);
        assert_eq!(
            form_problem(t, language, &error, &[Field::Username]).as_deref(),
            Some(door.problem_link_closed)
        );
        assert_eq!(
            field_problem(t, language, &error, Field::Username).as_deref(),
            Some(door.problem_empty_username)
        );
        assert_eq!(field_problem(t, language, &error, Field::Password), None);
    }

    #[test]
    fn a_missing_proof_stands_at_the_password() {
        let language = Language::En;
        let t = crate::i18n::texts_in(language);
        let error = PortalError::ProofNeeded;
        assert_eq!(form_problem(t, language, &error, &[Field::Password]), None);
        assert!(field_problem(t, language, &error, Field::Password).is_some());
        assert!(form_problem(t, language, &error, &[]).is_some());
    }

    #[test]
    fn waits_and_limits_are_counted_in_the_language() {
        let throttled = |seconds| PortalError::Throttled { retry_after_seconds: seconds };
        for (language, seconds, part) in [
            (Language::En, 0, "1 second"),
            (Language::En, 61, "61 seconds"),
            (Language::En, 91, "2 minutes"),
            (Language::Ro, 5, "5 secunde"),
            (Language::Ro, 30, "30 de secunde"),
        ] {
            let text = error_text(crate::i18n::texts_in(language), language, &throttled(seconds));
            assert!(text.contains(part), "{text}");
        }
        let long = invalid(&[(Field::Description, Problem::TooLong { limit: 100 })]);
        let text = error_text(crate::i18n::texts_in(Language::Ro), Language::Ro, &long);
        assert!(text.contains("100 de caractere"), "{text}");
    }
}
