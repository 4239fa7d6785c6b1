//! What becomes of a file whose lines are right by themselves, decided by what is kept already.

use super::accounts::Book;
use super::{ImportRefusal, NewAccount, Stated};
use crate::ids::Username;
use crate::token::TokenHash;
use std::collections::{HashMap, HashSet};

/// The key of a line, as far as it may meet others.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// The line, and its user.
    pub stated: Stated<'a>,
    /// The hash under which the key is to be kept.
    pub token_hash: TokenHash,
    /// Another hash under which a key with the same token may stand.
    pub other_hash: Option<TokenHash>,
}

/// Whose a token is that a line names.
#[derive(Clone)]
pub struct TokenHolder {
    /// The folded name of the user.
    pub username: String,
    /// Whether the key is deleted.
    pub is_deleted: bool,
}

/// What is kept already of what a file names.
#[derive(Default)]
pub struct ImportFacts {
    /// The users who exist, by their folded names, each with the folded name of the owner of their account, if they are a
    /// sub-user.
    pub users: HashMap<String, Option<String>>,
    /// Keys and tombstones with the tokens of the file.
    pub tokens: HashMap<TokenHash, TokenHolder>,
    /// How many living keys accounts have, by the folded names of their owners.
    pub living: HashMap<String, u32>,
}

/// What the operator allows.
#[derive(Clone, Copy)]
pub struct ImportRules {
    /// Whether users who are missing are made.
    pub create_users: bool,
    /// The most living keys of an account, if there is a limit.
    pub most: Option<u32>,
}

/// What becomes of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImportPlan {
    /// The users to make, owners before their sub-users.
    pub users: Vec<NewAccount>,
    /// The places of the keys to add.
    pub keys: Vec<usize>,
    /// Keys that are there already, tombstones included.
    pub known: u64,
    /// How many of these are tombstones.
    pub deleted: u64,
    /// Lines that cannot be taken, in their order. If there is one, nothing may be kept.
    pub refused: Vec<(u64, ImportRefusal)>,
}

/// Decides what becomes of a file.
pub fn plan_import(file: &[Candidate<'_>], facts: ImportFacts, rules: ImportRules) -> ImportPlan {
    let ImportFacts { users, mut tokens, mut living } = facts;
    let book = Book::of(file.iter().map(|key| key.stated), &users, rules.create_users);
    let (mut plan, mut full) = (ImportPlan::default(), HashSet::new());
    for (place, key) in file.iter().enumerate() {
        let Stated { line, username, .. } = key.stated;
        if let Err(why) = book.judge(key.stated) {
            plan.refused.push((line, why));
            continue;
        }
        match holder(key, &tokens) {
            Some(holder) if holder.username == username.folded() => {
                plan.known += 1;
                plan.deleted += u64::from(holder.is_deleted);
                continue;
            }
            Some(_) => {
                plan.refused.push((line, ImportRefusal::OtherUsersToken));
                continue;
            }
            None => claim(key, username, &mut tokens),
        }
        plan.keys.push(place);
        let account = book.account_of(username);
        let keys = living.entry(account.clone()).or_default();
        *keys = keys.saturating_add(1);
        if let Some(most) = rules.most.filter(|most| *keys > *most)
            && full.insert(account)
        {
            // All further keys of the account are too many as well.
            plan.refused.push((line, ImportRefusal::TooManyKeys(most)));
        }
    }
    plan.users = book.new_accounts();
    plan
}

fn holder<'a>(key: &Candidate<'_>, tokens: &'a HashMap<TokenHash, TokenHolder>) -> Option<&'a TokenHolder> {
    tokens.get(&key.token_hash).or_else(|| tokens.get(&key.other_hash?))
}

/// A further line with the same token finds this one.
fn claim(key: &Candidate<'_>, username: &Username, tokens: &mut HashMap<TokenHash, TokenHolder>) {
    let holder = TokenHolder { username: username.folded(), is_deleted: false };
    for hash in [Some(key.token_hash), key.other_hash].into_iter().flatten() {
        tokens.insert(hash, holder.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UsernameError;

    fn name(text: &str) -> Username {
        Username::parse(text).unwrap()
    }

    fn hash(number: u8) -> TokenHash {
        TokenHash([number; 32])
    }

    /// A line: a user, perhaps an owner, and a token.
    type Line = (&'static str, &'static str, u8);

    const CREATING: ImportRules = ImportRules { create_users: true, most: None };
    const STRICT: ImportRules = ImportRules { create_users: false, ..CREATING };

    /// Plans lines that are numbered from 1; `known` names users, each with its owner.
    fn plan(lines: &[Line], known: &[(&str, &str)], rules: ImportRules) -> ImportPlan {
        let users = known
            .iter()
            .map(|(user, owner)| ((*user).to_owned(), (!owner.is_empty()).then(|| (*owner).to_owned())));
        plan_with(lines, ImportFacts { users: users.collect(), ..ImportFacts::default() }, rules)
    }

    fn plan_with(lines: &[Line], facts: ImportFacts, rules: ImportRules) -> ImportPlan {
        let named = |text: &str| (!text.is_empty()).then(|| name(text));
        let names: Vec<_> = lines.iter().map(|(user, owner, _)| (name(user), named(owner))).collect();
        let file =
            names.iter().zip(lines).zip(1..).map(|(((username, owner), (.., token)), line)| Candidate {
                stated: Stated { line, username, owner: owner.as_ref() },
                token_hash: hash(*token),
                other_hash: None,
            });
        plan_import(&file.collect::<Vec<_>>(), facts, rules)
    }

    fn made(plan: &ImportPlan) -> Vec<(String, String)> {
        let owner =
            |account: &NewAccount| account.owner.as_ref().map_or_else(String::new, Username::to_string);
        plan.users.iter().map(|account| (account.username.to_string(), owner(account))).collect()
    }

    #[test]
    fn users_who_exist_are_found_without_regard_to_case() {
        let lines = [("Demo", "", 1), ("sub", "DEMO", 2), ("sub", "", 3)];
        let plan = plan(&lines, &[("demo", ""), ("sub", "demo")], STRICT);
        assert_eq!(plan, ImportPlan { keys: vec![0, 1, 2], ..ImportPlan::default() });
    }

    #[test]
    fn missing_users_are_made_once_and_owners_first() {
        let lines = [("sub", "Ana", 1), ("SUB", "", 2), ("demo", "", 3), ("ana", "", 4)];
        let planned = plan(&lines, &[], CREATING);
        assert_eq!(planned.refused, []);
        let expected = [("Ana", ""), ("demo", ""), ("sub", "Ana")];
        assert_eq!(made(&planned), expected.map(|(user, owner)| (user.into(), owner.into())));
        let refused = plan(&lines, &[("ana", "")], STRICT).refused;
        let unknown = |line, text| (line, ImportRefusal::UnknownUser(name(text)));
        assert_eq!(refused, [unknown(1, "sub"), unknown(2, "SUB"), unknown(3, "demo")]);
    }

    #[test]
    fn what_lines_say_of_owners_has_to_fit_together() {
        let other = |line, user, owner| (line, ImportRefusal::OtherOwner(name(user), name(owner)));
        let none = |line, owner| (line, ImportRefusal::NotAnOwner(name(owner)));
        let refused = |lines: &[Line], known: &[(&str, &str)]| plan(lines, known, CREATING).refused;
        assert_eq!(refused(&[("x", "a", 1), ("x", "b", 2)], &[]), [other(2, "x", "b")]);
        assert_eq!(refused(&[("demo", "a", 1)], &[("demo", "")]), [other(1, "demo", "a")]);
        assert_eq!(refused(&[("x", "sub", 1)], &[("sub", "demo")]), [none(1, "sub")]);
        assert_eq!(refused(&[("x", "y", 1), ("y", "z", 2)], &[]), [none(1, "y")]);
        assert_eq!(refused(&[("x", "y", 1), ("y", "x", 2)], &[]), [none(1, "y"), none(2, "x")]);
    }

    #[test]
    fn a_user_is_not_made_under_a_name_that_nobody_may_choose() {
        let refused = plan(&[("www.evil", "", 1), ("old.com", "", 2)], &[("old.com", "")], CREATING).refused;
        assert_eq!(refused, [(1, ImportRefusal::Name(name("www.evil"), UsernameError::WebAddress))]);
    }

    #[test]
    fn a_token_is_one_key_of_one_user() {
        let users = ["a", "b"].map(|user| (user.to_owned(), None)).into();
        let holder = |username: &str, is_deleted| TokenHolder { username: username.to_owned(), is_deleted };
        let tokens = HashMap::from([(hash(1), holder("a", false)), (hash(2), holder("a", true))]);
        let facts = ImportFacts { users, tokens, ..ImportFacts::default() };
        let lines = [("a", "", 1), ("a", "", 2), ("b", "", 1), ("a", "", 3), ("A", "", 3), ("b", "", 3)];
        let other = |line| (line, ImportRefusal::OtherUsersToken);
        let expected = ImportPlan {
            keys: vec![3],
            known: 3,
            deleted: 1,
            refused: vec![other(3), other(6)],
            users: vec![],
        };
        assert_eq!(plan_with(&lines, facts, STRICT), expected);
    }

    #[test]
    fn the_first_key_of_an_account_that_is_too_many_is_refused() {
        let lines = [("o", "", 1), ("s", "o", 2), ("x", "", 3), ("s", "", 4), ("o", "", 5)];
        let refused = |most, living| {
            let users =
                [("o", None), ("s", Some("o".to_owned()))].map(|(user, owner)| (user.to_owned(), owner));
            let living = HashMap::from([("o".to_owned(), living)]);
            let facts = ImportFacts { users: users.into(), living, ..ImportFacts::default() };
            let planned = plan_with(&lines, facts, ImportRules { most: Some(most), ..CREATING });
            planned.refused.into_iter().map(|(line, _)| line).collect::<Vec<_>>()
        };
        assert_eq!(refused(5, 1), []);
        assert_eq!(refused(4, 1), [5]);
        assert_eq!(refused(3, 1), [4]);
        assert_eq!(refused(1, 7), [1], "the limit was lowered since");
        assert_eq!(refused(0, 0), [1, 3]);
    }
}
