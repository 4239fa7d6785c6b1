//! Mail that is to be sent.

use super::StoreError;
use async_trait::async_trait;
use domain::ids::{MailNumber, NoticeNumber, UserNumber, Username};
use domain::time::Micros;

/// A letter to queue, within the transaction of what it tells of.
pub struct NewMail {
    /// The user it concerns; none while the person has no account yet.
    pub user: Option<UserNumber>,
    /// What `Letter::seal` made.
    pub payload: Vec<u8>,
    /// When it is sent first; it is given up three days later.
    pub due_at: Micros,
}

/// A mail that waits.
pub struct MailRow {
    /// Its number, which also makes its Message-ID.
    pub number: MailNumber,
    /// What is in it.
    pub content: MailContent,
    /// The user it concerns.
    pub user: Option<MailUser>,
    /// When it was due first.
    pub created_at: Micros,
    /// How often it was tried.
    pub attempts: u32,
}

/// What is in a mail.
pub enum MailContent {
    /// A sealed letter.
    Letter(Vec<u8>),
    /// A notice, written when it is sent.
    Notice(NoticeNumber),
}

/// What a mail needs to know of the user it concerns.
pub struct MailUser {
    /// The user.
    pub number: UserNumber,
    /// Their name.
    pub username: Username,
    /// Their confirmed mail address; if it was replaced while the mail waited, the one before.
    pub email: Option<String>,
    /// The code of their language; empty if they never chose one.
    pub language: String,
    /// The name of their time zone.
    pub time_zone: String,
}

/// Mail that waits.
#[async_trait]
pub trait MailStore: Send + Sync {
    /// Queues a letter that tells of nothing in the database.
    async fn insert_mail(&self, mail: NewMail) -> Result<(), StoreError>;
    /// Claims what is due by `now`, the longest waiting first: one for each user but those who were served, and all that
    /// belong to no user.
    ///
    /// A claim ends at `until` (at once, if that is not later than `now`), or earlier when its mail is released, postponed or deleted. Until then no other call, of
    /// this process or of another one on the same data, returns that mail or another mail of its user. The caller sends
    /// nothing whose claim has ended.
    async fn claim_due_mails(
        &self,
        now: Micros,
        until: Micros,
        most: u32,
        served: &[UserNumber],
    ) -> Result<Vec<MailRow>, StoreError>;
    /// Ends claims on mails that were not tried.
    async fn release_mails(&self, mails: &[MailNumber]) -> Result<(), StoreError>;
    /// What was due first before `before`, claimed or not: it is to be given up, which removes it.
    async fn list_old_mails(&self, before: Micros, most: u32) -> Result<Vec<MailRow>, StoreError>;
    /// Removes one, because it was handed over or given up; returns whether it was still there.
    async fn delete_mail(&self, mail: MailNumber) -> Result<bool, StoreError>;
    /// Counts an attempt that failed. The mail is due again at `due_at`.
    async fn postpone_mail(&self, mail: MailNumber, due_at: Micros) -> Result<(), StoreError>;
    /// How many wait.
    async fn count_mails(&self) -> Result<u64, StoreError>;
}
