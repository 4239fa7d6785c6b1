//! The line of a shell that calls an operation.

use super::{list, text};
use serde_json::{Map, Value};

/// What stands in the place of each key of a customer.
const KEY: &str = "LATCHKEY_KEY";
/// What stands in the place of the token of a gateway.
const GATEWAY: &str = "GATEWAY_TOKEN";

/// The line, for an installation at this address; broken where a line of a page would be too long.
pub(super) fn line(document: &Value, origin: &str, method: &str, path: &str, operation: &Value) -> String {
    let path = path.replace("{id}", "$KEY_ID").replace("{network}", "203.0.113.0%2F24");
    let method = method.to_uppercase();
    let request = if method == "GET" { String::new() } else { format!("-X {method} ") };
    let token = if operation["security"][0].get("gateway").is_some() { GATEWAY } else { KEY };
    let mut parts =
        vec![format!("curl {request}\"{origin}{path}\""), format!("-H \"Authorization: Bearer ${token}\"")];
    let takes_name = |parameter: &Value| parameter["name"] == "Idempotency-Key";
    if list(&operation["parameters"]).iter().any(takes_name) {
        parts.push("-H \"Idempotency-Key: $(uuidgen)\"".to_owned());
    }
    if let Some(example) = example(document, &operation["requestBody"]) {
        parts.push(format!("--json '{example}'"));
    }
    parts.join(" \\\n  ")
}

/// The body that the document gives as an example. Where a key is to be sent, the shell's own stands in its place.
fn example(document: &Value, body: &Value) -> Option<String> {
    let schema = &body["content"]["application/json"]["schema"];
    let name = text(&schema["$ref"]);
    let record = &document["components"]["schemas"][name.rsplit('/').next()?];
    let example: Map<String, Value> = record["example"].as_object()?.clone();
    let written = Value::from(example).to_string();
    // In a shell nothing ends a text in single quotes but another one.
    Some(written.replace('\'', r"'\''"))
}
