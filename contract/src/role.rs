//! What a user may do.

use serde::{Deserialize, Serialize};

/// The role of a user; an owner always manages keys. The default is the role that may do less. The numbers stand in the
/// database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Role {
    /// Generates, shows, changes and deletes keys.
    ManagesKeys = 0,
    /// Sees their keys and changes nothing but their own profile.
    #[default]
    ReadsOnly = 1,
}

impl Role {
    /// Both, in the order of the form.
    pub const ALL: [Self; 2] = [Self::ManagesKeys, Self::ReadsOnly];

    /// `ReadsOnly` if it only reads, else `ManagesKeys`.
    pub fn of(reads_only: bool) -> Self {
        if reads_only { Self::ReadsOnly } else { Self::ManagesKeys }
    }

    /// Its name in the audit log and in the operator's verbs.
    pub fn name(self) -> &'static str {
        match self {
            Self::ManagesKeys => "manages-keys",
            Self::ReadsOnly => "reads-only",
        }
    }

    /// The value of the form field `role`.
    pub fn field_value(self) -> &'static str {
        match self {
            Self::ManagesKeys => "manages_keys",
            Self::ReadsOnly => "reads_only",
        }
    }
}
