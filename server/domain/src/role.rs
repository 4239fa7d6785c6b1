//! What a user may do.

/// The role of a user; an owner always manages keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// Generates, shows, changes and deletes keys.
    #[default]
    ManagesKeys = 0,
    /// Sees its keys and changes nothing but its own profile.
    ReadsOnly = 1,
}

impl Role {
    /// The one that reads only, or the other.
    #[must_use]
    pub fn of(reads_only: bool) -> Self {
        if reads_only { Self::ReadsOnly } else { Self::ManagesKeys }
    }

    /// Its name in the audit log and in the operator's verbs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ManagesKeys => "manages-keys",
            Self::ReadsOnly => "reads-only",
        }
    }
}
