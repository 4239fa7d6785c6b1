//! Counts and statistics.

use super::engines::{Engine, for_each_engine};
use super::*;
use contract::Code;
use store::{ADDRESSES, Lag, PieceCounts, Refusal, SpanStarts, Total, Use};

/// Everything, whatever the hour.
const EVER: SpanStarts = SpanStarts { today: 0, days_7: 0, days_30: 0 };

/// Brings all uses into the totals, and looks at the counts after each step.
pub(crate) async fn fold(log: &mut dyn UsageLog, mut look: impl AsyncFnMut()) {
    log.begin_end();
    while log.has_work() {
        log.maintain().await.unwrap();
        look().await;
    }
    assert_eq!(log.lag(), Lag::default());
}

/// What the totals are when the data is opened again.
async fn totals_after(engine: Engine, dir: &Path) -> Vec<Total> {
    let (store, mut log, _) = open(engine, dir).await;
    let mut totals = vec![];
    log.recover(&mut |total| totals.push(total)).await.unwrap();
    log.close().await.unwrap();
    store.close().await;
    totals.sort_unstable_by_key(|total| total.key);
    totals
}

/// Adds some keys. Returns their ids, and the numbers under which they are counted.
pub(crate) async fn add_keys<const N: usize>(store: &dyn Store, told: &Told) -> ([KeyId; N], [KeyNumber; N]) {
    let owner = store.insert_user(user("owner", None), audit(1, Action::UserAdded)).await.unwrap();
    let mut ids = [KeyId::generate(); N];
    for (hash, id) in (1..).zip(&mut ids) {
        let new = key(owner, KeyType::Cloud, hash);
        *id = new.id;
        store.insert_key(new, audit(1, Action::KeyGenerated)).await.unwrap();
    }
    (ids, ids.map(|id| told.number(id)))
}

/// The user of a key has the number of the key.
pub(crate) fn one_use(key: KeyNumber, from: u32) -> Use {
    let address = Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + from).into());
    Use { key, user: UserNumber(key.0), address, rotated_at: None }
}

async fn usage_adds_up_at_every_moment(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, told) = open(engine, dir.path()).await;
    let (ids, numbers) = add_keys::<2>(store.as_ref(), &told).await;
    let [first, second] = numbers.map(|key| UserNumber(key.0));
    let hour = Micros(Micros::HOUR * 100);
    let starts = SpanStarts { today: 100, days_7: 90, days_30: 80 };
    let (a, b) = (one_use(numbers[0], 7), one_use(numbers[1], 8));
    let counts =
        async |users: &[UserNumber]| store.count_pieces(users, &[100, 101]).await.unwrap()[0].accepted;
    log.append(hour, &[a, b, a]).await.unwrap();
    log.append(Micros(hour.0 + 1), &[a]).await.unwrap();
    assert_eq!((counts(&[first]).await, counts(&[first, second]).await), (3, 4));
    assert_eq!(log.lag(), Lag { uses: 4, since: Some(hour) });
    // Uses come while others are folded.
    log.begin_end();
    log.append(hour, &[a]).await.unwrap();
    let look = async || {
        assert_eq!((counts(&[first]).await, counts(&[second]).await), (4, 1));
        assert_eq!(store.count_key_uses(ids[0], starts).await.unwrap().accepted, [4, 4, 4]);
    };
    while log.has_work() {
        log.maintain().await.unwrap();
        look().await;
    }
    assert_eq!(log.lag().uses, 1);
    fold(log.as_mut(), look).await;
    let refusal = |hour, code| Refusal { key: numbers[0], user: first, hour, code };
    let refusals = [(refusal(100, Code::IpNotAllowed), 5), (refusal(85, Code::Deleted), 2)];
    log.refuse(&refusals).await.unwrap();
    log.refuse(&refusals).await.unwrap();
    let refused = store.count_pieces(&[first], &[80, 90, 100, 101]).await.unwrap();
    assert_eq!(refused.iter().map(|piece| piece.refused).collect::<Vec<_>>(), [4, 0, 10]);
    assert_eq!(store.count_key_uses(ids[0], starts).await.unwrap().refused, [10, 10, 14]);
    log.close().await.unwrap();
    store.close().await;
    drop(log);
    let totals = totals_after(engine, dir.path()).await;
    let mut expected = [(numbers[0], 4, Micros(hour.0 + 1)), (numbers[1], 1, hour)];
    expected.sort_unstable();
    assert_eq!(totals, expected.map(|(key, count, last)| Total { key, count, last }));
}

async fn a_key_keeps_a_thousand_addresses_the_latest_ones(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, told) = open(engine, dir.path()).await;
    let ([id], [number]) = add_keys(store.as_ref(), &told).await;
    for from in [0, 700] {
        for n in from..from + 800 {
            log.append(Micros(i64::from(n + 1)), &[one_use(number, n)]).await.unwrap();
        }
        fold(log.as_mut(), async || {}).await;
    }
    let kept = store.list_key_addresses(id).await.unwrap();
    let oldest = kept.iter().map(|seen| seen.last.0).min().unwrap();
    assert_eq!((kept.len(), oldest), (ADDRESSES, 501), "the oldest made room");
    assert_eq!(kept.iter().map(|seen| seen.count).sum::<u64>(), 1100, "those seen twice were added up");
}

/// The addresses of a key are moved in parts; at every moment each use is seen once, and what a crash leaves in the middle
/// is counted once.
async fn a_key_with_many_addresses_is_folded_in_parts_that_add_up(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, told) = open(engine, dir.path()).await;
    let ([id], [number]) = add_keys(store.as_ref(), &told).await;
    let uses: Vec<_> = (0..900).map(|n| one_use(number, n)).collect();
    log.append(Micros(7), &uses).await.unwrap();
    log.begin_end();
    for step in 0..3 {
        let seen = store.list_key_addresses(id).await.unwrap();
        let uses = seen.iter().map(|seen| seen.count).sum::<u64>();
        assert_eq!((seen.len(), uses), (900, 900), "after {step} steps");
        let counts = store.count_key_uses(id, EVER).await.unwrap();
        assert_eq!(counts.accepted, [900; 3], "after {step} steps");
        assert!(log.has_work());
        log.maintain().await.unwrap();
    }
    // The process died here.
    drop(log);
    store.close().await;
    assert_eq!(totals_after(engine, dir.path()).await, [Total { key: number, count: 900, last: Micros(7) }]);
    let (store, ..) = open(engine, dir.path()).await;
    let seen = store.list_key_addresses(id).await.unwrap();
    assert_eq!((seen.len(), seen.iter().map(|seen| seen.count).sum::<u64>()), (900, 900));
}

async fn old_statistics_are_forgotten_and_totals_stay(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, told) = open(engine, dir.path()).await;
    let (ids, numbers) = add_keys::<3>(store.as_ref(), &told).await;
    for hour in 0..2000 {
        let uses = numbers.map(|key| one_use(key, 7));
        log.append(Micros(hour * Micros::HOUR), &uses).await.unwrap();
    }
    fold(log.as_mut(), async || {}).await;
    let starts = SpanStarts { today: 0, days_7: 1500, days_30: 0 };
    for second in 0..200 {
        log.begin_maintenance(Micros(2000 * Micros::HOUR), Some(500)).unwrap();
        let mut steps = 0;
        while log.has_work() {
            log.maintain().await.unwrap();
            steps += 1;
        }
        assert!(steps < 50, "a little in each second: {steps} steps in second {second}");
    }
    for id in ids {
        let counts = store.count_key_uses(id, starts).await.unwrap();
        assert_eq!(counts.accepted, [500, 500, 500]);
    }
    let users = [UserNumber(numbers[0].0), UserNumber(numbers[2].0)];
    let all = store.count_pieces(&users, &[0, 1500, 2000]).await.unwrap();
    assert_eq!(all.iter().map(|piece| piece.accepted).collect::<Vec<_>>(), [0, 1000]);
    log.close().await.unwrap();
    store.close().await;
    drop(log);
    let totals = totals_after(engine, dir.path()).await;
    assert_eq!(totals.iter().map(|total| total.count).collect::<Vec<_>>(), [2000, 2000, 2000]);
}

/// Charts are made of pieces of time: at every step of a fold each use stands in one of them, once.
async fn pieces_of_time_add_up_at_every_moment(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, told) = open(engine, dir.path()).await;
    let (ids, numbers) = add_keys::<2>(store.as_ref(), &told).await;
    let users = numbers.map(|key| UserNumber(key.0));
    // Before all pieces, in the first, twice in the second, behind all.
    for (hour, key) in [(9, 0), (10, 0), (12, 0), (13, 1), (15, 0), (20, 0)] {
        log.append(Micros(Micros::HOUR * hour), &[one_use(numbers[key], 7)]).await.unwrap();
    }
    let refusal = |hour, code| Refusal { key: numbers[1], user: users[1], hour, code };
    log.refuse(&[(refusal(11, Code::IpNotAllowed), 5), (refusal(11, Code::Expired), 1)]).await.unwrap();
    let edges = [10, 12, 15, 20];
    let pair =
        |counts: &[PieceCounts]| -> Vec<_> { counts.iter().map(|c| (c.accepted, c.refused)).collect() };
    let look = async || {
        let all = store.count_pieces(&users, &edges).await.unwrap();
        assert_eq!(pair(&all), [(1, 6), (2, 0), (1, 0)]);
        assert_eq!(pair(&store.count_pieces(&users[..1], &edges).await.unwrap()), [(1, 0), (1, 0), (1, 0)]);
        let asked = [ids[1], KeyId::generate(), ids[0]];
        let of_keys = store.count_key_pieces(&asked, &edges).await.unwrap();
        let of_keys: Vec<_> = of_keys.iter().map(|counts| pair(counts)).collect();
        let expected = [[(0, 6), (1, 0), (0, 0)], [(0, 0); 3], [(1, 0), (1, 0), (1, 0)]];
        assert_eq!(of_keys, expected, "in the order of the question");
    };
    look().await;
    fold(log.as_mut(), look).await;
    assert_eq!(store.count_pieces(&[], &edges).await.unwrap(), [PieceCounts::default(); 3]);
    assert_eq!(store.count_key_pieces(&[], &edges).await.unwrap().len(), 0);
    assert_eq!(store.count_pieces(&users, &[]).await.unwrap().len(), 0);
}

for_each_engine!(
    usage_adds_up_at_every_moment,
    pieces_of_time_add_up_at_every_moment,
    a_key_keeps_a_thousand_addresses_the_latest_ones,
    a_key_with_many_addresses_is_folded_in_parts_that_add_up,
    old_statistics_are_forgotten_and_totals_stay
);
