//! What a user may do.

use serde::{Deserialize, Serialize};

/// The role of a user; an owner always manages keys. Where none is named, it is the lesser one. The numbers stand in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Role {
    /// Generates, shows, changes and deletes keys.
    ManagesKeys = 0,
    /// Sees its keys and changes nothing but its own profile.
    #[default]
    ReadsOnly = 1,
}

impl Role {
    /// Both, in the order of the form.
    pub const ALL: [Self; 2] = [Self::ManagesKeys, Self::ReadsOnly];

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

    /// The value of the form field `role`.
    #[must_use]
    pub fn field_value(self) -> &'static str {
        match self {
            Self::ManagesKeys => "manages_keys",
            Self::ReadsOnly => "reads_only",
        }
    }
}
