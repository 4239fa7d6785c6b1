//! What is kept already of what a file names.

use crate::Trouble;
use crate::rows::{hash, number, owner, user_no};
use crate::statements::{Tx, sql};
use domain::ids::{UserNumber, Username};
use domain::import::{ImportFacts, TokenHolder};
use domain::token::TokenHash;
use sqlx::Row;
use std::collections::HashMap;
use store::ImportKey;

/// Names or hashes that are looked for at once.
const AT_ONCE: usize = 1000;
const USERS: &str = "SELECT u.no, u.owner_no, u.username_folded, o.username_folded AS owner_folded
    FROM users u LEFT JOIN users o ON o.no = u.owner_no
    WHERE u.username_folded IN (SELECT value FROM json_each(?))";
const LIVING: &str = "SELECT count(*) FROM keys WHERE deleted_at IS NULL AND account_no = ?";
/// Present tokens, and those from before a rotation.
const TOKENS: &str = "SELECT t.token_hash, k.deleted_at IS NOT NULL AS is_deleted, u.username_folded
    FROM (SELECT no AS key_no, token_hash FROM keys
        WHERE token_hash IN (SELECT unhex(value) FROM json_each(?1))
        UNION ALL SELECT key_no, token_hash FROM old_tokens
        WHERE token_hash IN (SELECT unhex(value) FROM json_each(?1))) t
    JOIN keys k ON k.no = t.key_no JOIN users u ON u.no = k.user_no";

/// A user, and the owner of their account, who may be the same.
#[derive(Clone, Copy)]
pub(super) struct Person {
    pub(super) user: UserNumber,
    pub(super) owner: UserNumber,
}

/// The users of a file who are there, by their folded names.
pub(super) type People = HashMap<String, Person>;

pub(super) async fn read(tx: &mut Tx, keys: &[ImportKey]) -> Result<(ImportFacts, People), Trouble> {
    let (mut facts, mut people) = (ImportFacts::default(), People::new());
    let named = keys.iter().flat_map(|key| [Some(&key.username), key.owner.as_ref()]);
    let mut names: Vec<_> = named.flatten().map(Username::folded).collect();
    names.sort_unstable();
    names.dedup();
    for some in names.chunks(AT_ONCE) {
        for row in tx.all(sql!(USERS, json_list(some))).await? {
            let (user, name) = (user_no(&row, "no")?, row.try_get::<String, _>("username_folded")?);
            people.insert(name.clone(), Person { user, owner: owner(&row)?.unwrap_or(user) });
            facts.users.insert(name, row.try_get("owner_folded")?);
        }
    }
    read_living(tx, &mut facts, &people).await?;
    let hashes = keys.iter().flat_map(|key| [Some(key.token_hash), key.other_hash]).flatten();
    let hashes: Vec<_> = hashes.map(|hash| hex(&hash.0)).collect();
    for some in hashes.chunks(AT_ONCE) {
        for row in tx.all(sql!(TOKENS, json_list(some))).await? {
            let (username, is_deleted) = (row.try_get("username_folded")?, row.try_get("is_deleted")?);
            let holder = TokenHolder { username, is_deleted };
            facts.tokens.insert(TokenHash(hash(&row, "token_hash")?), holder);
        }
    }
    Ok((facts, people))
}

/// Counts the keys of the accounts of these users.
async fn read_living(tx: &mut Tx, facts: &mut ImportFacts, people: &People) -> Result<(), Trouble> {
    let mut accounts = HashMap::new();
    for (name, person) in people {
        let account = facts.users.get(name).cloned().flatten();
        accounts.insert(person.owner, account.unwrap_or_else(|| name.clone()));
    }
    for (owner, name) in accounts {
        let living = tx.one(sql!(LIVING, owner.0)).await?;
        facts.living.insert(name, number(living.try_get(0)?)?);
    }
    Ok(())
}

/// Texts as a list for `json_each`. Neither names nor hexadecimal digits hold what means anything in JSON.
fn json_list(texts: &[String]) -> String {
    format!("[\"{}\"]", texts.join("\",\""))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
