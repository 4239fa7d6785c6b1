//! CSV with a header (RFC 4180).

use super::Failure;
use crate::commands::control::ReadLine;
use domain::import::COLUMNS;

/// Which column of [`COLUMNS`] stands where.
pub(super) struct Header(Vec<usize>);

impl Header {
    /// Reads the first line.
    pub(super) fn read(line: &[u8]) -> Result<Self, Failure> {
        let text = std::str::from_utf8(line).map_err(|_| "the file is not UTF-8; save it as such")?;
        let mut columns = Vec::new();
        for name in &split(text)? {
            let name = name.trim().to_ascii_lowercase();
            let column = COLUMNS.iter().position(|column| *column == name).ok_or_else(|| unknown(&name))?;
            if columns.contains(&column) {
                return Err(format!("the first line names the column {name} twice").into());
            }
            columns.push(column);
        }
        let has = |name: &str| columns.iter().any(|column| COLUMNS[*column] == name);
        let missing = ["username", "description"].into_iter().find(|name| !has(name));
        match missing {
            Some(name) => Err(format!("the first line does not name the column {name}").into()),
            None if !["token", "token_sha256", "token_hmac"].into_iter().any(has) => {
                Err("the first line names none of the columns token, token_sha256 and token_hmac".into())
            }
            None => Ok(Self(columns)),
        }
    }

    /// Reads another line.
    pub(super) fn parse(&self, number: u64, text: &str) -> Result<ReadLine, String> {
        let fields = split(text)?;
        if fields.len() != self.0.len() {
            return Err(format!("has {} fields, and the first line {}", fields.len(), self.0.len()));
        }
        let mut sorted = [""; COLUMNS.len()];
        for (column, field) in self.0.iter().zip(&fields) {
            sorted[*column] = field;
        }
        Ok(ReadLine::of(number, sorted))
    }
}

/// Whether a quoted field goes on behind the end of the line.
pub(super) fn is_open(line: &[u8]) -> bool {
    line.iter().filter(|byte| **byte == b'"').count() % 2 == 1
}

fn split(text: &str) -> Result<csv::StringRecord, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(text.len().max(1))
        .from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => Ok(record),
        Ok(false) | Err(_) => Err("is no line of CSV".to_owned()),
    }
}

fn unknown(name: &str) -> Failure {
    let name: String = name.chars().take(40).flat_map(char::escape_debug).collect();
    format!("the first line names \"{name}\", which is no column; there are {}", COLUMNS.join(", ")).into()
}
