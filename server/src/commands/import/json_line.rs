//! JSON lines: an object a line, with the columns as its names.

use crate::commands::control::ReadLine;
use domain::import::COLUMNS;
use serde_json::{Map, Value};

/// Reads a line. No message repeats a value, which may be a token.
pub(super) fn parse(number: u64, text: &str) -> Result<ReadLine, String> {
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|_| "is no object in JSON")?;
    let mut sorted = [""; COLUMNS.len()];
    for (name, value) in &object {
        let column = COLUMNS.iter().position(|column| column == name).ok_or_else(|| unknown(name))?;
        sorted[column] = match value {
            Value::String(text) => text,
            Value::Null => "",
            _ => return Err(format!("{name} is no text")),
        };
    }
    Ok(ReadLine::of(number, sorted))
}

fn unknown(name: &str) -> String {
    let name: String = name.chars().take(40).flat_map(char::escape_debug).collect();
    format!("names \"{name}\", which is no column")
}
