//! Notices: made in the transaction of what they tell of, gathered by the day, and passed on by mail and webhooks. The rules
//! are those of `domain::notice`; here are their facts and what they decide.

mod acts;
mod bounds;
mod choices;
mod facts;
mod ignored;
mod inbox;
mod passing;

pub(super) use acts::tell;
pub(super) use facts::OLD;
use passing::{mail_about, pass_on};

use super::rows::owner;
use crate::Trouble;
use crate::statements::{Tx, sql};
use domain::ids::{NoticeNumber, UserNumber};
use domain::notice::gathering::{self, ADDRESSES_NAMED, Alarm, Placing};
use sqlx::Row;
use store::NewNotice;

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
    New(NoticeNumber),
    /// The alarm was added to this notice.
    Added(NoticeNumber),
}

/// Tells a user something within the transaction of what it tells of; a new notice is queued for mail and
/// webhooks. What is gathered adds to the notice of the last 24 hours, and is told to the owner of a sub-user
/// as well.
pub(super) async fn insert(tx: &mut Tx, notice: &NewNotice) -> Result<(), Trouble> {
    if !notice.cause.is_gathered() {
        return match make_or_add(tx, notice, &Act::default()).await? {
            Made::New(notice_no) => pass_on(tx, notice_no, notice).await,
            Made::Added(notice_no) => mail_about(tx, notice_no, notice).await.map(drop),
        };
    }
    let standing = Standing::find(tx, notice).await?;
    let left = if standing.ignores_some { ignored::without(tx, notice).await? } else { Some(notice.clone()) };
    let Some(notice) = left else { return Ok(()) };
    let alarm = Alarm { user: notice.user, is_about_key: notice.key.is_some(), detail: &notice.detail };
    let owner = standing.owner.as_ref().map(|(owner, sub_user)| (*owner, sub_user.as_str()));
    for hearer in gathering::hearers(alarm, owner) {
        let notice = NewNotice { user: hearer.user, detail: hearer.detail.to_owned(), ..notice.clone() };
        let counting = match hearer.user {
            user if user == alarm.user => standing.gathering,
            _ => Standing::find(tx, &notice).await?.gathering,
        };
        match gather(tx, &notice, counting).await? {
            Some(notice_no) if hearer.with_webhooks => pass_on(tx, notice_no, &notice).await?,
            Some(notice_no) => mail_about(tx, notice_no, &notice).await.map(drop)?,
            None => {}
        }
    }
    Ok(())
}

/// Adds to the notice that gathers these, or makes one and returns its number.
async fn gather(
    tx: &mut Tx,
    notice: &NewNotice,
    counting: Option<NoticeNumber>,
) -> Result<Option<NoticeNumber>, Trouble> {
    // A flood adds to what is there, and has nothing else to ask.
    let has_room = counting.is_none() && bounds::has_room(tx, notice).await?;
    match gathering::place_alarm(counting, has_room) {
        Placing::AddTo(notice_no) => add_to(tx, notice_no, notice).await.map(|()| None),
        Placing::New => make(tx, notice, &Act::default()).await.map(Some),
        Placing::Nowhere => Ok(None),
    }
}

/// What there is to know before something is gathered; one question, because a flood asks it often.
struct Standing {
    /// The notice that goes on counting.
    gathering: Option<NoticeNumber>,
    /// The owner of the user, if it is a sub-user, and the sub-user's name.
    owner: Option<(UserNumber, String)>,
    /// Whether addresses of the key are ignored.
    ignores_some: bool,
}

impl Standing {
    async fn find(tx: &mut Tx, notice: &NewNotice) -> Result<Self, Trouble> {
        let sql = "SELECT u.owner_no, u.username,
                   EXISTS (SELECT 1 FROM ignored_addresses WHERE key_no = (SELECT no FROM keys WHERE id = ?3)) AS ignores_some,
                   (SELECT no FROM notices WHERE user_no = ?1 AND cause = ?2
                   AND key_no IS (SELECT no FROM keys WHERE id = ?3) AND first_at > ?4 AND detail = ?5 ORDER BY first_at DESC LIMIT 1) AS gathering
                   FROM users u WHERE u.no = ?1";
        let row = tx
            .one(sql!(
                sql,
                notice.user.0,
                notice.cause as u8,
                notice.key.map(|key| key.0),
                gathering::young_since(notice.at).0,
                &notice.detail
            ))
            .await?;
        let gathering: Option<i64> = row.try_get("gathering")?;
        Ok(Self {
            gathering: gathering.map(NoticeNumber),
            owner: owner(&row)?.zip(row.try_get("username")?),
            ignores_some: row.try_get("ignores_some")?,
        })
    }
}

/// Counts on. A notice that was read becomes unread only by an address that it did not name yet.
async fn add_to(tx: &mut Tx, notice_no: NoticeNumber, notice: &NewNotice) -> Result<(), Trouble> {
    let names_more = add_addresses(tx, notice_no, notice).await?;
    let sql =
        "UPDATE notices SET count = count + ?2, last_at = max(last_at, ?3), read_at = iif(?4, NULL, read_at)
               WHERE no = ?1";
    tx.run(sql!(sql, notice_no.0, i64::try_from(notice.count).unwrap_or(i64::MAX), notice.at.0, names_more))
        .await
        .map(drop)
}

/// Makes a notice of an act; where there is no room for one, adds to the last one like it.
async fn make_or_add(tx: &mut Tx, notice: &NewNotice, act: &Act<'_>) -> Result<Made, Trouble> {
    let has_room = bounds::has_room(tx, notice).await?;
    let last_like_it = if has_room { None } else { bounds::last_like(tx, notice, act).await? };
    let Placing::AddTo(notice_no) = gathering::place_act(has_room, last_like_it) else {
        return make(tx, notice, act).await.map(Made::New);
    };
    add_to(tx, notice_no, notice).await?;
    if !act.is_read {
        tx.run(sql!("UPDATE notices SET read_at = NULL WHERE no = ?", notice_no.0)).await?;
    }
    Ok(Made::Added(notice_no))
}

async fn make(tx: &mut Tx, notice: &NewNotice, act: &Act<'_>) -> Result<NoticeNumber, Trouble> {
    let sql = "INSERT INTO notices (user_no, cause, key_no, count, first_at, last_at, read_at,
               action, actor, detail)
               VALUES (?1, ?2, (SELECT no FROM keys WHERE id = ?3), ?4, ?5, ?5, iif(?6, ?5, NULL), ?7, ?8, ?9) RETURNING no";
    let row = tx
        .one(sql!(
            sql,
            notice.user.0,
            notice.cause as u8,
            notice.key.map(|key| key.0),
            i64::try_from(notice.count).unwrap_or(i64::MAX),
            notice.at.0,
            act.is_read,
            act.action,
            act.actor,
            &notice.detail
        ))
        .await?;
    let notice_no = NoticeNumber(row.try_get("no")?);
    add_addresses(tx, notice_no, notice).await?;
    bounds::make_room(tx, notice).await?;
    Ok(notice_no)
}

/// Adds to the addresses of a notice while there is room; returns whether it names more than before.
async fn add_addresses(tx: &mut Tx, notice_no: NoticeNumber, notice: &NewNotice) -> Result<bool, Trouble> {
    let mut names_more = false;
    for (address, count) in &notice.addresses {
        let sql = "INSERT INTO notice_addresses (notice_no, address, count, first_at, last_at)
                   SELECT ?1, ?2, ?3, ?4, ?4
                   WHERE (SELECT count(*) FROM notice_addresses WHERE notice_no = ?1) < ?5
                   OR EXISTS (SELECT 1 FROM notice_addresses WHERE notice_no = ?1 AND address = ?2)
                   ON CONFLICT (notice_no, address)
                   DO UPDATE SET count = count + excluded.count, last_at = max(last_at, excluded.last_at)
                   RETURNING count = ?3 AS is_new";
        let row = tx
            .optional(sql!(
                sql,
                notice_no.0,
                address.to_bytes().as_slice(),
                i64::try_from(*count).unwrap_or(i64::MAX),
                notice.at.0,
                i64::try_from(ADDRESSES_NAMED).unwrap_or(i64::MAX)
            ))
            .await?;
        names_more |= row.map(|row| row.try_get::<bool, _>("is_new")).transpose()? == Some(true);
    }
    Ok(names_more)
}
