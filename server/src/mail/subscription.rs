//! Stopping letters of one kind without logging in: by the link that every such letter carries.

use crate::domain::ids::UserNo;
use crate::domain::notice::Cause;
use crate::domain::token::Pepper;
use subtle::ConstantTimeEq;

/// Which letters a link stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Who gets them.
    pub user: UserNo,
    /// What they tell of.
    pub cause: Cause,
}

impl Subscription {
    /// The token of its link: it stops these letters and opens nothing else.
    #[must_use]
    pub fn token(self, pepper: &Pepper) -> String {
        format!("{}.{}.{}", self.user.0, self.cause.name(), self.proof(pepper))
    }

    /// What a token stops, if it is one of ours.
    #[must_use]
    pub fn of_token(token: &str, pepper: &Pepper) -> Option<Self> {
        let mut parts = token.split('.');
        let (user, cause, proof) = (parts.next()?, parts.next()?, parts.next()?);
        let subscription = Self { user: UserNo(user.parse().ok()?), cause: Cause::from_name(cause)? };
        let is_ours: bool = subscription.proof(pepper).as_bytes().ct_eq(proof.as_bytes()).into();
        (is_ours && parts.next().is_none()).then_some(subscription)
    }

    fn proof(self, pepper: &Pepper) -> String {
        let hash = pepper.hash(&format!("unsubscribe\0{}\0{}", self.user.0, self.cause.name()));
        hex::encode(&hash.0[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stops_what_it_was_made_for_alone() {
        let (pepper, other) = (Pepper::new(&[1; 32]), Pepper::new(&[2; 32]));
        let subscription = Subscription { user: UserNo(7), cause: Cause::NewLogin };
        let token = subscription.token(&pepper);
        assert_eq!(Subscription::of_token(&token, &pepper), Some(subscription));
        assert_eq!(Subscription::of_token(&token, &other), None);
        for forged in
            [token.replacen('7', "8", 1), token.replace("new_login", "guessing"), format!("{token}.")]
        {
            assert_eq!(Subscription::of_token(&forged, &pepper), None, "{forged}");
        }
        for part in ["", ".", "7.new_login", "7.new_login.", "x.new_login.00"] {
            assert_eq!(Subscription::of_token(part, &pepper), None, "{part}");
        }
    }
}
