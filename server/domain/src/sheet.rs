//! Cells of a file that a spreadsheet opens.

use std::borrow::Cow;

/// What spreadsheets take for a formula at the beginning of a cell.
const DANGEROUS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that no spreadsheet carries out: an apostrophe stands before what would be a formula, and is not shown.
#[must_use]
pub fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(DANGEROUS) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_carry_out_is_text() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"] {
            assert_eq!(harmless(cell), format!("'{cell}"));
        }
        for cell in ["", "Web shop", "a=b", " =1", "'=1", "2026-01-15 12:00:00", "2001:db8::1"] {
            assert_eq!(harmless(cell), cell);
        }
    }
}
