//! How often a test goes round.

/// The rounds of a test: `SOAK_<NAME>` where it is set, else few.
pub(crate) fn rounds(name: &str, few: u32) -> u32 {
    let variable = format!("SOAK_{name}");
    match std::env::var(&variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
        Err(_) => few,
    }
}
