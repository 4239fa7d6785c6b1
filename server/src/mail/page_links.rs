//! Links to the pages, as letters have them.

use super::draft::Block;
use app::fill;
use app::texts::MailTexts;

/// The address of the pages, as letters name it.
pub(super) struct Pages<'a> {
    /// Scheme, host and port.
    pub(super) origin: &'a str,
}

impl Pages<'_> {
    /// Host and port.
    pub(super) fn site(&self) -> &str {
        self.origin.split_once("://").map_or(self.origin, |(_, host)| host)
    }

    /// The address of a page.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The last line of every letter.
    pub(super) fn closing(&self, t: &MailTexts) -> Block {
        Block::Text(fill(t.closing, &[("site", &self.site())]))
    }
}
