//! Requests that may come again, by their name in `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07; bare
//! names are taken too).

use super::Api;
use super::ApiError;
use super::answer::Answer;
use super::caller::Caller;
use super::input::Body;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::response::{IntoResponse, Response};
use contract::Refusal;
use http::HeaderName;
use http::request::Parts;
use service::retries::{Attempt, Begun};
use store::KeptAnswer;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

const NAME: HeaderName = HeaderName::from_static("idempotency-key");
/// The most characters of a name.
const LIMIT: usize = 255;

/// What [`parse`] takes, as the document says it.
const FORM: &str = r#"^([!#-~]([ -~]{0,253}[!-~])?|"([ !#-\[\]-~]|\\["\\]){1,255}")$"#;
/// What the document says of it.
const ABOUT: &str = "A name of your own for this request. When it comes again within 24 hours (ten minutes, where \
    tokens are shown only once), nothing is done again and the answer is the same.";

/// The name of a request, and what is asked besides the body.
pub(super) struct Named {
    name: Option<String>,
    asked: String,
}

impl IntoParams for Named {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(FORM));
        let header = ParameterBuilder::new().name("Idempotency-Key").parameter_in(ParameterIn::Header);
        vec![header.required(Required::False).description(Some(ABOUT)).schema(Some(text)).build()]
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Ok(OriginalUri(uri)) = OriginalUri::from_request_parts(parts, state).await;
        let mut lines = parts.headers.get_all(NAME).iter();
        let name = match (lines.next(), lines.next()) {
            (None, _) => None,
            (Some(line), None) => Some(parse(line.as_bytes()).ok_or(ApiError::RetryName)?),
            _ => return Err(ApiError::RetryName),
        };
        Ok(Self { name, asked: format!("{} {uri}", parts.method) })
    }
}

/// A bare name, or a string of structured fields (RFC 9651, section 3.3.3).
fn parse(line: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(line).ok()?.trim();
    let name = match text.strip_prefix('"') {
        None => text.to_owned(),
        Some(quoted) => unquote(quoted.strip_suffix('"')?)?,
    };
    let fits =
        !name.is_empty() && name.len() <= LIMIT && name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    fits.then_some(name)
}

fn unquote(quoted: &str) -> Option<String> {
    let (mut name, mut characters) = (String::new(), quoted.chars());
    while let Some(character) = characters.next() {
        match character {
            '\\' => name.push(characters.next().filter(|next| matches!(next, '"' | '\\'))?),
            '"' => return None,
            character => name.push(character),
        }
    }
    Some(name)
}

impl Named {
    /// Carries a request out, unless it came before: then its answer of then is given again.
    pub(super) async fn run(
        self,
        api: &Api,
        caller: &Caller,
        body: &Body,
        work: impl AsyncFnOnce(Kept<'_>) -> Result<Answer, ApiError>,
    ) -> Result<Response, ApiError> {
        let request: [&[u8]; 2] = [self.asked.as_bytes(), &body.bytes];
        let begun = api.services.use_cases.retries.begin(caller.key, self.name.as_deref(), &request).await?;
        let answer = match begun {
            Begun::Again(kept) => Answer::from_bytes(&kept).ok_or(Refusal::Unavailable)?,
            Begun::First(attempt) => work(Kept(attempt)).await?,
        };
        Ok(answer.into_response())
    }
}

/// Where the answer to a request is kept.
pub(super) struct Kept<'a>(Attempt<'a>);

impl Kept<'_> {
    /// The answer as it is kept together with the change, if it is.
    pub(super) fn of(&self, answer: &Answer) -> Result<Option<KeptAnswer>, Refusal> {
        self.0.keep(&answer.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_bare_and_quoted() {
        let long = "x".repeat(LIMIT);
        for (line, name) in [
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            ("\"8e03978e\"", "8e03978e"),
            (r#""a \"b\" \\""#, r#"a "b" \"#),
            (" spaces around ", "spaces around"),
            (long.as_str(), long.as_str()),
        ] {
            assert_eq!(parse(line.as_bytes()).as_deref(), Some(name), "{line}");
        }
        let longer = "x".repeat(LIMIT + 1);
        for line in ["", "\"\"", "\"open", r#""a"b""#, r#""\x""#, "ä", "a\tb", longer.as_str()] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
    }
}
