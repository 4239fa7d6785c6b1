//! Notices: told within the transaction of what they tell of, gathered by the day, and passed on.

mod acts;
mod bounds;
mod choices;
mod facts;
mod ignored;
mod inbox;

pub(super) use acts::tell;
pub(super) use facts::OLD;

use super::mails;
use super::rows::{number, owner};
use crate::Trouble;
use domain::ids::{NoticeNo, UserNo};
use domain::time::Micros;
use sqlx::{Executor, Row, SqliteConnection};
use store::{NewNotice, NoticeFacts, NoticePolicy};

/// For how long a notice goes on counting.
const GATHERED: i64 = 24 * Micros::HOUR;

/// What is kept of an act that a notice tells of.
#[derive(Default)]
struct Act<'a> {
    action: Option<&'a str>,
    actor: Option<&'a str>,
    is_read: bool,
}

/// What became of something to tell.
enum Made {
    /// A notice of its own.
    New(NoticeNo),
    /// It was added to this one.
    Added(NoticeNo),
}

/// Keeps the policy where every statement of the writer sees it; it is gone with the connection.
pub(super) async fn set_policy(
    connection: &mut SqliteConnection,
    policy: NoticePolicy,
) -> Result<(), Trouble> {
    connection.execute("PRAGMA temp_store = MEMORY").await?;
    connection
        .execute(
            "CREATE TEMP TABLE IF NOT EXISTS notice_policy
             (only INTEGER PRIMARY KEY, mail_is_on INTEGER NOT NULL, hold_seconds INTEGER NOT NULL)",
        )
        .await?;
    sqlx::query("INSERT OR REPLACE INTO notice_policy (only, mail_is_on, hold_seconds) VALUES (1, ?, ?)")
        .bind(policy.mail_is_on)
        .bind(i64::from(policy.hold_seconds))
        .execute(connection)
        .await?;
    Ok(())
}

/// Tells a user something within the transaction of what it tells of; a new notice is queued for mail and
/// webhooks. What is gathered adds to the notice of the last 24 hours, and is told to the owner of a sub-user
/// as well.
pub(super) async fn insert(connection: &mut SqliteConnection, notice: &NewNotice) -> Result<(), Trouble> {
    if !notice.cause.is_gathered() {
        return match make_or_add(connection, notice, &Act::default()).await? {
            Made::New(no) => pass_on(connection, no, notice).await,
            Made::Added(no) => mail_about(connection, no, notice).await.map(drop),
        };
    }
    let standing = Standing::find(connection, notice).await?;
    let left;
    let notice = if standing.ignores_some {
        let Some(others) = ignored::without(connection, notice).await? else { return Ok(()) };
        left = others;
        &left
    } else {
        notice
    };
    if let Some(no) = gather(connection, notice, standing.gathering).await? {
        pass_on(connection, no, notice).await?;
    }
    // The webhooks are the owner's and have told it by now.
    if let Some((owner, username)) = standing.owner {
        // Without a key only the name tells which sub-user it is about.
        let detail = if notice.key.is_some() { notice.detail.clone() } else { username };
        let notice = NewNotice { user: owner, detail, ..notice.clone() };
        let gathering = Standing::find(connection, &notice).await?.gathering;
        if let Some(no) = gather(connection, &notice, gathering).await? {
            mail_about(connection, no, &notice).await?;
        }
    }
    Ok(())
}

/// Adds to the notice that gathers these, or makes one and answers its number.
async fn gather(
    connection: &mut SqliteConnection,
    notice: &NewNotice,
    gathering: Option<NoticeNo>,
) -> Result<Option<NoticeNo>, Trouble> {
    if let Some(no) = gathering {
        add_to(connection, no, notice).await?;
        return Ok(None);
    }
    // Made room for, a notice that still counts would be made and sent again at once.
    if bounds::is_full(connection, notice).await? {
        return Ok(None);
    }
    make(connection, notice, &Act::default()).await.map(Some)
}

/// What there is to know before something is gathered; one question, because a flood asks it often.
struct Standing {
    /// The notice that goes on counting.
    gathering: Option<NoticeNo>,
    /// The owner of the user, if it is a sub-user, and the sub-user's name.
    owner: Option<(UserNo, String)>,
    /// Whether addresses of the key are ignored.
    ignores_some: bool,
}

impl Standing {
    async fn find(connection: &mut SqliteConnection, notice: &NewNotice) -> Result<Self, Trouble> {
        let row = sqlx::query(
            "SELECT u.owner_no, u.username,
             EXISTS (SELECT 1 FROM ignored_addresses WHERE key_no = ?3) AS ignores_some,
             (SELECT no FROM notices WHERE user_no = ?1 AND cause = ?2 AND key_no IS ?3 AND first_at > ?4
              AND detail = ?5 ORDER BY first_at DESC LIMIT 1) AS gathering
             FROM users u WHERE u.no = ?1",
        )
        .bind(i64::from(notice.user.0))
        .bind(notice.cause as u8)
        .bind(notice.key.map(|key| i64::from(key.0)))
        .bind(notice.at.0 - GATHERED)
        .bind(&notice.detail)
        .fetch_one(connection)
        .await?;
        let gathering = row.try_get::<Option<i64>, _>("gathering")?.map(number).transpose()?;
        Ok(Self {
            gathering: gathering.map(NoticeNo),
            owner: owner(&row)?.zip(row.try_get("username")?),
            ignores_some: row.try_get("ignores_some")?,
        })
    }
}

/// Counts on. Who has read the notice is called again only by an address that it did not name yet.
async fn add_to(connection: &mut SqliteConnection, no: NoticeNo, notice: &NewNotice) -> Result<(), Trouble> {
    let names_more = add_addresses(connection, no, notice).await?;
    sqlx::query(
        "UPDATE notices SET count = count + ?2, last_at = max(last_at, ?3), read_at = iif(?4, NULL, read_at)
         WHERE no = ?1",
    )
    .bind(i64::from(no.0))
    .bind(i64::try_from(notice.count).unwrap_or(i64::MAX))
    .bind(notice.at.0)
    .bind(names_more)
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes a notice; where there is no room for one, adds to the last one like it.
async fn make_or_add(
    connection: &mut SqliteConnection,
    notice: &NewNotice,
    act: &Act<'_>,
) -> Result<Made, Trouble> {
    match bounds::add_to_equal(connection, notice, act).await? {
        Some(no) => Ok(Made::Added(no)),
        None => make(connection, notice, act).await.map(Made::New),
    }
}

async fn make(
    connection: &mut SqliteConnection,
    notice: &NewNotice,
    act: &Act<'_>,
) -> Result<NoticeNo, Trouble> {
    let row = sqlx::query(
        "INSERT INTO notices (user_no, cause, key_no, count, first_at, last_at, read_at, action, actor, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, iif(?6, ?5, NULL), ?7, ?8, ?9) RETURNING no",
    )
    .bind(i64::from(notice.user.0))
    .bind(notice.cause as u8)
    .bind(notice.key.map(|key| i64::from(key.0)))
    .bind(i64::try_from(notice.count).unwrap_or(i64::MAX))
    .bind(notice.at.0)
    .bind(act.is_read)
    .bind(act.action)
    .bind(act.actor)
    .bind(&notice.detail)
    .fetch_one(&mut *connection)
    .await?;
    let no = NoticeNo(number(row.try_get("no")?)?);
    add_addresses(connection, no, notice).await?;
    bounds::make_room(connection, notice).await?;
    Ok(no)
}

/// Adds to the addresses of a notice while there is room; answers whether it names more than before.
async fn add_addresses(
    connection: &mut SqliteConnection,
    no: NoticeNo,
    notice: &NewNotice,
) -> Result<bool, Trouble> {
    let mut names_more = false;
    for (address, count) in &notice.addresses {
        let row = sqlx::query(
            "INSERT INTO notice_addresses (notice_no, address, count, first_at, last_at)
             SELECT ?1, ?2, ?3, ?4, ?4
             WHERE (SELECT count(*) FROM notice_addresses WHERE notice_no = ?1) < ?5
             OR EXISTS (SELECT 1 FROM notice_addresses WHERE notice_no = ?1 AND address = ?2)
             ON CONFLICT (notice_no, address)
             DO UPDATE SET count = count + excluded.count, last_at = max(last_at, excluded.last_at)
             RETURNING count = ?3 AS is_new",
        )
        .bind(i64::from(no.0))
        .bind(address.to_bytes().to_vec())
        .bind(i64::try_from(*count).unwrap_or(i64::MAX))
        .bind(notice.at.0)
        .bind(i64::try_from(NoticeFacts::ADDRESSES).unwrap_or(i64::MAX))
        .fetch_optional(&mut *connection)
        .await?;
        names_more |= row.map(|row| row.try_get::<bool, _>("is_new")).transpose()? == Some(true);
    }
    Ok(names_more)
}

/// Queues a new notice for mail and for the webhooks of the account, as the user chose.
async fn pass_on(connection: &mut SqliteConnection, no: NoticeNo, notice: &NewNotice) -> Result<(), Trouble> {
    let due_at = mail_about(connection, no, notice).await?;
    queue_deliveries(connection, no, notice, due_at).await
}

/// Queues a new notice for mail, if the user wants that and can have it; answers when it is passed on.
async fn mail_about(
    connection: &mut SqliteConnection,
    no: NoticeNo,
    notice: &NewNotice,
) -> Result<Micros, Trouble> {
    let row = sqlx::query(
        "SELECT p.hold_seconds,
         p.mail_is_on AND u.email IS NOT NULL AND u.email_confirmed_at IS NOT NULL AND u.disabled_at IS NULL
         AND (?4 OR coalesce(c.by_mail, ?3)) AS by_mail
         FROM users u JOIN notice_policy p LEFT JOIN notice_choices c ON c.user_no = u.no AND c.cause = ?2
         WHERE u.no = ?1",
    )
    .bind(i64::from(notice.user.0))
    .bind(notice.cause as u8)
    .bind(notice.cause.is_mailed_by_default())
    .bind(notice.cause.is_always_mailed())
    .fetch_one(&mut *connection)
    .await?;
    let held = if notice.cause.is_gathered() { row.try_get("hold_seconds")? } else { 0 };
    let due_at = notice.at.plus_seconds(held);
    if row.try_get("by_mail")? {
        queue_letter(connection, no, notice, due_at).await?;
    }
    Ok(due_at)
}

/// What is gathered is one letter a day already; of all else the first of an hour go at once, and the next one tells of
/// all that follow.
async fn queue_letter(
    connection: &mut SqliteConnection,
    no: NoticeNo,
    notice: &NewNotice,
    due_at: Micros,
) -> Result<(), Trouble> {
    if notice.cause.is_gathered() || !bounds::has_told_enough(connection, no, notice).await? {
        return mails::insert_for_notice(connection, notice.user, no, due_at).await;
    }
    if bounds::has_letter(connection, no, notice).await? {
        return Ok(());
    }
    let due_at = due_at.plus_seconds(bounds::HOUR_SECONDS);
    mails::insert_for_notice(connection, notice.user, no, due_at).await
}

async fn queue_deliveries(
    connection: &mut SqliteConnection,
    no: NoticeNo,
    notice: &NewNotice,
    due_at: Micros,
) -> Result<(), Trouble> {
    sqlx::query(
        "INSERT INTO webhook_deliveries (webhook_no, message_id, notice_no, cause, created_at, due_at)
         SELECT w.no, 'msg_' || lower(hex(randomblob(16))), ?2, ?3, ?5, ?6
         FROM users u JOIN webhooks w ON w.owner_no = coalesce(u.owner_no, u.no)
         LEFT JOIN notice_choices c ON c.user_no = w.owner_no AND c.cause = ?3
         WHERE u.no = ?1 AND w.disabled_at IS NULL AND w.causes & ?4 AND coalesce(c.by_webhook, 1)",
    )
    .bind(i64::from(notice.user.0))
    .bind(i64::from(no.0))
    .bind(notice.cause as u8)
    .bind(notice.cause.bit())
    .bind(notice.at.0)
    .bind(due_at.0)
    .execute(connection)
    .await?;
    Ok(())
}
