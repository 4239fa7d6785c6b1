//! Forms that applications send.

use super::OAuthError;
use http::{HeaderMap, header};

/// The names that count. Others are passed over (RFC 6749, section 3.1).
const KNOWN: [&str; 6] = ["client_name", "client_id", "icon_url", "return_url", "grant_type", "device_code"];

/// A form, in which no name that counts comes twice.
pub(super) struct Form(Vec<(&'static str, String)>);

impl Form {
    /// Reads the body of a request.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, OAuthError> {
        if !is_form(headers) {
            return Err(OAuthError::MediaType);
        }
        let mut fields: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            let Some(known) = KNOWN.into_iter().find(|known| *known == name) else { continue };
            if fields.iter().any(|(name, _)| *name == known) {
                return Err(OAuthError::Twice(known));
            }
            fields.push((known, value.into_owned()));
        }
        Ok(Self(fields))
    }

    /// The value of a name; an empty one is as good as none (RFC 6749, section 3.1).
    pub(super) fn get(&self, wanted: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The value of a name that has to be there.
    pub(super) fn require(&self, wanted: &'static str) -> Result<&str, OAuthError> {
        self.get(wanted).ok_or(OAuthError::Missing(wanted))
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(body: &str) -> Result<Form, OAuthError> {
        let mut headers = HeaderMap::new();
        let form = HeaderValue::from_static("Application/X-WWW-Form-URLEncoded; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, form);
        Form::read(&headers, body.as_bytes())
    }

    #[test]
    fn names_that_count_come_once_and_others_are_passed_over() {
        let form = read("client_name=My+App%21&scope=x&scope=y&icon_url=&%ff=%fe").ok().unwrap();
        let values = ["client_name", "icon_url", "scope", "client_id"].map(|name| form.get(name));
        assert_eq!(values, [Some("My App!"), None, None, None]);
        assert!(matches!(read("client_id=a&client_id=a"), Err(OAuthError::Twice("client_id"))));
        assert!(read("").is_ok());
    }

    #[test]
    fn other_bodies_are_refused() {
        let mut headers = HeaderMap::new();
        assert!(matches!(Form::read(&headers, b"client_name=x"), Err(OAuthError::MediaType)));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert!(matches!(Form::read(&headers, b"{}"), Err(OAuthError::MediaType)));
    }
}
