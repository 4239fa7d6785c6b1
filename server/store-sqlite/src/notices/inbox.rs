//! The store of notices.

use super::super::rows::numbers;
use super::super::sessions::check_asking;
use super::super::{SqliteStore, audit};
use super::{choices, facts, ignored, insert, set_policy};
use async_trait::async_trait;
use domain::address::Address;
use domain::ids::{KeyNo, NoticeNo, SessionNo, UserNo};
use domain::time::Micros;
use store::{ActCount, Audit, NewNotice, NoticeChoice, NoticeFacts, NoticePolicy, NoticeStore, StoreError};

/// Old notices are removed this many at a time, so that nothing waits for it.
const FORGOTTEN_AT_ONCE: i64 = 500;

#[async_trait]
impl NoticeStore for SqliteStore {
    async fn set_notice_policy(&self, policy: NoticePolicy) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    set_policy(c, policy).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn insert_notices(&self, notices: Vec<NewNotice>) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    for notice in &notices {
                        insert(c, notice).await?;
                    }
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn find_notice(&self, no: NoticeNo) -> Result<Option<NoticeFacts>, StoreError> {
        crate::reading(async { facts::find(&self.readers, no).await }).await
    }

    async fn count_later_acts(&self, notice: &NoticeFacts) -> Result<Vec<ActCount>, StoreError> {
        crate::reading(async { facts::count_later_acts(&self.readers, notice).await }).await
    }

    async fn list_notices(
        &self,
        user: UserNo,
        skipped: u32,
        most: u32,
    ) -> Result<Vec<NoticeFacts>, StoreError> {
        crate::reading(async { facts::list(&self.readers, user, skipped, most).await }).await
    }

    async fn count_notices(&self, user: UserNo) -> Result<u64, StoreError> {
        crate::reading(async {
            facts::count(&self.readers, user, "SELECT count(*) FROM notices WHERE user_no = ?").await
        })
        .await
    }

    async fn count_unread_notices(&self, user: UserNo) -> Result<u64, StoreError> {
        crate::reading(async {
            let unread = "SELECT count(*) FROM notices WHERE user_no = ? AND read_at IS NULL";
            facts::count(&self.readers, user, unread).await
        })
        .await
    }

    async fn read_notices(
        &self,
        user: UserNo,
        notices: Vec<NoticeNo>,
        at: Micros,
        session: Option<SessionNo>,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    check_asking(c, session).await?;
                    sqlx::query(
                        "UPDATE notices SET read_at = ? WHERE user_no = ? AND read_at IS NULL
                         AND no IN (SELECT value FROM json_each(?))",
                    )
                    .bind(at.0)
                    .bind(i64::from(user.0))
                    .bind(numbers(notices.iter().map(|no| no.0)))
                    .execute(c)
                    .await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn read_all_notices(
        &self,
        user: UserNo,
        at: Micros,
        session: Option<SessionNo>,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    check_asking(c, session).await?;
                    sqlx::query("UPDATE notices SET read_at = ? WHERE user_no = ? AND read_at IS NULL")
                        .bind(at.0)
                        .bind(i64::from(user.0))
                        .execute(c)
                        .await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn ignore_address(
        &self,
        key: KeyNo,
        address: Address,
        most: u32,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let is_new = ignored::insert(c, key, address, most, audit.at).await?;
                    audit::write_if(is_new, c, &audit, Some(key)).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn list_notice_choices(&self, user: UserNo) -> Result<Vec<NoticeChoice>, StoreError> {
        crate::reading(async { choices::list(&self.readers, user).await }).await
    }

    async fn set_notice_choices(
        &self,
        user: UserNo,
        wanted: Vec<NoticeChoice>,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let changed = choices::set(c, user, &wanted).await?;
                    audit::write_if(changed, c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn delete_old_notices(&self, before: Micros) -> Result<bool, StoreError> {
        let old = facts::older_than(&self.readers, before, FORGOTTEN_AT_ONCE).await?;
        if old.is_empty() {
            return Ok(false);
        }
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query("DELETE FROM notices WHERE no IN (SELECT value FROM json_each(?))")
                        .bind(numbers(old.iter().map(|no| no.0)))
                        .execute(c)
                        .await?;
                    Ok((true, vec![]))
                })
            })
            .await
    }
}
