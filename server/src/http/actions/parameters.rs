//! The parameters of a request: those of its query, and those of a form in its body.

use super::answer::{Failure, Kind};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Names and values. They may hold a token, so they are never printed.
#[derive(Default)]
pub(super) struct Parameters(HashMap<String, String>);

impl Parameters {
    /// Reads query and body as one.
    ///
    /// # Errors
    /// The body is no form, or a parameter has two values.
    pub(super) async fn read(request: Request) -> Result<Self, Failure> {
        let mut parameters = Self::default();
        let query = request.uri().query().unwrap_or_default().to_owned();
        parameters.add_pairs(query.as_bytes())?;
        let (parts, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::new(body), &()).await;
        let bytes = bytes.map_err(|_| Failure::new(Kind::BadParameter, "The body did not come in whole."))?;
        parameters.add_body(parts, bytes).await?;
        Ok(parameters)
    }

    /// Those of one command of several, as a member of its JSON. PHP writes an empty list where there are none.
    ///
    /// # Errors
    /// They are no object of plain values.
    pub(super) fn of_json(params: Option<&Value>) -> Result<Self, Failure> {
        let none = Map::new();
        let members = match params {
            None | Some(Value::Null) => &none,
            Some(Value::Array(list)) if list.is_empty() => &none,
            Some(Value::Object(members)) => members,
            Some(_) => return Err(Failure::new(Kind::BadParameter, "params takes an object.")),
        };
        let mut parameters = Self::default();
        for (name, value) in members {
            match value {
                Value::Null => {}
                Value::String(text) => parameters.add(name.clone(), text.clone())?,
                Value::Number(_) | Value::Bool(_) => parameters.add(name.clone(), value.to_string())?,
                Value::Array(_) | Value::Object(_) => {
                    return Err(Failure::new(Kind::BadParameter, "params takes plain values only."));
                }
            }
        }
        Ok(parameters)
    }

    /// A parameter that is needed.
    ///
    /// # Errors
    /// It is missing or empty, or no text.
    pub(super) fn need(&self, name: &str) -> Result<&str, Failure> {
        let missing = || Failure::new(Kind::MissingParameter, format!("The parameter {name} is missing."));
        self.find(name)?.ok_or_else(missing)
    }

    /// A parameter, unless it is missing or empty.
    ///
    /// # Errors
    /// It is no text.
    pub(super) fn find(&self, name: &str) -> Result<Option<&str>, Failure> {
        match self.0.get(name).map(String::as_str) {
            Some(value) if value.contains(char::REPLACEMENT_CHARACTER) => {
                Err(Failure::new(Kind::BadParameter, format!("The parameter {name} is not in UTF-8.")))
            }
            value => Ok(value.filter(|value| !value.is_empty())),
        }
    }

    fn add(&mut self, name: String, value: String) -> Result<(), Failure> {
        match self.0.get(&name) {
            Some(other) if *other != value => {
                Err(Failure::new(Kind::BadParameter, "A parameter came twice, with different values."))
            }
            Some(_) => Ok(()),
            None => {
                self.0.insert(name, value);
                Ok(())
            }
        }
    }

    fn add_pairs(&mut self, pairs: &[u8]) -> Result<(), Failure> {
        let mut pairs = form_urlencoded::parse(pairs);
        pairs.try_for_each(|(name, value)| self.add(name.into_owned(), value.into_owned()))
    }

    async fn add_body(&mut self, parts: Parts, body: Bytes) -> Result<(), Failure> {
        let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.and_then(|value| value.split(';').next()).unwrap_or_default();
        match media_type.trim().to_ascii_lowercase().as_str() {
            // Some libraries name JSON and send nothing.
            _ if body.is_empty() => Ok(()),
            "" | "application/x-www-form-urlencoded" => self.add_pairs(&body),
            "multipart/form-data" => self.add_parts(Request::from_parts(parts, Body::from(body))).await,
            _ => Err(Failure::new(
                Kind::BadParameter,
                "The body takes a form: application/x-www-form-urlencoded or multipart/form-data.",
            )),
        }
    }

    /// What PHP's curl makes of an array.
    async fn add_parts(&mut self, request: Request) -> Result<(), Failure> {
        let wrong = |_| Failure::new(Kind::BadParameter, "The body is no multipart/form-data.");
        let no_form = |_| Failure::new(Kind::BadParameter, "The body is no multipart/form-data.");
        let mut form = Multipart::from_request(request, &()).await.map_err(no_form)?;
        while let Some(field) = form.next_field().await.map_err(wrong)? {
            let name = field.name().unwrap_or_default().to_owned();
            self.add(name, field.text().await.map_err(wrong)?)?;
        }
        Ok(())
    }
}
