//! Schemas of the document, as people read them.

use super::{list, names, object, sentence, text};
use app::{GuideField, GuideKind, GuideRecord};
use serde_json::Value;

/// All objects that go over the wire, by name.
pub(super) fn records(document: &Value) -> Vec<GuideRecord> {
    let schemas = object(&document["components"]["schemas"]).into_iter().flatten();
    schemas.map(|(name, schema)| record(document, name, schema)).collect()
}

fn record(document: &Value, name: &str, schema: &Value) -> GuideRecord {
    GuideRecord {
        name: name.to_owned(),
        about: sentence(&schema["description"]),
        fields: fields(document, schema),
    }
}

/// The members of an object; of one that is made of others, all of theirs.
fn fields(document: &Value, schema: &Value) -> Vec<GuideField> {
    let needed = list(&schema["required"]);
    let own = object(&schema["properties"]).into_iter().flatten();
    let own = own.map(|(name, member)| field(name, member, needed.iter().any(|needed| needed == name)));
    let parts = list(&schema["allOf"]).iter().flat_map(|part| match part["$ref"].as_str() {
        Some(path) => {
            fields(document, &document["components"]["schemas"][path.rsplit('/').next().unwrap_or(path)])
        }
        None => fields(document, part),
    });
    parts.chain(own).collect()
}

/// One parameter or member.
pub(super) fn field(name: &str, schema: &Value, required: bool) -> GuideField {
    GuideField {
        name: name.to_owned(),
        about: sentence(&schema["description"]),
        required,
        kind: kind(schema),
    }
}

fn kind(schema: &Value) -> GuideKind {
    let values = list(&schema["enum"]);
    if !values.is_empty() {
        let written = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return GuideKind::OneOf(values.iter().map(written).collect());
    }
    let is = |kind: &str| schema["type"] == kind || list(&schema["type"]).iter().any(|one| one == kind);
    match text(&schema["format"]).as_str() {
        "date-time" => GuideKind::Time,
        _ if is("array") => names(&schema["items"]).pop().map_or(GuideKind::Other, GuideKind::ListOf),
        _ if is("string") || schema.get("anyOf").is_some() => GuideKind::Text,
        _ if is("integer") => GuideKind::Number,
        _ if is("boolean") => GuideKind::Flag,
        _ => GuideKind::Other,
    }
}
