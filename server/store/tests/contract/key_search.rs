//! Keys of every account, tombstones too, as the operator looks for them.

use super::bench::Bench;
use super::engines::{Engine, for_each_engine};
use super::*;
use domain::address::Network;
use domain::key_text::KeyText;
use store::{Asker, KeySearch, NewToken};

impl Bench {
    /// Adds a key with this description and masked token.
    async fn add_key(&self, of: UserNumber, hash: u8, description: &str, masked: &str) -> KeyId {
        let new = key(of, KeyType::Cloud, hash);
        let new = NewKey { description: description.to_owned(), masked: masked.to_owned(), ..new };
        let id = new.id;
        self.store.insert_key(new, audit_of(of, 5, Action::KeyGenerated)).await.unwrap();
        id
    }

    /// The descriptions of the keys with this text, newest first.
    async fn find(&self, text: &str) -> Vec<String> {
        let text = KeyText::parse(text);
        let found = self.store.search_keys(KeySearch { text, ..KeySearch::default() }, 50).await.unwrap();
        assert_eq!(found.total, found.keys.len() as u64);
        found.keys.into_iter().map(|found| found.key.description).collect()
    }
}

async fn keys_are_found_by_their_descriptions(engine: Engine) {
    let bench = Bench::open(engine).await;
    for (hash, description) in [(2, "Web shop"), (3, "100 % of WEB_2"), (4, "Rapoarte și facturi")] {
        bench.add_key(bench.owner, hash, description, "…").await;
    }
    assert_eq!(bench.find("web").await, ["100 % of WEB_2", "Web shop"]);
    assert_eq!(bench.find("0 %").await, ["100 % of WEB_2"], "signs are signs");
    assert_eq!(bench.find("%").await, ["100 % of WEB_2"]);
    assert_eq!(bench.find("WEB_").await, ["100 % of WEB_2"]);
    assert_eq!(bench.find("\\").await, [""; 0]);
    assert_eq!(bench.find("și fact").await, ["Rapoarte și facturi"]);
    assert_eq!(bench.find("nothing").await, [""; 0]);
}

async fn keys_are_found_by_what_is_shown_of_their_tokens(engine: Engine) {
    let bench = Bench::open(engine).await;
    let long = bench.add_key(bench.owner, 2, "long", "lkc_Ab12…x9Yz").await;
    for (hash, masked) in [(3, "ab…"), (4, "se…ra"), (5, "…")] {
        bench.add_key(bench.owner, hash, masked, masked).await;
    }
    for typed in [
        "lkc_Ab12…x9Yz",
        "lkc_Ab12...x9Yz",
        "lkc_A…9Yz",
        "lkc_Ab12…",
        "…x9Yz",
        "lkc_Ab12CdEf…QrStx9Yz",
        "lkc_Ab",
        "x9Yz",
        "lkc_Ab12CdEfGh",
    ] {
        assert_eq!(bench.find(typed).await, ["long"], "{typed}");
    }
    for typed in ["lkc_Ab12…x9yz", "lkc_AB", "lkc_Ab12…y9Yz", "lkc_Ab13CdEf…QrStx9Yz", "x9"] {
        assert_eq!(bench.find(typed).await, [""; 0], "{typed}");
    }
    assert_eq!(bench.find("ab…").await, ["ab…"]);
    assert_eq!(bench.find("se…ra").await, ["se…ra"]);
    let token = NewToken { token_hash: TokenHash([9; 32]), masked: "lkc_Zz99…0000".into(), sealed: None };
    bench.store.rotate_key(long, token, Micros(90), audit(8, Action::KeyRotated)).await.unwrap();
    assert_eq!(bench.find("lkc_Zz99…0000").await, ["long"]);
    assert_eq!(bench.find("lkc_Ab12…x9Yz").await, ["long"], "by the token before, too");
}

async fn a_search_is_bounded_and_counts_the_rest(engine: Engine) {
    let bench = Bench::open(engine).await;
    for hash in 2..=6 {
        bench.add_key(bench.owner, hash, &format!("bulk {hash}"), "…").await;
    }
    let deleted = bench.add_key(bench.owner, 7, "bulk 7", "…").await;
    bench.store.delete_key(deleted, audit(9, Action::KeyDeleted)).await.unwrap();
    let search = async |search, most| {
        let found = bench.store.search_keys(search, most).await.unwrap();
        let names: Vec<_> = found.keys.into_iter().map(|found| found.key.description).collect();
        (names.join(" "), found.total)
    };
    let all = KeySearch::default();
    assert_eq!(search(all.clone(), 2).await, ("bulk 7 bulk 6".to_owned(), 7));
    let living = KeySearch { living: true, ..all.clone() };
    assert_eq!(search(living, 2).await, ("bulk 6 bulk 5".to_owned(), 6));
    let of_sub = KeySearch { user: Some(bench.sub), ..all.clone() };
    assert_eq!(search(of_sub, 2).await, ("key 1".to_owned(), 1));
    let both = KeySearch { user: Some(bench.sub), text: KeyText::parse("bulk"), living: false };
    assert_eq!(search(both, 2).await, (String::new(), 0));
}

async fn any_key_is_found_with_its_account_and_its_list(engine: Engine) {
    let bench = Bench::open(engine).await;
    let (store, id) = (&bench.store, bench.id);
    let network = Network::parse("10.0.0.0/8").unwrap();
    store.insert_network(id, network, 9, audit(7, Action::AddressAdded)).await.unwrap();
    let shown = async || {
        let found = store.find_any_key(id).await.unwrap().unwrap();
        let (name, account) = (found.key.username.to_string(), found.account.to_string());
        let list = found.key.rule.allow_list.len();
        (name, account, found.user_is_disabled, found.deleted_at, list)
    };
    let of = |disabled, deleted, list| ("s".to_owned(), "o".to_owned(), disabled, deleted, list);
    assert_eq!(shown().await, of(false, None, 1));
    store.set_user_disabled(bench.owner, true, audit(8, Action::UserDisabled)).await.unwrap();
    assert_eq!(shown().await, of(true, None, 1), "with the owner of its account");
    store.delete_key(id, audit(10, Action::KeyDeleted)).await.unwrap();
    assert_eq!(shown().await, of(true, Some(Micros(10)), 0));
    assert!(store.find_any_key(KeyId::generate()).await.unwrap().is_none());
}

async fn a_key_has_the_lines_about_it_and_those_through_it(engine: Engine) {
    let bench = Bench::open(engine).await;
    let manages = key(bench.owner, KeyType::Cloud, 2);
    let manages = NewKey { manages_keys: true, ..manages };
    let id = manages.id;
    bench.store.insert_key(manages, audit_of(bench.owner, 5, Action::KeyGenerated)).await.unwrap();
    let through =
        Audit { asker: Some(Asker::Key(id, None)), ..audit_of(bench.owner, 6, Action::KeyGenerated) };
    let made = key(bench.owner, KeyType::Cloud, 3);
    let other = made.id;
    bench.store.insert_key(made, through).await.unwrap();
    bench.store.record(audit_of(bench.owner, 7, Action::Logout)).await.unwrap();
    let reason = Audit { detail: "leaked".into(), ..audit_of(bench.owner, 8, Action::KeyDeleted) };
    bench.store.delete_key(id, reason).await.unwrap();
    let lines = async |key, most| -> Vec<_> {
        let rows = bench.store.list_key_audit(key, most).await.unwrap();
        rows.into_iter().map(|row| (row.action, row.key, row.via, row.detail)).collect()
    };
    let line = |action: &str, key, via, detail: &str| (action.to_owned(), Some(key), via, detail.to_owned());
    let deleted = line("key_deleted", id, None, "leaked");
    let all =
        [deleted.clone(), line("key_generated", other, Some(id), ""), line("key_generated", id, None, "")];
    assert_eq!(lines(id, 20).await, all);
    assert_eq!(lines(id, 1).await, [deleted]);
    assert_eq!(lines(other, 20).await, [line("key_generated", other, Some(id), "")]);
}

async fn who_owns_the_account_hears_of_a_key_that_the_operator_revokes(engine: Engine) {
    let bench = Bench::open(engine).await;
    let revoked = Audit {
        actor: "operator".into(),
        detail: "leaked".into(),
        ..audit_of(bench.sub, 9, Action::KeyDeleted)
    };
    bench.store.delete_key(bench.id, revoked).await.unwrap();
    for user in [bench.sub, bench.owner] {
        let notices = bench.store.list_notices(user, 0, 9).await.unwrap();
        let told = notices.iter().find(|notice| notice.action.as_deref() == Some("key_deleted")).unwrap();
        assert_eq!((told.actor.as_deref(), told.detail.as_str()), (Some("operator"), "leaked"));
        assert_eq!(told.read_at, None);
    }
}

for_each_engine!(
    keys_are_found_by_their_descriptions,
    keys_are_found_by_what_is_shown_of_their_tokens,
    a_search_is_bounded_and_counts_the_rest,
    any_key_is_found_with_its_account_and_its_list,
    a_key_has_the_lines_about_it_and_those_through_it,
    who_owns_the_account_hears_of_a_key_that_the_operator_revokes
);
