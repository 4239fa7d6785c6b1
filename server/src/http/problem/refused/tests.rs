//! Each `after_…` names every variant once, without a wildcard: a new variant does not compile until it has its place in
//! the chain, and so its line in the snapshot.

use super::*;
use app::{Field, Problem, WebhookProblem};
use http_body_util::BodyExt;
use std::fmt::Write as _;
use std::iter::successors;

fn after_field(field: Field) -> Option<Field> {
    use Field::*;
    Some(match field {
        Form => Username,
        Username => Password,
        Password => NewPassword,
        NewPassword => Code,
        Code => Description,
        Description => KeyType,
        KeyType => ExpiresAt,
        ExpiresAt => OverlapSeconds,
        OverlapSeconds => ManagesKeys,
        ManagesKeys => LockWidth,
        LockWidth => Address,
        Address => Email,
        Email => TimeZone,
        TimeZone => Language,
        Language => Url,
        Url => Causes,
        Causes => UserCode,
        UserCode => return None,
    })
}

fn after_problem(problem: &Problem) -> Option<Problem> {
    use Problem::*;
    Some(match problem {
        Empty => TooLong { limit: 100 },
        TooLong { .. } => TooShort { limit: 10 },
        TooShort { .. } => ControlCharacter,
        ControlCharacter => NotAUsername,
        NotAUsername => WebAddress,
        WebAddress => Taken,
        Taken => WrongCredentials,
        WrongCredentials => WrongPassword,
        WrongPassword => PresentPassword,
        PresentPassword => Guessable,
        Guessable => WrongCode,
        WrongCode => UnknownKeyType,
        UnknownKeyType => UsernameTooLongForSmpp { limit: 15 },
        UsernameTooLongForSmpp { .. } => NotATime,
        NotATime => InThePast,
        InThePast => TooFarAhead,
        TooFarAhead => UnknownOverlap,
        UnknownOverlap => OldTokenPasses,
        OldTokenPasses => NotAnAddress,
        NotAnAddress => ZonedAddress,
        ZonedAddress => HostBits { suggestion: "198.51.100.0/24".to_owned() },
        HostBits { .. } => MappedNetwork,
        MappedNetwork => Everybody,
        Everybody => AlreadyListed,
        AlreadyListed => TooMany { limit: 64 },
        TooMany { .. } => TooManyKeys { limit: 100_000 },
        TooManyKeys { .. } => NotADefaultKey,
        NotADefaultKey => SmppManagesNothing,
        SmppManagesNothing => NoSuchSubUser,
        NoSuchSubUser => LinkClosed,
        LinkClosed => NotRevealable,
        NotRevealable => NotAChoice,
        NotAChoice => NotAMailAddress,
        NotAMailAddress => StaleLink,
        StaleLink => NotAUserCode,
        NotAUserCode => UnknownUserCode,
        UnknownUserCode => Webhook(WebhookProblem::NoUrl),
        Webhook(problem) => Webhook(after_webhook_problem(*problem)?),
    })
}

fn after_webhook_problem(problem: WebhookProblem) -> Option<WebhookProblem> {
    use WebhookProblem::*;
    Some(match problem {
        NoUrl => NotAUrl,
        NotAUrl => NotHttps,
        NotHttps => Credentials,
        Credentials => Fragment,
        Fragment => NotPublic,
        NotPublic => NoCause,
        NoCause => UnknownCause,
        UnknownCause => LimitReached,
        LimitReached => TestWaits,
        TestWaits => NotSendable,
        NotSendable => return None,
    })
}

fn after_refusal(refusal: &Refusal) -> Option<Refusal> {
    use Refusal::*;
    Some(match refusal {
        SignedOut => NotFound,
        NotFound => Forbidden,
        Forbidden => ProofNeeded,
        ProofNeeded => Throttled { retry_after_seconds: 17 },
        Throttled { .. } => Conflict,
        Conflict => LimitReached,
        LimitReached => Busy,
        Busy => Unavailable,
        Unavailable => Invalid(wrong_fields()),
        Invalid(_) => return None,
    })
}

/// Every problem at one field, then one problem at every field.
fn wrong_fields() -> Vec<FieldError> {
    let problems = successors(Some(Problem::Empty), after_problem);
    let problems = problems.map(|problem| FieldError { field: Field::Form, problem });
    let fields = successors(Some(Field::Form), |field| after_field(*field));
    problems.chain(fields.map(|field| FieldError { field, problem: Problem::Empty })).collect()
}

#[tokio::test]
async fn every_refusal_is_a_problem_of_its_own() {
    let mut told = String::new();
    for refusal in successors(Some(Refusal::SignedOut), after_refusal) {
        let response = refused(refusal);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let wait = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["status"], status);
        let words = ["type", "title", "detail"].map(|name| body[name].as_str().unwrap());
        writeln!(told, "{status} {} / {} / {} / wait: {wait:?}", words[0], words[1], words[2]).unwrap();
        for error in body["errors"].as_array().into_iter().flatten() {
            writeln!(told, "  {error}").unwrap();
        }
    }
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("../../../../tests/snapshots/problems");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("refusals", told));
}
