//! The verdict on "may this token pass from this address?", and the order of the checks.

use super::address::Address;
use super::rotation;
use super::rule::{RuleView, Ruling};
use super::time::Micros;
use contract::Code;

/// What is known of a key when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The key is a tombstone.
    pub deleted: bool,
    /// Until when the token passes that was sent, if the key has another one now.
    pub old_token_until: Option<Micros>,
    /// Its user or the user's account is disabled.
    pub owner_disabled: bool,
    /// The key is paused.
    pub disabled: bool,
    /// When it ends.
    pub expires_at: Option<Micros>,
    /// The addresses that it passes from.
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
    if facts.old_token_until.is_some_and(|until| !rotation::passes(until, now)) {
        return Err(Code::Rotated);
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
            old_token_until: Some(Micros(5)),
            owner_disabled: true,
            disabled: true,
            expires_at: Some(Micros(5)),
            rule: rule.view(),
        };
        let elsewhere = Address::parse("203.0.113.8").unwrap();
        let at = |facts: &Facts<'_>| judge(facts, elsewhere, Micros(5));
        assert_eq!(at(&facts), Err(Code::Deleted));
        facts.deleted = false;
        assert_eq!(at(&facts), Err(Code::Rotated));
        facts.old_token_until = Some(Micros(6));
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
