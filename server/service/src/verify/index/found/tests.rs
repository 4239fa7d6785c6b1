use super::super::tests::{OWNER, SUB, change, hash, id, ids, index, rename};
use super::*;
use domain::key_list::KeyListQuery;
use store::{KeyChange, Total as Uses, Watcher};

const ALL: KeyScope = KeyScope::Account(OWNER);

async fn find(index: &KeyIndex, scope: KeyScope, query: &str) -> (Vec<KeyId>, Total) {
    find_marked(index, scope, query, None).await
}

async fn find_marked(
    index: &KeyIndex,
    scope: KeyScope,
    query: &str,
    marked: Option<&HashSet<KeyId>>,
) -> (Vec<KeyId>, Total) {
    let query = KeyListQuery::parse(query);
    index
        .find_wanted(scope, &Wanted { filter: &query.filter, order: query.order, marked, now: Micros(50) })
        .await
}

#[tokio::test]
async fn a_filter_finds_keys_of_its_scope_newest_first() {
    let index = index(30);
    let all = find(&index, ALL, "q=key+2").await;
    assert_eq!(all, (ids(&[29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 2]), Total::Exact(11)));
    assert_eq!(find(&index, KeyScope::User(SUB), "q=KEY+2").await.0, ids(&[28, 26, 24, 22, 20, 2]));
    assert_eq!(find(&index, ALL, "q=key+2&sort=created").await.0[..3], ids(&[2, 20, 21]));
    assert_eq!(find(&index, ALL, "q=0007").await.0, ids(&[7]), "by the ending of the token");
    assert_eq!(find(&index, ALL, "user=user2&q=3").await.0, ids(&[30]));
    assert_eq!(find(&index, ALL, "q=nothing").await, (vec![], Total::Exact(0)));
    assert_eq!(
        find(&index, KeyScope::Account(domain::ids::UserNumber(3)), "sort=type").await,
        (vec![], Total::Exact(0))
    );
}

#[tokio::test]
async fn each_change_is_found_at_once() {
    let index = index(5);
    change(&index, 3, KeyChange::Paused(true));
    change(&index, 4, KeyChange::ExpiresAt(Some(Micros(50))));
    change(&index, 5, KeyChange::ExpiresAt(Some(Micros(51))));
    rename(&index, 1, "Șofer");
    index.set_total(Uses { key: domain::ids::KeyNumber(2), count: 9, last: Micros(40) });
    assert_eq!(find(&index, ALL, "state=paused").await.0, ids(&[3]));
    assert_eq!(find(&index, ALL, "state=expired").await.0, ids(&[4]));
    assert_eq!(find(&index, ALL, "state=active").await.0, ids(&[5, 2, 1]));
    assert_eq!(find(&index, ALL, "state=unused").await.0, ids(&[5, 4, 3, 1]));
    assert_eq!(find(&index, ALL, "q=sofer").await.0, ids(&[1]));
    let hash = index.find(&hash(5)).unwrap().token;
    index.committed(store::Change::KeyToken(domain::ids::KeyNumber(5), hash, "lkc_new1…neW5".into()));
    assert_eq!(find(&index, ALL, "q=neW5").await.0, ids(&[5]));
    index.committed(store::Change::KeyDeleted(domain::ids::KeyNumber(5)));
    assert_eq!(find(&index, ALL, "q=neW5").await.0, []);
    let marked = HashSet::from([id(1), id(3), id(5), id(77)]);
    assert_eq!(find_marked(&index, ALL, "state=refused", Some(&marked)).await.0, ids(&[3, 1]));
    assert_eq!(find(&index, ALL, "state=refused").await.0, [], "without marks nothing is in it");
}

#[tokio::test]
async fn an_order_holds_whatever_the_length_of_texts() {
    let index = index(6);
    for (number, text) in [
        (1, "warehouse scanner, gate 2"),
        (2, "Warehouse scanner, gate 1"),
        (3, "warehouse scanner, gate 3"),
        (4, "apples"),
        (5, "Zebra"),
        (6, "apples"),
    ] {
        rename(&index, number, text);
    }
    let up = find(&index, ALL, "sort=description").await.0;
    assert_eq!(up, ids(&[6, 4, 2, 1, 3, 5]), "equal ones newest first");
    let down = find(&index, ALL, "sort=-description").await.0;
    assert_eq!(down, ids(&[5, 3, 1, 2, 6, 4]));
    assert_eq!(find(&index, ALL, "sort=username").await.0, ids(&[5, 3, 1, 6, 4, 2]));
    assert_eq!(find(&index, ALL, "sort=-username").await.0, ids(&[6, 4, 2, 5, 3, 1]));
}

/// More than twice as many as are found.
const MANY: i64 = 25_000;

#[tokio::test]
async fn of_many_keys_the_first_are_found_and_counting_ends() {
    let index = index(MANY);
    let most = u64::try_from(MOST_FOUND).unwrap();
    for number in 1..=MANY {
        index.set_total(Uses {
            key: domain::ids::KeyNumber(number),
            count: (number.cast_unsigned() * 7919) % 25_001,
            last: Micros(1),
        });
    }
    for (query, first) in [("sort=-times_used", 25_000_u64), ("sort=times_used", 1)] {
        let (found, total) = find(&index, ALL, query).await;
        assert_eq!((found.len(), total), (MOST_FOUND, Total::More));
        let uses = |id: &KeyId| (number_of(*id) * 7919) % 25_001;
        let counts: Vec<_> = found.iter().map(uses).collect();
        let expected: Vec<_> =
            if first == 1 { (1..=most).collect() } else { (0..most).map(|n| first - n).collect() };
        assert_eq!(counts, expected, "{query}: none is left out and none stands in a wrong place");
    }
    let (found, total) = find(&index, ALL, "q=key").await;
    assert_eq!((found.len(), total, found[0]), (MOST_FOUND, Total::More, id(MANY)));
    assert_eq!(find(&index, KeyScope::User(SUB), "q=key+1").await.1, Total::Exact(found_with_one()));
}

/// How many even numbers up to [`MANY`] begin with 1.
fn found_with_one() -> usize {
    (1..=MANY).filter(|number| number % 2 == 0 && number.to_string().starts_with('1')).count()
}

/// The number of a key, in the first half of its id.
fn number_of(id: KeyId) -> u64 {
    u64::from_str_radix(&id.to_string().replace('-', "")[..16], 16).unwrap()
}
