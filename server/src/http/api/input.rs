//! What programs send: JSON and queries, read strictly. What is unknown is refused, because a misspelt name would be
//! taken for nothing.

use super::ApiError;
use crate::http::problem::WrongMember;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::header::{CONTENT_TYPE, HeaderMap};
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_path_to_error::Segment;

/// What could not be understood.
#[derive(Debug)]
pub(in crate::http) struct WrongInput {
    /// A JSON pointer into the body, or the name of a parameter of the query behind a `?`.
    place: String,
    /// What is wrong there.
    detail: String,
}

impl WrongInput {
    pub(super) fn parameter(name: &str, detail: impl Into<String>) -> ApiError {
        ApiError::Input(Self { place: format!("?{name}"), detail: detail.into() })
    }

    pub(super) fn at(pointer: &str, detail: impl Into<String>) -> ApiError {
        ApiError::Input(Self { place: pointer.to_owned(), detail: detail.into() })
    }

    pub(super) fn member(&self) -> WrongMember {
        WrongMember::new(self.place.clone(), "not_understood", self.detail.clone())
    }
}

/// The body of a request, in whole.
pub(super) struct Body {
    pub(super) bytes: Bytes,
    is_json: bool,
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self { bytes, is_json }),
            Err(BytesRejection::FailedToBufferBody(_)) => Err(ApiError::TooLarge),
            Err(_) => Err(ApiError::Input(WrongInput {
                place: "#".to_owned(),
                detail: "The body did not come in whole.".to_owned(),
            })),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

impl Body {
    /// Reads the JSON object that it is.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        if !self.is_json {
            return Err(ApiError::MediaType);
        }
        let json = &mut serde_json::Deserializer::from_slice(&self.bytes);
        let wrong = |place: String, detail: String| ApiError::Input(WrongInput { place, detail });
        let read = serde_path_to_error::deserialize(json).map_err(|error| {
            let pointer: String = error.path().iter().map(pointer_step).collect();
            wrong(format!("#{pointer}"), error.inner().to_string())
        })?;
        match serde_json::Deserializer::from_slice(&self.bytes).into_iter::<serde::de::IgnoredAny>().count() {
            1 => Ok(read),
            _ => Err(wrong("#".to_owned(), "Something follows the JSON object.".to_owned())),
        }
    }
}

/// RFC 6901.
fn pointer_step(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    }
}

/// The query of a request.
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        let read = serde_path_to_error::deserialize(pairs).map_err(|error| {
            let name = error.path().to_string();
            let name = if name == "." { String::new() } else { name };
            WrongInput::parameter(&name, error.inner().to_string())
        })?;
        Ok(Self(read))
    }
}

/// Reads a member that may be null, so that null and its absence are told apart.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    json: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(json).map(Some)
}

/// Reads a member that may be left out, but not be null.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(json: D) -> Result<Option<T>, D::Error> {
    T::deserialize(json).map(Some)
}
