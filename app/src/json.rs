//! Reads the JSON of the view types.
//!
//! serde's derived readers do the same, but are so large that they show in the size of the program
//! that the browser loads. Writing is left to serde; the tests hold the two together.

use serde_json::Value;

use crate::echo::FormEcho;
use crate::portal::{
    Dashboard, Field, FieldError, KeyDetails, KeyId, KeyPage, KeyRow, KeyType, LockWidth, MadeKey, Moment,
    PortalError, Problem, RevealedKey, ShownToken, Spans, Viewer,
};

/// What can be read from JSON.
pub(crate) trait FromJson: Sized {
    /// Reads it; `None` if it is something else.
    fn read(value: &Value) -> Option<Self>;
}

/// Reads JSON.
pub(crate) fn from_json<T: FromJson>(json: &str) -> Result<T, PortalError> {
    let unreadable = || PortalError::Connection("unreadable answer".into());
    T::read(&parse(json).ok_or_else(unreadable)?).ok_or_else(unreadable)
}

#[inline(never)]
fn parse(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok()
}

fn field<T: FromJson>(object: &Value, name: &str) -> Option<T> {
    T::read(object.get(name)?)
}

/// The name of a variant, and what it holds.
fn variant(value: &Value) -> Option<(&str, &Value)> {
    match value {
        Value::String(name) => Some((name, &Value::Null)),
        Value::Object(object) => object.iter().next().map(|(name, held)| (name.as_str(), held)),
        _ => None,
    }
}

macro_rules! read_objects {
    ($($object:ident { $($field:ident),+ })+) => {$(
        impl FromJson for $object {
            fn read(value: &Value) -> Option<Self> {
                Some(Self { $($field: field(value, stringify!($field))?),+ })
            }
        }
    )+};
}

read_objects! {
    Dashboard { keys, uses, refused, last_used, may_manage }
    FieldError { field, problem }
    FormEcho { form, fields, error }
    KeyDetails {
        row, created, lock_width, allow_list, uses_today, uses_30_days, refused_30_days, can_reveal,
        proof_needed, code_needed, fresh, viewer, may_manage
    }
    KeyPage { rows, page, pages, total, first, last, fresh, may_manage }
    KeyRow { id, username, description, key_type, masked_token, last_used, times_used, locked_ip }
    MadeKey { id, token, made }
    Moment { text, iso }
    RevealedKey { id, token }
    Spans { today, days_7, days_30 }
    Viewer { username, is_owner, unread, may_manage }
}

macro_rules! read_names {
    ($($kind:ident { $($(#[$only:meta])? $name:literal => $variant:ident),+ })+) => {$(
        impl FromJson for $kind {
            fn read(value: &Value) -> Option<Self> {
                match value.as_str()? {
                    $($(#[$only])? $name => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    )+};
}

read_names! {
    Field {
        "form" => Form, "username" => Username, "password" => Password, "code" => Code,
        "description" => Description,
        "key_type" => KeyType, "address" => Address,
        #[cfg(feature = "ssr")] "new_password" => NewPassword,
        #[cfg(feature = "ssr")] "email" => Email,
        #[cfg(feature = "ssr")] "time_zone" => TimeZone,
        #[cfg(feature = "ssr")] "language" => Language,
        #[cfg(feature = "ssr")] "url" => Url,
        #[cfg(feature = "ssr")] "causes" => Causes
    }
    KeyType { "default" => Default, "cloud" => Cloud, "smpp" => Smpp, "app" => App }
    LockWidth { "exact" => Exact, "net64" => Net64 }
}

impl FromJson for PortalError {
    fn read(value: &Value) -> Option<Self> {
        let (name, held) = variant(value)?;
        Some(match name {
            "SignedOut" => Self::SignedOut,
            "NotFound" => Self::NotFound,
            "Forbidden" => Self::Forbidden,
            "Invalid" => Self::Invalid(FromJson::read(held)?),
            "ProofNeeded" => Self::ProofNeeded,
            "Throttled" => Self::Throttled { retry_after_seconds: field(held, "retry_after_seconds")? },
            "Busy" => Self::Busy,
            "Unavailable" => Self::Unavailable,
            "WrongAddress" => {
                Self::WrongAddress { address: field(held, "address")?, plain: field(held, "plain")? }
            }
            "Connection" => Self::Connection(FromJson::read(held)?),
            _ => return None,
        })
    }
}

impl FromJson for Problem {
    fn read(value: &Value) -> Option<Self> {
        let (name, held) = variant(value)?;
        let limit = || field(held, "limit");
        Some(match name {
            "empty" => Self::Empty,
            "too_long" => Self::TooLong { limit: limit()? },
            "too_short" => Self::TooShort { limit: limit()? },
            "control_character" => Self::ControlCharacter,
            "not_a_username" => Self::NotAUsername,
            "web_address" => Self::WebAddress,
            "taken" => Self::Taken,
            "wrong_credentials" => Self::WrongCredentials,
            "wrong_password" => Self::WrongPassword,
            #[cfg(feature = "ssr")]
            "present_password" => Self::PresentPassword,
            "guessable" => Self::Guessable,
            "wrong_code" => Self::WrongCode,
            "unknown_key_type" => Self::UnknownKeyType,
            "username_too_long_for_smpp" => Self::UsernameTooLongForSmpp { limit: limit()? },
            "not_an_address" => Self::NotAnAddress,
            "zoned_address" => Self::ZonedAddress,
            "host_bits" => Self::HostBits { suggestion: field(held, "suggestion")? },
            "mapped_network" => Self::MappedNetwork,
            "everybody" => Self::Everybody,
            "already_listed" => Self::AlreadyListed,
            "too_many" => Self::TooMany { limit: limit()? },
            "too_many_keys" => Self::TooManyKeys { limit: limit()? },
            "not_a_default_key" => Self::NotADefaultKey,
            "link_closed" => Self::LinkClosed,
            "not_revealable" => Self::NotRevealable,
            #[cfg(feature = "ssr")]
            "not_a_choice" => Self::NotAChoice,
            #[cfg(feature = "ssr")]
            "not_a_mail_address" => Self::NotAMailAddress,
            #[cfg(feature = "ssr")]
            "stale_link" => Self::StaleLink,
            #[cfg(feature = "ssr")]
            "webhook" => Self::Webhook(serde_json::from_value(held.clone()).ok()?),
            _ => return None,
        })
    }
}

impl FromJson for KeyId {
    fn read(value: &Value) -> Option<Self> {
        String::read(value).map(Self)
    }
}

impl FromJson for ShownToken {
    fn read(value: &Value) -> Option<Self> {
        String::read(value).map(Self)
    }
}

impl FromJson for String {
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(ToOwned::to_owned)
    }
}

impl FromJson for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl FromJson for u64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()
    }
}

impl FromJson for u32 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

impl FromJson for () {
    fn read(value: &Value) -> Option<Self> {
        value.as_null()
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn read(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn read(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::read).collect()
    }
}

impl<A: FromJson, B: FromJson> FromJson for (A, B) {
    fn read(value: &Value) -> Option<Self> {
        Some((A::read(value.get(0)?)?, B::read(value.get(1)?)?))
    }
}

#[cfg(test)]
mod tests;
