//! What the masked token of a key tells of its prefix.

use super::SHOWN;

/// The prefix of a key, as far as its masked token shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedPrefix(String);

impl MaskedPrefix {
    /// Reads the prefix off the masked token of a key that is no SMPP key.
    #[must_use]
    pub fn of(masked: &str) -> &str {
        let shown = masked.split('…').next().unwrap_or_default();
        // Before the line stands the letter of the key's kind.
        shown.find('_').and_then(|line| shown.get(..line.saturating_sub(1))).unwrap_or(shown)
    }

    /// Whether [`MaskedPrefix::of`] found this one.
    #[must_use]
    pub fn is(&self, shown: &str) -> bool {
        self.0 == shown
    }

    /// Takes what [`MaskedPrefix::of`] found.
    #[must_use]
    pub fn new(shown: &str) -> Self {
        Self(shown.to_owned())
    }

    /// The prefix as a setting takes it; two where the last of eight letters may be the letter of the kind, or the
    /// last of a prefix of eight.
    #[must_use]
    pub fn candidates(&self) -> Vec<String> {
        let shorter = self.0.strip_suffix(['d', 'c', 'a']).filter(|_| self.is_cut());
        shorter.into_iter().chain([self.0.as_str()]).map(str::to_owned).collect()
    }

    pub(super) fn may_be(&self, prefix: &str) -> bool {
        self.0 == prefix || (self.is_cut() && prefix.len() + 1 == SHOWN && self.0.starts_with(prefix))
    }

    /// Whether the masked token ends before the line.
    fn is_cut(&self) -> bool {
        self.0.len() == SHOWN
    }
}
