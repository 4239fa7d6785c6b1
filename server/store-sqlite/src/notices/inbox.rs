//! The store of notices.

use super::super::rows::numbers;
use super::super::sessions::check_asking;
use super::super::{SqliteStore, audit};
use super::facts::{OLD, PAGE, REFUSALS, notice_no};
use super::{choices, ignored, insert};
use crate::statements::{change, sql};
use async_trait::async_trait;
use contract::Cause;
use domain::address::Address;
use domain::ids::{KeyId, NoticeNumber, SessionNumber, UserNumber};
use domain::time::Micros;
use store::{ActCount, Audit, NewNotice, NoticeChoice, NoticeFacts, NoticeStore, StoreError};

/// Old notices are removed this many at a time, so that nothing waits for it.
const FORGOTTEN_AT_ONCE: i64 = 500;

#[async_trait]
impl NoticeStore for SqliteStore {
    async fn insert_notices(&self, notices: Vec<NewNotice>) -> Result<(), StoreError> {
        change!(self, |tx| {
            for notice in &notices {
                insert(tx, notice).await?;
            }
            Ok(())
        })
    }

    async fn find_notice(&self, notice: NoticeNumber) -> Result<Option<NoticeFacts>, StoreError> {
        Ok(self.notices_by_numbers(&[notice]).await?.pop())
    }

    async fn count_later_acts(&self, notice: &NoticeFacts) -> Result<Vec<ActCount>, StoreError> {
        self.later_acts(notice).await
    }

    async fn list_notices(
        &self,
        user: UserNumber,
        skipped: u32,
        most: u32,
    ) -> Result<Vec<NoticeFacts>, StoreError> {
        let numbers = self.list(sql!(PAGE, user.0, most, skipped), notice_no).await?;
        self.notices_by_numbers(&numbers).await
    }

    async fn list_refusal_notices(
        &self,
        user: UserNumber,
        after: Micros,
        most: u32,
    ) -> Result<Vec<NoticeFacts>, StoreError> {
        let causes = [Cause::NewAddress, Cause::DeadKeyInUse].map(|cause| cause as u8);
        let query = sql!(REFUSALS, user.0, after.0, causes[0], causes[1], most);
        let numbers = self.list(query, notice_no).await?;
        self.notices_by_numbers(&numbers).await
    }

    async fn count_notices(&self, user: UserNumber) -> Result<u64, StoreError> {
        self.count(sql!("SELECT count(*) FROM notices WHERE user_no = ?", user.0)).await
    }

    async fn count_unread_notices(&self, user: UserNumber) -> Result<u64, StoreError> {
        let unread = "SELECT count(*) FROM notices WHERE user_no = ? AND read_at IS NULL";
        self.count(sql!(unread, user.0)).await
    }

    async fn read_notices(
        &self,
        user: UserNumber,
        notices: Vec<NoticeNumber>,
        at: Micros,
        session: Option<SessionNumber>,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            check_asking(tx, session).await?;
            let sql = "UPDATE notices SET read_at = ? WHERE user_no = ? AND read_at IS NULL
                       AND no IN (SELECT value FROM json_each(?))";
            tx.run(sql!(sql, at.0, user.0, numbers(notices.iter().map(|number| number.0)))).await.map(drop)
        })
    }

    async fn read_all_notices(
        &self,
        user: UserNumber,
        at: Micros,
        session: Option<SessionNumber>,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            check_asking(tx, session).await?;
            let sql = "UPDATE notices SET read_at = ? WHERE user_no = ? AND read_at IS NULL";
            tx.run(sql!(sql, at.0, user.0)).await.map(drop)
        })
    }

    async fn ignore_address(
        &self,
        key: KeyId,
        address: Address,
        most: u32,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            let is_new = ignored::insert(tx, key, address, most, audit.at).await?;
            audit::write_if(is_new, tx, &audit, Some(key)).await
        })
    }

    async fn list_notice_choices(&self, user: UserNumber) -> Result<Vec<NoticeChoice>, StoreError> {
        Ok(choices::list(&self.readers, user).await?)
    }

    async fn set_notice_choices(
        &self,
        user: UserNumber,
        wanted: Vec<NoticeChoice>,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            let changed = choices::set(tx, user, &wanted).await?;
            audit::write_if(changed, tx, &audit, None).await
        })
    }

    async fn delete_old_notices(&self, before: Micros) -> Result<bool, StoreError> {
        let old = self.list(sql!(OLD, before.0, FORGOTTEN_AT_ONCE), notice_no).await?;
        if old.is_empty() {
            return Ok(false);
        }
        change!(self, |tx| {
            let sql = "DELETE FROM notices WHERE no IN (SELECT value FROM json_each(?))";
            tx.run(sql!(sql, numbers(old.iter().map(|number| number.0)))).await?;
            Ok(true)
        })
    }
}
