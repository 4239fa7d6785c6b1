//! The answer to "may this token pass from this address?", and the order in which it is found.

use super::address::Address;
use super::rule::{RuleView, Ruling};
use super::time::Micros;

/// What a verdict says; the numbers stand in the statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    /// It may pass.
    Valid = 0,
    /// No token in the request.
    Missing = 1,
    /// Wrong shape or checksum, or more than one token.
    Malformed = 2,
    /// No such key.
    NotFound = 3,
    /// The key was deleted.
    Deleted = 4,
    /// The key was replaced and the overlap is over.
    Rotated = 5,
    /// The key is past its expiry.
    Expired = 6,
    /// The key is paused by its owner.
    Disabled = 7,
    /// The user or its account is disabled.
    OwnerDisabled = 8,
    /// The key is locked to other addresses.
    IpNotAllowed = 9,
    /// A trusted proxy sent no usable client address.
    NoClientAddress = 10,
    /// This source guesses keys.
    Throttled = 11,
    /// The store is in trouble.
    Unavailable = 12,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 13] = [
        Self::Valid,
        Self::Missing,
        Self::Malformed,
        Self::NotFound,
        Self::Deleted,
        Self::Rotated,
        Self::Expired,
        Self::Disabled,
        Self::OwnerDisabled,
        Self::IpNotAllowed,
        Self::NoClientAddress,
        Self::Throttled,
        Self::Unavailable,
    ];

    /// The public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Missing => "MISSING",
            Self::Malformed => "MALFORMED",
            Self::NotFound => "NOT_FOUND",
            Self::Deleted => "DELETED",
            Self::Rotated => "ROTATED",
            Self::Expired => "EXPIRED",
            Self::Disabled => "DISABLED",
            Self::OwnerDisabled => "OWNER_DISABLED",
            Self::IpNotAllowed => "IP_NOT_ALLOWED",
            Self::NoClientAddress => "NO_CLIENT_ADDRESS",
            Self::Throttled => "THROTTLED",
            Self::Unavailable => "UNAVAILABLE",
        }
    }
}

/// What is known of a key when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// It is a tombstone.
    pub deleted: bool,
    /// Its user or the user's account is disabled.
    pub owner_disabled: bool,
    /// It is paused.
    pub disabled: bool,
    /// When it ends.
    pub expires_at: Option<Micros>,
    /// Where it passes from.
    pub rule: RuleView<'a>,
}

/// Judges a known key; `Err` is the code of the refusal. The first rule that refuses gives the code.
///
/// # Errors
/// The code of the refusal.
pub fn judge(facts: &Facts<'_>, address: Address, now: Micros) -> Result<Ruling, Code> {
    if facts.deleted {
        return Err(Code::Deleted);
    }
    if facts.owner_disabled {
        return Err(Code::OwnerDisabled);
    }
    if facts.disabled {
        return Err(Code::Disabled);
    }
    if facts.expires_at.is_some_and(|end| now >= end) {
        return Err(Code::Expired);
    }
    match facts.rule.judge(address) {
        Ruling::Refuse => Err(Code::IpNotAllowed),
        ruling @ (Ruling::Pass | Ruling::PassAndBind) => Ok(ruling),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::AddressRule;

    #[test]
    fn the_first_rule_that_refuses_gives_the_code() {
        let rule = AddressRule {
            enforced: true,
            locked: Some(Address::parse("203.0.113.7").unwrap()),
            ..AddressRule::default()
        };
        let mut facts = Facts {
            deleted: true,
            owner_disabled: true,
            disabled: true,
            expires_at: Some(Micros(5)),
            rule: rule.view(),
        };
        let elsewhere = Address::parse("203.0.113.8").unwrap();
        let at = |facts: &Facts<'_>| judge(facts, elsewhere, Micros(5));
        assert_eq!(at(&facts), Err(Code::Deleted));
        facts.deleted = false;
        assert_eq!(at(&facts), Err(Code::OwnerDisabled));
        facts.owner_disabled = false;
        assert_eq!(at(&facts), Err(Code::Disabled));
        facts.disabled = false;
        assert_eq!(at(&facts), Err(Code::Expired));
        facts.expires_at = Some(Micros(6));
        assert_eq!(at(&facts), Err(Code::IpNotAllowed));
        assert_eq!(judge(&facts, Address::parse("203.0.113.7").unwrap(), Micros(5)), Ok(Ruling::Pass));
    }

    #[test]
    fn code_numbers_are_their_places() {
        for (place, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, place);
        }
    }
}
