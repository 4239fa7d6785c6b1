//! What somebody types who looks for a key: a part of its description, or what a list shows of its token.

/// A text that keys are looked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyText {
    /// As it was typed, without the spaces around it.
    pub whole: String,
    /// What stands before and behind the gap, where it is a masked token (`lkd_abcd…wxyz`, or with three dots).
    pub masked: Option<(String, String)>,
}

impl KeyText {
    /// From this length on a text may be a part of a masked token by itself; shorter ones would fit too many.
    pub const PART: usize = 4;

    /// Reads what was typed; `None` if that is nothing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let whole = text.trim();
        if whole.is_empty() {
            return None;
        }
        let parts = whole.split_once('…').or_else(|| whole.split_once("..."));
        let masked = parts.filter(|(head, tail)| !head.is_empty() || !tail.is_empty());
        let masked = masked.map(|(head, tail)| (head.to_owned(), tail.to_owned()));
        Some(Self { whole: whole.to_owned(), masked })
    }

    /// Whether it may be a part of a masked token by itself.
    #[must_use]
    pub fn may_be_part(&self) -> bool {
        self.masked.is_none() && self.whole.chars().count() >= Self::PART
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_parts_a_masked_token() {
        let parts = |text| KeyText::parse(text).and_then(|text| text.masked);
        let of = |head: &str, tail: &str| Some((head.to_owned(), tail.to_owned()));
        assert_eq!(parts(" lkd_Ab…x9 "), of("lkd_Ab", "x9"));
        assert_eq!(parts("lkd_Ab...x9"), of("lkd_Ab", "x9"));
        assert_eq!(parts("lkd_Ab…"), of("lkd_Ab", ""));
        assert_eq!(parts("…x9Yz"), of("", "x9Yz"));
        assert_eq!(parts("…"), None);
        assert_eq!(parts("Web shop"), None);
        assert_eq!(KeyText::parse(" \t"), None);
    }

    #[test]
    fn a_short_text_is_no_part_of_a_token() {
        let may_be = |text| KeyText::parse(text).unwrap().may_be_part();
        assert!(!may_be("API") && may_be("lkd_") && !may_be("lkd_Ab…"));
    }
}
