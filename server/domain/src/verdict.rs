//! The verdict on "may this token pass from this address?", and the order of the checks.

use super::address::Address;
use super::rotation;
use super::rule::{AddressReason, RuleView, Ruling};
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

/// A rule that a key with its present token is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Neither its user nor the user's account is disabled.
    Owner,
    /// It is not paused.
    Pause,
    /// It has not expired.
    Expiry,
    /// It may come from this address.
    Address,
}

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It lets the key pass.
    Holds,
    /// It refuses the key, with this code.
    Refuses(Code),
    /// It is not asked any more, as one before it refuses.
    NotAsked,
}

/// A verdict with the reasons for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Each rule in the order in which they are asked.
    pub checks: [(Check, Finding); 4],
    /// What the rule of addresses says, whether it is asked or not.
    pub reason: AddressReason,
}

impl Explained {
    /// The code that a gateway would get.
    #[must_use]
    pub fn code(&self) -> Code {
        let refused = self.checks.iter().find_map(|(_, finding)| match finding {
            Finding::Refuses(code) => Some(*code),
            Finding::Holds | Finding::NotAsked => None,
        });
        refused.unwrap_or(Code::Valid)
    }
}

/// Explains what [`judge`] says of a living key that comes with its present token.
#[must_use]
pub fn explain(facts: &Facts<'_>, address: Address, now: Micros) -> Explained {
    let reason = facts.rule.explain(address);
    let mut is_refused = false;
    let mut find = |check, refuses: bool, code| {
        let finding = match (is_refused, refuses) {
            (true, _) => Finding::NotAsked,
            (false, true) => Finding::Refuses(code),
            (false, false) => Finding::Holds,
        };
        is_refused |= refuses;
        (check, finding)
    };
    let checks = [
        find(Check::Owner, facts.owner_disabled, Code::OwnerDisabled),
        find(Check::Pause, facts.disabled, Code::Disabled),
        find(Check::Expiry, facts.expires_at.is_some_and(|end| now >= end), Code::Expired),
        find(Check::Address, !reason.passes(), Code::IpNotAllowed),
    ];
    Explained { checks, reason }
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
    fn an_explanation_comes_to_the_verdict() {
        let [here, elsewhere] = ["203.0.113.7", "203.0.113.8"].map(|text| Address::parse(text).unwrap());
        let rule = AddressRule { enforced: true, locked: Some(here), ..AddressRule::default() };
        for state in 0_u8..16 {
            let facts = Facts {
                deleted: false,
                old_token_until: None,
                owner_disabled: state & 1 != 0,
                disabled: state & 2 != 0,
                expires_at: (state & 4 != 0).then_some(Micros(5)),
                rule: rule.view(),
            };
            let address = if state & 8 == 0 { here } else { elsewhere };
            let explained = explain(&facts, address, Micros(5));
            let verdict = judge(&facts, address, Micros(5));
            assert_eq!(explained.code(), verdict.err().unwrap_or(Code::Valid), "{state}");
            let asked = explained.checks.iter().take_while(|(_, finding)| *finding == Finding::Holds).count();
            let rest = &explained.checks[(asked + 1).min(4)..];
            assert!(rest.iter().all(|(_, finding)| *finding == Finding::NotAsked), "{state}");
        }
    }

    #[test]
    fn code_numbers_are_their_places() {
        for (place, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, place);
        }
    }
}
