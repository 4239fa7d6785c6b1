//! Counts and statistics.

use super::engines::{Engine, for_each_engine};
use super::*;
use contract::Code;
use domain::ids::KeyNo;
use store::{Generation, Piece, Pieces, Refusal, SpanStarts, Use, UseSums, Walk};

fn fold_all(log: &mut dyn UsageLog, generation: Generation, sums: UseSums) {
    let mut pieces = sums.into_pieces();
    loop {
        let chunk = pieces.next_chunk();
        if chunk.is_empty() {
            return;
        }
        log.fold(generation, &chunk).unwrap();
    }
}

async fn usage_adds_up_at_every_moment(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, _) = open(engine, dir.path()).await;
    let hour = Micros(Micros::HOUR * 100);
    let starts = SpanStarts { today: 100, days_7: 90, days_30: 80 };
    let a = Use { key: KeyNo(1), user: UserNo(1), address: address("203.0.113.7") };
    let b = Use { key: KeyNo(2), user: UserNo(2), address: address("2001:db8::1") };
    let counts = |users: Vec<UserNo>| {
        let store = store.clone();
        async move { store.count_uses(&users, starts).await.unwrap().accepted[0] }
    };
    log.append(Generation(1), hour, &[a, b, a]).unwrap();
    log.append(Generation(1), Micros(hour.0 + 1), &[a]).unwrap();
    assert_eq!((counts(vec![UserNo(1)]).await, counts(vec![UserNo(1), UserNo(2)]).await), (3, 4));
    let mut sums = UseSums::default();
    [(a, hour), (b, hour), (a, hour), (a, Micros(hour.0 + 1))]
        .iter()
        .for_each(|(one, at)| sums.add(*one, *at));
    let sums = sums.into_sorted();
    assert_eq!(log.unfolded().unwrap(), [(Generation(1), sums.clone())]);
    // Half folded, and uses of the next generation in between.
    log.append(Generation(2), hour, &[a]).unwrap();
    let pieces: Vec<_> = sums.iter().cloned().map(Piece::Key).collect();
    log.fold(Generation(1), &pieces[..1]).unwrap();
    assert_eq!((counts(vec![UserNo(1)]).await, counts(vec![UserNo(2)]).await), (4, 1));
    assert_eq!(store.count_key_uses(KeyNo(1), starts).await.unwrap().accepted, [4, 4, 4]);
    assert_eq!(log.unfolded().unwrap()[0], (Generation(1), sums[1..].to_vec()), "what is folded counts once");
    log.fold(Generation(1), &pieces[1..]).unwrap();
    assert_eq!(counts(vec![UserNo(1), UserNo(2)]).await, 5);
    while log.drop_generation(Generation(1)).unwrap() {}
    assert_eq!(counts(vec![UserNo(1), UserNo(2)]).await, 5);
    assert_eq!(log.unfolded().unwrap().len(), 1);
    let mut totals = vec![];
    log.totals(&mut |t| totals.push((t.key.0, t.count, t.last.0 - hour.0))).unwrap();
    assert_eq!(totals, [(1, 3, 1), (2, 1, 0)]);
    let refusal = |hour, code| Refusal { key: KeyNo(1), user: UserNo(1), hour, code };
    let refusals = [(refusal(100, Code::IpNotAllowed), 5), (refusal(85, Code::Deleted), 2)];
    log.refuse(&refusals).unwrap();
    log.refuse(&refusals).unwrap();
    assert_eq!(store.count_uses(&[UserNo(1)], starts).await.unwrap().refused, [10, 10, 14]);
    assert_eq!(store.count_key_uses(KeyNo(1), starts).await.unwrap().refused, [10, 10, 14]);
    log.checkpoint().unwrap();
}

async fn a_key_keeps_a_thousand_addresses_the_latest_ones(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, _) = open(engine, dir.path()).await;
    for (generation, from) in [(1_u32, 0_u32), (2, 700)] {
        let mut sums = UseSums::default();
        for n in from..from + 800 {
            let address = Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + n).into());
            sums.add(Use { key: KeyNo(1), user: UserNo(1), address }, Micros(i64::from(n + 1)));
        }
        fold_all(log.as_mut(), Generation(generation.into()), sums);
    }
    let kept = store.list_key_addresses(KeyNo(1)).await.unwrap();
    let kept = (
        kept.len(),
        kept.iter().map(|seen| seen.last.0).min().unwrap(),
        kept.iter().map(|seen| seen.count).sum::<u64>(),
    );
    assert_eq!(kept, (1000, 501, 1100), "the oldest made room, those seen twice were added up");
    let mut sums = UseSums::default();
    for n in 0..5000_u32 {
        let address = Address::new(std::net::Ipv4Addr::from(n).into());
        sums.add(Use { key: KeyNo(2), user: UserNo(1), address }, Micros(i64::from(n)));
    }
    let sums = sums.into_sorted();
    assert_eq!((sums[0].count, sums[0].addresses.len()), (5000, 1000), "not even for a moment more");
}

/// The addresses of a key are moved in parts; at every moment each use is seen once, and what a crash leaves in
/// the middle is folded once.
async fn a_key_with_many_addresses_is_folded_in_parts_that_add_up(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, _) = open(engine, dir.path()).await;
    let uses: Vec<_> = (0..900_u32)
        .map(|n| {
            let address = Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + n).into());
            Use { key: KeyNo(1), user: UserNo(1), address }
        })
        .collect();
    log.append(Generation(1), Micros(7), &uses).unwrap();
    let mut sums = UseSums::default();
    uses.iter().for_each(|one| sums.add(*one, Micros(7)));
    let starts = SpanStarts { today: 0, days_7: 0, days_30: 0 };
    let (mut pieces, mut chunks) = (sums.into_pieces(), 0);
    loop {
        let seen = store.list_key_addresses(KeyNo(1)).await.unwrap();
        assert_eq!(
            (seen.len(), seen.iter().map(|a| a.count).sum::<u64>()),
            (900, 900),
            "after {chunks} parts"
        );
        let counts = store.count_key_uses(KeyNo(1), starts).await.unwrap();
        assert_eq!(counts.accepted, [900; 3], "after {chunks} parts");
        let left: usize = log.unfolded().unwrap()[0].1.iter().map(|sum| sum.addresses.len()).sum();
        assert!(left <= 900 - chunks * 256 || left == 0, "{left} after {chunks} parts");
        if chunks == 2 {
            break;
        }
        log.fold(Generation(1), &pieces.next_chunk()).unwrap();
        chunks += 1;
    }
    // The process died here.
    let left = log.unfolded().unwrap();
    assert_eq!(left[0].1[0].count, 900, "the key itself is not folded");
    let mut pieces = Pieces::from(left.into_iter().next().unwrap().1);
    loop {
        let chunk = pieces.next_chunk();
        if chunk.is_empty() {
            break;
        }
        log.fold(Generation(1), &chunk).unwrap();
    }
    assert!(log.unfolded().unwrap()[0].1.is_empty());
    while log.drop_generation(Generation(1)).unwrap() {}
    let seen = store.list_key_addresses(KeyNo(1)).await.unwrap();
    assert_eq!((seen.len(), seen.iter().map(|a| a.count).sum::<u64>()), (900, 900));
    let mut totals = vec![];
    log.totals(&mut |total| totals.push(total.count)).unwrap();
    assert_eq!(totals, [900]);
}

async fn old_statistics_are_forgotten_and_totals_stay(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, _) = open(engine, dir.path()).await;
    let hours = |n: i64| Micros(n * Micros::HOUR);
    for key in 1..=3 {
        let mut sums = UseSums::default();
        for hour in 0..2000 {
            let one = Use { key: KeyNo(key), user: UserNo(key), address: address("203.0.113.7") };
            sums.add(one, hours(hour));
        }
        fold_all(log.as_mut(), Generation(1), sums);
    }
    let (mut from, mut steps) = (Some(Walk::START), 0);
    while let Some(walk) = from {
        from = log.forget(1500, walk).unwrap();
        steps += 1;
    }
    assert!(steps > 2, "in small steps: {steps}");
    let starts = SpanStarts { today: 0, days_7: 1500, days_30: 0 };
    for key in 1..=3 {
        let counts = store.count_key_uses(KeyNo(key), starts).await.unwrap();
        assert_eq!(counts.accepted, [500, 500, 500]);
    }
    let all = store.count_uses(&[UserNo(1), UserNo(3)], starts).await.unwrap();
    assert_eq!(all.accepted, [1000, 1000, 1000]);
    let mut totals = vec![];
    log.totals(&mut |total| totals.push(total.count)).unwrap();
    assert_eq!(totals, [2000, 2000, 2000]);
}

for_each_engine!(
    usage_adds_up_at_every_moment,
    a_key_keeps_a_thousand_addresses_the_latest_ones,
    a_key_with_many_addresses_is_folded_in_parts_that_add_up,
    old_statistics_are_forgotten_and_totals_stay
);
