//! The OpenAPI document as people read it: what `/docs/api` shows.

mod curl;
mod schema;

use app::{ApiGuide, GuideAnswer, GuideField, GuideGroup, GuideOperation};
use schema::{field, records};
use serde_json::{Map, Value};

/// The methods of HTTP, in the order in which people expect them.
const METHODS: [&str; 5] = ["get", "post", "patch", "put", "delete"];

/// The guide to the API of an installation.
pub(in crate::http) fn guide(origin: &str) -> ApiGuide {
    let document = serde_json::to_value(super::document::document(origin)).expect("the document is JSON");
    let about = sentence(&document["info"]["description"]);
    let groups = list(&document["tags"]).iter().map(|tag| group(&document, origin, tag)).collect();
    ApiGuide { about, groups, records: records(&document) }
}

fn group(document: &Value, origin: &str, tag: &Value) -> GuideGroup {
    let name = text(&tag["name"]);
    let paths = object(&document["paths"]).into_iter().flatten();
    let operations = paths.flat_map(|(path, methods)| {
        METHODS.iter().filter_map(|method| Some((*method, path.as_str(), methods.get(method)?)))
    });
    let operations = operations.filter(|(.., operation)| list(&operation["tags"]).contains(&tag["name"]));
    let operations = operations.map(|(method, path, found)| operation(document, origin, method, path, found));
    GuideGroup { about: sentence(&tag["description"]), operations: operations.collect(), name }
}

fn operation(document: &Value, origin: &str, method: &str, path: &str, found: &Value) -> GuideOperation {
    let body = &found["requestBody"]["content"]["application/json"]["schema"];
    let answers =
        object(&found["responses"]).into_iter().flatten().map(|(status, answer)| answer_of(status, answer));
    let (answers, errors) = answers.partition(|answer: &GuideAnswer| answer.status.starts_with('2'));
    GuideOperation {
        id: text(&found["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: sentence(&found["summary"]),
        description: found.get("description").map(sentence),
        curl: curl::line(document, origin, method, path, found),
        parameters: list(&found["parameters"]).iter().map(parameter).collect(),
        body: names(body).pop(),
        answers,
        errors,
    }
}

fn parameter(found: &Value) -> GuideField {
    let schema = field(&text(&found["name"]), &found["schema"], found["required"] == true);
    match found.get("description") {
        Some(about) => GuideField { about: sentence(about), ..schema },
        None => schema,
    }
}

fn answer_of(status: &str, answer: &Value) -> GuideAnswer {
    let contents = object(&answer["content"]).into_iter().flatten();
    let records = contents.flat_map(|(_, content)| names(&content["schema"])).collect();
    GuideAnswer { status: status.to_owned(), about: sentence(&answer["description"]), records }
}

/// The names of the records that a schema speaks of.
fn names(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(members) => members.iter().flat_map(|(key, value)| named(key, value)).collect(),
        Value::Array(all) => all.iter().flat_map(names).collect(),
        _ => Vec::new(),
    }
}

fn named(key: &str, value: &Value) -> Vec<String> {
    match (key, value) {
        ("$ref", Value::String(path)) => path.rsplit('/').take(1).map(str::to_owned).collect(),
        ("properties", _) => Vec::new(),
        _ => names(value),
    }
}

/// A sentence of the document; lines of the source are no lines of the page.
fn sentence(value: &Value) -> String {
    text(value).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn object(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object()
}

#[cfg(test)]
mod tests;
