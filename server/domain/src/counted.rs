//! Numbers with their noun, for sentences to the operator.

/// `1 key`, `12 keys`.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}
