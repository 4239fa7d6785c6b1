//! Decides by which ways a notice is passed on, and when its letter goes.
//!
//! Alarms are one letter a day already, and are held for a minute, so that the letter can tell of all that came with the
//! first. Of acts the first few of an hour go at once, and the next one waits an hour and tells of all that follow.

use crate::time::Micros;
use contract::Cause;

/// Letters of one cause that are sent at once within an hour.
pub const LETTERS_AT_ONCE: u32 = 4;
/// An hour, in seconds: letters are counted over it, and the letter after the last of them waits for it.
const HOUR_SECONDS: i64 = 3600;
/// How many seconds before its time a letter is left as it is.
const ABOUT_TO_GO_SECONDS: i64 = 60;

/// What decides whether a user has letters about a cause.
#[derive(Clone, Copy, Debug)]
pub struct Recipient {
    /// Whether this installation sends mail.
    pub mail_is_on: bool,
    /// Whether the user has a mail address that they confirmed.
    pub has_address: bool,
    /// Whether the user is disabled.
    pub is_disabled: bool,
    /// What the user chose for this cause, if they chose.
    pub chosen: Option<bool>,
}

impl Recipient {
    /// Whether a letter is written.
    #[must_use]
    pub fn is_mailed(&self, cause: Cause) -> bool {
        self.mail_is_on && self.has_address && !self.is_disabled && wants_letters(cause, self.chosen)
    }
}

/// Whether a user wants letters about a cause, by what they chose, if they chose.
#[must_use]
pub fn wants_letters(cause: Cause, chosen: Option<bool>) -> bool {
    cause.is_always_mailed() || chosen.unwrap_or(cause.is_mailed_by_default())
}

/// Whether the owner of an account wants its webhooks to be told of a cause, by what they chose, if they chose.
#[must_use]
pub fn wants_deliveries(chosen: Option<bool>) -> bool {
    chosen.unwrap_or(true)
}

/// Whether a webhook is told of a cause: it takes this cause, and the owner of the account did not switch it off for all
/// webhooks.
#[must_use]
pub fn is_delivered(cause: Cause, causes_of_webhook: u32, chosen_by_owner: Option<bool>) -> bool {
    causes_of_webhook & cause.bit() != 0 && wants_deliveries(chosen_by_owner)
}

/// Where a letter to a user goes: to the address that was kept for it when the user's address was replaced, or else to the
/// present one, if it is confirmed.
#[must_use]
pub fn address_of_letter(
    kept: Option<String>,
    present: Option<String>,
    is_confirmed: bool,
) -> Option<String> {
    kept.or(present.filter(|_| is_confirmed))
}

/// When a notice that was made at `at` is passed on.
#[must_use]
pub fn passed_on_at(cause: Cause, at: Micros, hold_seconds: u32) -> Micros {
    if cause.is_gathered() { at.plus_seconds(hold_seconds.into()) } else { at }
}

/// What a user was told of a cause by mail, as an act is told.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// How often the notice of the act counts: more than once, if the act was added to it.
    pub count: u64,
    /// Other notices of the cause that began within the hour, counted up to [`LETTERS_AT_ONCE`].
    pub others: u32,
}

/// Notices that began after this time are of the same hour.
#[must_use]
pub fn same_hour_since(at: Micros) -> Micros {
    at.plus_seconds(-HOUR_SECONDS)
}

/// A letter that is due after this time can still tell of an act; one that is about to go may be written already.
#[must_use]
pub fn open_until(at: Micros) -> Micros {
    at.plus_seconds(ABOUT_TO_GO_SECONDS)
}

impl Told {
    /// Whether that is as much as is told at once within an hour. An act that was added to a notice always waits.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.count > 1 || self.others >= LETTERS_AT_ONCE
    }

    /// When the letter about an act goes; `None` if a letter waits that will tell of it too.
    #[must_use]
    pub fn letter_at(&self, at: Micros, letter_waits: bool) -> Option<Micros> {
        match (self.is_enough(), letter_waits) {
            (false, _) => Some(at),
            (true, true) => None,
            (true, false) => Some(at.plus_seconds(HOUR_SECONDS)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WILLING: Recipient =
        Recipient { mail_is_on: true, has_address: true, is_disabled: false, chosen: None };

    #[test]
    fn a_letter_needs_mail_an_address_and_an_enabled_user() {
        assert!(WILLING.is_mailed(Cause::NewAddress));
        for recipient in [
            Recipient { mail_is_on: false, ..WILLING },
            Recipient { has_address: false, ..WILLING },
            Recipient { is_disabled: true, ..WILLING },
        ] {
            assert!(Cause::ALL.into_iter().all(|cause| !recipient.is_mailed(cause)));
        }
    }

    #[test]
    fn users_choose_but_not_against_letters_about_their_account() {
        let chose = |by_mail| Recipient { chosen: Some(by_mail), ..WILLING };
        assert!(!WILLING.is_mailed(Cause::KeyShown) && chose(true).is_mailed(Cause::KeyShown));
        assert!(!chose(false).is_mailed(Cause::NewAddress));
        assert!(chose(false).is_mailed(Cause::AccountChanged));
    }

    #[test]
    fn a_webhook_is_told_of_its_causes_unless_the_owner_switched_one_off() {
        let causes = Cause::NewAddress.bit() | Cause::Guessing.bit();
        assert!(
            is_delivered(Cause::Guessing, causes, None) && is_delivered(Cause::Guessing, causes, Some(true))
        );
        assert!(!is_delivered(Cause::Guessing, causes, Some(false)));
        assert!(!is_delivered(Cause::KeyShown, causes, Some(true)));
    }

    #[test]
    fn a_letter_goes_to_the_address_that_was_kept_for_it_or_a_confirmed_one() {
        let goes = |kept: Option<&str>, is_confirmed| {
            address_of_letter(kept.map(str::to_owned), Some("new@example.com".to_owned()), is_confirmed)
        };
        assert_eq!(goes(Some("old@example.com"), true).as_deref(), Some("old@example.com"));
        assert_eq!(goes(Some("old@example.com"), false).as_deref(), Some("old@example.com"));
        assert_eq!(goes(None, true).as_deref(), Some("new@example.com"));
        assert_eq!(goes(None, false), None);
        assert_eq!(address_of_letter(None, None, true), None);
    }

    #[test]
    fn alarms_are_held_and_acts_are_not() {
        assert_eq!(passed_on_at(Cause::NewAddress, Micros(0), 60), Micros(0).plus_seconds(60));
        assert_eq!(passed_on_at(Cause::KeyShown, Micros(0), 60), Micros(0));
    }

    #[test]
    fn four_go_at_once_and_the_fifth_waits_for_those_that_follow() {
        let at = Micros(0);
        let letter = |count, others, waits| Told { count, others }.letter_at(at, waits);
        assert_eq!(letter(1, 3, false), Some(at));
        assert_eq!(letter(1, 3, true), Some(at), "one that waits is no reason for others to wait");
        assert_eq!(letter(1, 4, false), Some(at.plus_seconds(3600)));
        assert_eq!(letter(1, 4, true), None);
        assert_eq!(letter(2, 0, false), Some(at.plus_seconds(3600)), "added to a notice");
    }

    proptest! {
        /// However acts follow each other, each is told within an hour of it, and few letters go.
        #[test]
        fn each_act_is_told_within_an_hour_by_few_letters(gaps in prop::collection::vec(0_i64..900, 1..60)) {
            let (mut now, mut acts, mut letters) = (0, Vec::<i64>::new(), Vec::<i64>::new());
            for gap in gaps {
                now += gap;
                let at = Micros(0).plus_seconds(now);
                let others = acts.iter().filter(|act| Micros(0).plus_seconds(**act) > same_hour_since(at)).count();
                let told = Told { count: 1, others: u32::try_from(others).unwrap().min(LETTERS_AT_ONCE) };
                let waits = letters.iter().any(|due| Micros(0).plus_seconds(*due) > open_until(at));
                if let Some(due) = told.letter_at(at, told.is_enough() && waits) {
                    letters.push(due.0 / Micros::SECOND);
                }
                acts.push(now);
                prop_assert!(letters.iter().any(|due| (now..=now + HOUR_SECONDS).contains(due)));
            }
            for due in &letters {
                let of_hour = letters.iter().filter(|other| (*due..*due + HOUR_SECONDS).contains(*other)).count();
                prop_assert!(of_hour <= 2 + 2 * LETTERS_AT_ONCE as usize);
            }
        }
    }
}
