//! The view types: what pages and server functions speak.
//!
//! No SQL, no HTTP, and no secret except in the one type that shows a token ([`ShownToken`]).

mod applications;
mod notices;
mod problem;
mod profile;
mod security;
mod several;
mod sub_users;
mod usage;
mod webhooks;

pub use applications::*;
pub use notices::*;
pub use problem::*;
pub use profile::*;
pub use security::*;
pub use several::*;
pub use sub_users::*;
pub use usage::*;
pub use webhooks::*;

pub use contract::{
    AddressState, Cause, Field, FieldError, KeyState, KeyType, LockWidth, Problem, Refusal, Role,
    WebhookProblem, Whose,
};

use serde::{Deserialize, Serialize};

/// The public id of a key (a UUID).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

// `#[server]` derives Debug for the arguments of every server function, so each of these has one that says nothing.
macro_rules! hidden {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(hidden)"))
            }
        }
    )*};
}

hidden! {
    /// A password on its way to the server: never printed, never sent back.
    Password
    /// A code of the second factor, or its secret, on its way between page and server.
    Code
    /// The secret part of a set-up link.
    SetupLink
    /// The secret part of a link that confirms a mail address.
    EmailLink
    /// The secret part of the link of an invitation.
    InvitationLink
    /// The secret part of a link to set a password.
    PasswordLink
    /// The code that an application shows to its user.
    UserCode
}

#[cfg(feature = "ssr")]
impl Password {
    /// Returns the text, which is wiped wherever it is dropped.
    #[must_use]
    pub fn take(mut self) -> zeroize::Zeroizing<String> {
        std::mem::take(&mut self.0).into()
    }
}

#[cfg(feature = "ssr")]
impl Drop for Password {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// A whole token, on its way to the one page that shows it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShownToken(pub String);

/// The user who is logged in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Viewer {
    /// The name it logs in with.
    pub username: String,
    /// Whether it owns the customer account (and so sees the keys of its sub-users).
    pub is_owner: bool,
    /// How many notices it has not read.
    pub unread: u32,
    /// Whether it may change and show keys.
    pub may_manage: bool,
    /// Whether a proof of its password also asks for a code.
    pub code_needed: bool,
    /// Whether applications may ask for keys.
    pub applications: bool,
    /// Whether it owns the account and that has sub-users.
    pub has_sub_users: bool,
}

/// A point in time, as the page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// In the viewer's time zone: `2019-07-14 11:54:19`.
    pub text: String,
    /// For `<time datetime>`: RFC 3339 in UTC.
    pub iso: String,
}

/// One row of the list of keys. What is shown as it is comes to the program in the browser as HTML.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyRow {
    /// The key.
    pub id: KeyId,
    /// The name of its user.
    pub username: String,
    /// The customer's own words for it.
    pub description: String,
    /// Its kind.
    pub key_type: KeyType,
    /// The beginning and the end of the token with an ellipsis between.
    pub masked_token: String,
    /// The last accepted use.
    #[cfg(feature = "ssr")]
    pub last_used: Option<Moment>,
    /// Accepted uses.
    #[cfg(feature = "ssr")]
    pub times_used: u64,
    /// The address of the first accepted use.
    #[cfg(feature = "ssr")]
    pub locked_ip: Option<String>,
    /// Whether it passes.
    pub state: KeyState,
    /// Whether programs may manage keys with it.
    pub manages_keys: bool,
}

/// One page of the list of keys. The server writes its HTML, so that the program in the browser knows no table.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyPage {
    /// What the pager says of pages and records.
    pub record_line: String,
    /// What the server writes of it.
    pub html: PageHtml,
    /// The token that the address names.
    pub fresh: Option<RevealedKey>,
    /// Whether the visitor may change and show keys.
    pub may_manage: bool,
}

/// The parts of a page of the list that are only read, as finished HTML: whatever a customer entered is escaped in it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PageHtml {
    /// Filters, table and pager.
    pub list: String,
    /// How to send the token that the address names.
    pub ways: String,
}

/// One key in full.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyDetails {
    /// What the list shows of it.
    pub row: KeyRow,
    /// When it expires, as a form takes it; empty for never.
    pub expires_at: String,
    /// Whether it is locked to an address.
    pub is_locked: bool,
    /// How wide the lock is.
    pub lock_width: LockWidth,
    /// The allow list, in canonical text.
    pub allow_list: Vec<String>,
    /// Whether the token before the present one passes too.
    pub has_old_token: bool,
    /// Whether the token can be shown again at all.
    pub can_reveal: bool,
    /// Whether showing it asks for the password first.
    pub proof_needed: bool,
    /// Whether a proof also asks for a code of the second factor.
    pub code_needed: bool,
    /// The token that the address names, if it is of this key.
    pub fresh: Option<RevealedKey>,
    /// The name of the visitor, whose password is asked for.
    pub viewer: String,
    /// Whether the visitor may change and show keys.
    pub may_manage: bool,
}

/// A key, and the parts of its page that the server writes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundKey {
    /// What the forms of the page need.
    pub key: KeyDetails,
    /// What is only read.
    pub html: KeyHtml,
}

/// The parts of a key's page that are only read, as finished HTML: whatever a customer entered is escaped in it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyHtml {
    /// Its type, user and state.
    pub about: String,
    /// Whether it is all right, in a sentence.
    pub state: String,
    /// How to send the token that the address names.
    pub ways: String,
    /// Its uses and refusals as a chart; nothing if there are none.
    pub requests: String,
    /// When and how often it is used.
    pub statistics: String,
    /// From where it passes.
    pub lock: String,
    /// The allow list, for those who may not change it.
    pub addresses: String,
    /// What still uses the token before the present one, while it passes too.
    pub old_token: String,
}

/// A key together with its token.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RevealedKey {
    /// The key.
    pub id: KeyId,
    /// Its token.
    pub token: ShownToken,
}

/// A key that was just generated.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct MadeKey {
    /// The key.
    pub id: KeyId,
    /// Its token.
    pub token: ShownToken,
    /// The name under which the list shows it (`made`).
    pub made: String,
}

/// The first page below its heading.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Dashboard {
    /// Finished HTML: whatever a customer entered is escaped in it.
    pub html: String,
}

/// One figure over three spans, each ending now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spans {
    /// Since midnight in the viewer's time zone.
    pub today: u64,
    /// Today and the six days before.
    pub days_7: u64,
    /// Today and the 29 days before.
    pub days_30: u64,
}
