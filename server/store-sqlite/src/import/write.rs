//! Carries a plan out.

use super::facts::{People, Person};
use super::rows::Insert;
use crate::Trouble;
use crate::rows::{corrupt, key_id, key_no, user_no};
use crate::statements::{Tx, sql};
use contract::{LockWidth, Role};
use domain::address::Network;
use domain::ids::{KeyId, KeyNumber, UserNumber, Username};
use domain::import::{ImportPlan, NewAccount};
use domain::rule::AddressRule;
use sqlx::Row;
use std::collections::{BTreeMap, HashMap};
use store::{Action, Audit, Change, ImportKey, IndexedKey, IndexedUser};

const USERS: Insert = Insert {
    into: "INSERT INTO users (owner_no, username, username_folded, role, password_hash, password_set_at, created_at)
           VALUES",
    row: "(?, ?, ?, ?, '', ?, ?)",
    end: " RETURNING no, username_folded",
};
const KEYS: Insert = Insert {
    into: "INSERT INTO keys (id, user_no, account_no, key_type, description, token_hash, masked, sealed, created_at,
           expires_at, locked_ip, locked_at, is_foreign) VALUES",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    end: " RETURNING no, id",
};
const NETWORKS: Insert = Insert {
    into: "INSERT INTO key_networks (key_no, network, prefix_length, added_at) VALUES",
    row: "(?, ?, ?, ?)",
    end: "",
};
const LINES: Insert = Insert {
    into: "INSERT INTO audit (at, action, actor, user_no, detail) VALUES",
    row: "(?, ?, ?, ?, ?)",
    end: "",
};

pub(super) async fn carry_out(
    tx: &mut Tx,
    keys: &[ImportKey],
    plan: &ImportPlan,
    mut people: People,
    audit: &Audit,
) -> Result<(), Trouble> {
    let (owners, sub_users): (Vec<_>, Vec<_>) = plan.users.iter().partition(|user| user.owner.is_none());
    for some in [owners, sub_users] {
        add_users(tx, &some, &mut people, audit).await?;
    }
    let mut added = Vec::with_capacity(plan.keys.len());
    for place in &plan.keys {
        let key = &keys[*place];
        added.push((key, person(&people, &key.username)?));
    }
    let numbers = add_keys(tx, &added, audit).await?;
    add_networks(tx, &added, &numbers, audit).await?;
    for (key, person) in &added {
        tx.tell(Change::KeyAdded(Box::new(indexed(key, numbers[&key.id], person.user))));
    }
    let mut keys_of = BTreeMap::<UserNumber, u64>::new();
    for (_, person) in &added {
        *keys_of.entry(person.user).or_default() += 1;
    }
    let lines = keys_of.into_iter().map(|(user, keys)| (user, keys.to_string()));
    write_lines(tx, &lines.collect::<Vec<_>>(), Action::KeysImported, audit).await?;
    if added.iter().any(|(key, _)| key.is_foreign) {
        admit_foreign(tx).await?;
    }
    Ok(())
}

fn person(people: &People, username: &Username) -> Result<Person, Trouble> {
    people.get(&username.folded()).copied().ok_or_else(|| corrupt("user of an import"))
}

/// Makes users who have no password, their owners being there.
async fn add_users(
    tx: &mut Tx,
    users: &[&NewAccount],
    people: &mut People,
    audit: &Audit,
) -> Result<(), Trouble> {
    let mut new = Vec::with_capacity(users.len());
    for account in users {
        let owner = match &account.owner {
            Some(owner) => Some(person(people, owner)?.user),
            None => None,
        };
        new.push((&account.username, owner));
    }
    let (role, at) = (Role::ManagesKeys as u8, audit.at.0);
    let rows = USERS.run(tx, &new, |query, (name, owner)| {
        let query = query.bind(owner.map(|owner| owner.0)).bind(name.as_str()).bind(name.folded());
        query.bind(role).bind(at).bind(at)
    });
    let mut numbers = HashMap::with_capacity(new.len());
    for row in rows.await? {
        numbers.insert(row.try_get::<String, _>("username_folded")?, user_no(&row, "no")?);
    }
    let mut lines = Vec::with_capacity(new.len());
    for (username, owner) in new {
        let name = username.folded();
        let number = *numbers.get(&name).ok_or_else(|| corrupt("user of an import"))?;
        people.insert(name, Person { user: number, owner: owner.unwrap_or(number) });
        lines.push((number, username.to_string()));
        let indexed = IndexedUser { number, owner, username: username.clone(), disabled: false };
        tx.tell(Change::UserAdded(indexed));
    }
    write_lines(tx, &lines, Action::UserAdded, audit).await
}

/// Returns the numbers of the keys that it adds.
async fn add_keys(
    tx: &mut Tx,
    keys: &[(&ImportKey, Person)],
    audit: &Audit,
) -> Result<HashMap<KeyId, KeyNumber>, Trouble> {
    let at = audit.at.0;
    let rows = KEYS.run(tx, keys, |query, (key, person)| {
        let query = query.bind(key.id.0).bind(person.user.0).bind(person.owner.0).bind(key.key_type as u8);
        let query = query.bind(&key.description).bind(key.token_hash.0.as_slice()).bind(&key.masked);
        let query = query.bind(&key.sealed).bind(key.created_at.0).bind(key.expires_at.map(|end| end.0));
        let locked = key.locked.map(|address| address.to_bytes().to_vec());
        query.bind(locked).bind(key.locked.map(|_| at)).bind(key.is_foreign)
    });
    let rows = rows.await?;
    let mut numbers = HashMap::with_capacity(rows.len());
    for row in &rows {
        numbers.insert(key_id(row, "id")?, key_no(row, "no")?);
    }
    Ok(numbers)
}

async fn add_networks(
    tx: &mut Tx,
    keys: &[(&ImportKey, Person)],
    numbers: &HashMap<KeyId, KeyNumber>,
    audit: &Audit,
) -> Result<(), Trouble> {
    let of_key = |(key, _): &(&ImportKey, Person)| {
        let number = numbers[&key.id];
        key.allow_list.iter().map(move |network| (number, *network)).collect::<Vec<_>>()
    };
    let networks: Vec<(KeyNumber, Network)> = keys.iter().flat_map(of_key).collect();
    let at = audit.at.0;
    let rows = NETWORKS.run(tx, &networks, |query, (number, network)| {
        let bytes = network.to_bytes().to_vec();
        query.bind(number.0).bind(bytes).bind(network.prefix_length()).bind(at)
    });
    rows.await.map(drop)
}

/// Writes a line of the audit log for each of these users. No session asks for these acts, and nobody is told of them.
async fn write_lines(
    tx: &mut Tx,
    lines: &[(UserNumber, String)],
    action: Action,
    audit: &Audit,
) -> Result<(), Trouble> {
    let (at, actor) = (audit.at.0, audit.actor.clone());
    let rows = LINES.run(tx, lines, |query, (user, detail)| {
        query.bind(at).bind(action.name()).bind(actor.clone()).bind(user.0).bind(detail)
    });
    rows.await.map(drop)
}

fn indexed(key: &ImportKey, number: KeyNumber, user: UserNumber) -> IndexedKey {
    IndexedKey {
        number,
        id: key.id,
        user,
        token_hash: key.token_hash,
        key_type: key.key_type,
        description: key.description.clone(),
        masked: key.masked.clone(),
        deleted: false,
        disabled: false,
        expires_at: key.expires_at,
        rule: AddressRule {
            enforced: key.key_type.is_address_bound(),
            locked: key.locked,
            width: LockWidth::Exact,
            allow_list: key.allow_list.clone(),
        },
    }
}

async fn admit_foreign(tx: &mut Tx) -> Result<(), Trouble> {
    let sql = "UPDATE installation SET foreign_tokens = 1 WHERE foreign_tokens = 0";
    if tx.run(sql!(sql)).await? > 0 {
        tx.tell(Change::ForeignTokensAdmitted);
    }
    Ok(())
}
