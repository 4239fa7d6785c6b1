//! Unsubscribing from letters of one kind without logging in, by the link that every such letter carries.

use crate::accounts::{Visit, audit_line, store_trouble};
use contract::{Cause, Refusal};
use domain::ids::Username;
use domain::time::Clock;
use domain::token::Pepper;
use std::sync::Arc;
use store::{Action, Audit, NoticeChoice, Store, UserRow};
use subtle::ConstantTimeEq;

/// Which letters a link stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The user who gets them.
    pub username: Username,
    /// What they are about.
    pub cause: Cause,
}

impl Subscription {
    /// The token of its link. It stops these letters and opens nothing else.
    pub fn token(&self, pepper: &Pepper) -> String {
        format!("{}.{}.{}", self.username, self.cause.name(), self.proof(pepper))
    }

    /// What a token stops, if this installation made it.
    pub fn of_token(token: &str, pepper: &Pepper) -> Option<Self> {
        // Split from the right, because a username may hold dots and the rest does not.
        let mut parts = token.rsplitn(3, '.');
        let (proof, cause, username) = (parts.next()?, parts.next()?, parts.next()?);
        let username = Username::parse(username).ok().filter(|parsed| parsed.as_str() == username)?;
        let subscription = Self { username, cause: Cause::from_name(cause)? };
        let is_ours: bool = subscription.proof(pepper).as_bytes().ct_eq(proof.as_bytes()).into();
        is_ours.then_some(subscription)
    }

    fn proof(&self, pepper: &Pepper) -> String {
        let hash = pepper.hash(&format!("unsubscribe\0{}\0{}", self.username.folded(), self.cause.name()));
        hex::encode(&hash.0[..16])
    }
}

/// The use cases of somebody who has such a link.
pub struct Subscriptions {
    /// Where the choices are kept.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// The key that signs links.
    pub pepper: Pepper,
}

impl Subscriptions {
    /// What the link with this token stops.
    pub async fn find_subscription(&self, token: &str) -> Result<Cause, Refusal> {
        Ok(self.authorise(token).await?.1)
    }

    /// Stops letters of this kind. Doing so again changes nothing.
    pub async fn unsubscribe(&self, token: &str, visit: &Visit) -> Result<Cause, Refusal> {
        let (user, cause) = self.authorise(token).await?;
        let store = &self.store;
        let choices = store.list_notice_choices(user.number).await.map_err(store_trouble)?;
        let chosen = choices.into_iter().find(|choice| choice.cause == cause && choice.by_mail);
        let Some(chosen) = chosen else { return Ok(cause) };
        let (now, name) = (self.clock.now(), user.username.as_str());
        let line = audit_line(now, Action::NoticesChosen, name, Some(user.number), visit.address);
        let audit = Audit { detail: cause.name().to_owned(), ..line };
        let wanted = vec![NoticeChoice { by_mail: false, ..chosen }];
        store.set_notice_choices(user.number, wanted, audit).await.map_err(store_trouble)?;
        Ok(cause)
    }

    /// The user of a token, and what it stops.
    async fn authorise(&self, token: &str) -> Result<(UserRow, Cause), Refusal> {
        let subscription = Subscription::of_token(token, &self.pepper);
        // Letters of earlier versions had links for causes that are always mailed now.
        let subscription = subscription.filter(|subscription| !subscription.cause.is_always_mailed());
        let subscription = subscription.ok_or(Refusal::NotFound)?;
        let user = self.store.find_user(&subscription.username).await.map_err(store_trouble)?;
        Ok((user.ok_or(Refusal::NotFound)?, subscription.cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stops_what_it_was_made_for_alone() {
        let (pepper, other) = (Pepper::new(&[1; 32]), Pepper::new(&[2; 32]));
        let username = Username::parse("demo.user@example.org").unwrap();
        let subscription = Subscription { username, cause: Cause::NewLogin };
        let token = subscription.token(&pepper);
        assert_eq!(Subscription::of_token(&token, &pepper).as_ref(), Some(&subscription));
        assert_eq!(Subscription::of_token(&token, &other), None);
        let forged = [
            token.replacen("demo", "demi", 1),
            token.replace("new_login", "guessing"),
            format!("{token}."),
            format!(" {token}"),
        ];
        for forged in forged {
            assert_eq!(Subscription::of_token(&forged, &pepper), None, "{forged}");
        }
        for part in ["", ".", "..", "demo.new_login", "demo.new_login.", "demo.no_cause.00"] {
            assert_eq!(Subscription::of_token(part, &pepper), None, "{part}");
        }
    }
}
