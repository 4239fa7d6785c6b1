//! What the visitor is told of.

use super::{RequestPortal, moment};
use app::{
    KeyId, Notice, NoticeAddress, NoticeBoxes, NoticeChoice, NoticeChoices, NoticeKey, NoticePage,
    NoticePortal, PortalError, Proof,
};
use async_trait::async_trait;
use contract::Cause;
use domain::time_zone::TimeZone;
use service::notices::{ListedNotice, ListedPlace, NoticeList};
use store::NoticeChoice as ChoiceRow;

#[async_trait]
impl NoticePortal for RequestPortal {
    async fn list_notices(&self, page: u32) -> Result<NoticePage, PortalError> {
        let actor = self.note(self.actor())?;
        let list = self.note(self.services.notices.list(actor, page).await)?;
        Ok(page_of(&list, &actor.time_zone))
    }

    async fn authorise_notice(&self, notice: u32, address: String) -> Result<(), PortalError> {
        let actor = self.changing()?;
        let services = &self.services;
        self.note(services.notices.authorise(&services.keys, actor, notice, &address).await)
    }

    async fn ignore_notice(&self, notice: u32, address: String, proof: Proof) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        self.note(self.services.notices.ignore(&actor, notice, &address).await)
    }

    async fn read_all_notices(&self, proof: Proof) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        self.note(self.services.notices.read_all(&actor).await)
    }

    async fn list_notice_choices(&self) -> Result<NoticeChoices, PortalError> {
        let actor = self.note(self.actor())?;
        let choices = self.note(self.services.notices.list_choices(actor).await)?;
        let choice = |choice: &ChoiceRow| NoticeChoice {
            cause: choice.cause,
            by_mail: choice.by_mail,
            by_webhook: choice.by_webhook,
        };
        Ok(NoticeChoices {
            causes: choices.iter().map(choice).collect(),
            mail_is_on: self.services.mail_is_on,
            has_address: self.note(self.services.notices.has_mail_address(actor).await)?,
            is_owner: actor.owner.is_none(),
        })
    }

    async fn choose_notices(&self, ticked: NoticeBoxes, proof: Proof) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        let choice = |cause| ChoiceRow {
            cause,
            by_mail: ticked.has(&NoticeBoxes::mail(cause)),
            by_webhook: ticked.has(&NoticeBoxes::webhook(cause)),
        };
        let wanted = Cause::ALL.into_iter().map(choice).collect();
        self.note(self.services.notices.choose(&actor, wanted).await)
    }
}

fn page_of(list: &NoticeList, zone: &TimeZone) -> NoticePage {
    NoticePage {
        notices: list.notices.iter().map(|listed| notice(listed, zone)).collect(),
        page: list.page,
        pages: list.pages,
        unread: list.unread,
    }
}

fn notice(listed: &ListedNotice, zone: &TimeZone) -> Notice {
    let facts = &listed.facts;
    let named: u64 = facts.addresses.iter().map(|address| address.count).sum();
    let address = |place: &ListedPlace| NoticeAddress {
        address: place.network.to_string(),
        addresses: u64::try_from(place.addresses).unwrap_or(u64::MAX),
        count: place.count,
        state: place.state,
    };
    Notice {
        no: facts.no.0,
        cause: facts.cause,
        is_new: facts.read_at.is_none(),
        key: facts.key.as_ref().map(|key| NoticeKey {
            id: KeyId(key.id.to_string()),
            username: (key.username != facts.username).then(|| key.username.to_string()),
            description: key.description.clone(),
            masked_token: key.masked.clone(),
            deleted: key.deleted_at.map(|at| moment(at, zone)),
        }),
        count: facts.count,
        first: moment(facts.first_at, zone),
        last: moment(facts.last_at, zone),
        addresses: listed.places.iter().map(address).collect(),
        is_from_unknown: facts.is_from_unknown(),
        count_elsewhere: if facts.addresses.is_empty() { 0 } else { facts.count.saturating_sub(named) },
        action: facts.action.clone(),
        actor: facts.actor.clone(),
        detail: facts.detail.clone(),
        may_act: listed.may_act,
    }
}
