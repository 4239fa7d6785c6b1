//! One key, used from several addresses while its owner changes it: every answer can be explained by some
//! order of what was going on at the same time.

use super::model::{Model, address as text};
use super::rounds;
use crate::app::TestApp;
use contract::Code;
use contract::Refusal;
use domain::address::Address;
use futures::future::join_all;
use latchkey::services::Services;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use service::accounts::Actor;
use service::accounts::{SessionToken, Visit, Visitor};
use service::keys::AskedKey;
use service::verify::{Verdict, VerificationRequest};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::SpanStarts;
use tokio::sync::Barrier;

#[derive(Clone, Copy, Debug)]
enum Step {
    Use(u8),
    Add(u8),
    Remove(u8),
    Release,
    Delete,
}

fn any_use() -> impl Strategy<Value = Step> {
    (0_u8..3).prop_map(Step::Use)
}

fn any_change() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_u8..3).prop_map(Step::Add),
        2 => (0_u8..3).prop_map(Step::Remove),
        4 => Just(Step::Release),
        1 => Just(Step::Delete),
    ]
}

/// What several do at the same time, each one thing after another.
fn any_plan() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let uses = prop::collection::vec(prop::collection::vec(any_use(), 1..4), 2..5);
    let changes = prop::collection::vec(prop::collection::vec(any_change(), 1..4), 1..3);
    (uses, changes).prop_map(|(uses, changes)| uses.into_iter().chain(changes).collect())
}

/// A step that was taken, and when it began and ended by one common count.
#[derive(Clone, Debug)]
struct Taken {
    step: Step,
    begun: u64,
    ended: u64,
    /// The code of a verdict, or whether a change was done.
    answer: String,
    /// The count that came with an accepted use.
    times_used: Option<u64>,
}

/// A state in which the search has been: what is done, and the key.
type Place = (u64, Model);

/// Whether some order explains all answers. A use that may pass and finds no first address may bind at any
/// moment between its begin and its end, and is judged at another one.
fn is_explained(history: &[Taken], done: u64, model: &Model, seen: &mut HashSet<Place>) -> bool {
    if done.count_ones() as usize == history.len() {
        return true;
    }
    if !seen.insert((done, model.clone())) {
        return false;
    }
    let is_open = |n: usize| done & (1 << n) == 0;
    // Nothing may be passed over that had ended before it began.
    let first_end = (0..history.len()).filter(|n| is_open(*n)).map(|n| history[n].ended).min().unwrap();
    let now: Vec<_> = (0..history.len()).filter(|n| is_open(*n) && history[*n].begun < first_end).collect();
    now.into_iter().any(|n| {
        let after = match history[n].step {
            Step::Use(from) => {
                let mut bound = model.clone();
                if model.judge(from).is_empty() && model.locked.is_none() {
                    bound.bind(from);
                    if is_explained(history, done, &bound, seen) {
                        return true;
                    }
                }
                let fits = model.judge(from) == history[n].answer
                    && (model.locked.is_some() || !history[n].answer.is_empty());
                fits.then(|| model.clone())
            }
            step => {
                let mut changed = model.clone();
                let is_done = change(&mut changed, step);
                (history[n].answer == is_done.to_string()).then_some(changed)
            }
        };
        after.is_some_and(|after| is_explained(history, done | 1 << n, &after, seen))
    })
}

fn change(model: &mut Model, step: Step) -> bool {
    match step {
        Step::Add(which) => model.add(which),
        Step::Remove(which) => model.remove(which),
        Step::Release => model.release(),
        Step::Delete => model.delete(),
        Step::Use(_) => unreachable!("a use changes in its own way"),
    }
}

/// The key, and all that its users and its owner work with.
struct Scene {
    services: Arc<Services>,
    owner: Actor,
    id: String,
    token: String,
    count: AtomicU64,
}

impl Scene {
    /// A fresh key.
    async fn set(services: Arc<Services>, owner: Actor) -> Self {
        let generated = services
            .use_cases
            .keys
            .generate_key(owner.may_manage().unwrap(), AskedKey::plain("together", "default"), &|_| Ok(None))
            .await
            .unwrap();
        let (id, token) = (generated.key.row.id.to_string(), generated.token.expose().to_owned());
        Self { services, owner, id, token, count: AtomicU64::new(0) }
    }

    async fn take(&self, step: Step) -> Taken {
        let begun = self.count.fetch_add(1, Ordering::SeqCst);
        let (answer, times_used) = match step {
            Step::Use(from) => self.verify(from).await,
            step => (self.change(step).await.to_string(), None),
        };
        let ended = self.count.fetch_add(1, Ordering::SeqCst);
        Taken { step, begun, ended, answer, times_used }
    }

    async fn ask(&self, from: u8, dry_run: bool) -> Verdict {
        let address = Address::parse(&text(from)).unwrap();
        let question = VerificationRequest { token: &self.token, username: None, address, dry_run };
        self.services.verifier.verify(question).await
    }

    async fn verify(&self, from: u8) -> (String, Option<u64>) {
        let verdict = self.ask(from, false).await;
        let code = if verdict.code == Code::Valid { "" } else { verdict.code.name() };
        (code.to_owned(), verdict.counted.map(|c| c.times_used))
    }

    async fn change(&self, step: Step) -> bool {
        let (keys, owner, id) = (&self.services.use_cases.keys, self.owner.may_manage().unwrap(), &self.id);
        let done = match step {
            Step::Add(which) => keys.authorise_address(owner, id, &text(which)).await,
            Step::Remove(which) => keys.remove_address(owner, id, &text(which)).await,
            Step::Release => keys.release_lock(owner, id).await,
            Step::Delete => keys.delete_key(owner, id).await,
            Step::Use(_) => unreachable!("a use is verified"),
        };
        match done {
            Ok(()) => true,
            Err(Refusal::Invalid(_) | Refusal::NotFound) => false,
            Err(_) => panic!("{step:?} failed"),
        }
    }

    /// Lets all begin at once; answers what was taken.
    async fn live(self: &Arc<Self>, plan: &[Vec<Step>]) -> Vec<Taken> {
        let barrier = Arc::new(Barrier::new(plan.len()));
        let all = plan.iter().map(|steps| {
            let (scene, barrier, steps) = (Arc::clone(self), Arc::clone(&barrier), steps.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                let mut taken = vec![];
                for step in steps {
                    taken.push(scene.take(step).await);
                }
                taken
            })
        });
        join_all(all).await.into_iter().flat_map(Result::unwrap).collect()
    }

    /// Every accepted use has a count of its own, in the order in which they did not overlap; and that is
    /// what is kept.
    async fn check_counts(&self, history: &[Taken]) {
        let mut accepted: Vec<_> = history.iter().filter(|t| t.times_used.is_some()).collect();
        accepted.sort_by_key(|t| t.times_used);
        let counts: Vec<_> = accepted.iter().filter_map(|t| t.times_used).collect();
        assert_eq!(counts, (1..=accepted.len() as u64).collect::<Vec<_>>(), "{history:#?}");
        for (earlier, later) in accepted.iter().zip(accepted.iter().skip(1)) {
            assert!(later.ended > earlier.begun, "{history:#?}");
        }
        let key = self.ask(0, true).await.key.unwrap();
        let starts = SpanStarts { today: 0, days_7: 0, days_30: 0 };
        let kept = self.services.store.count_key_uses(key.id, starts).await.unwrap();
        let known = self.services.verifier.facts(&key).times_used;
        assert_eq!((known, kept.accepted[0]), (counts.len() as u64, counts.len() as u64));
    }
}

async fn owner(app: &TestApp) -> Actor {
    app.add_user("demouser").await;
    let cookie = app.browser("demouser").await.cookie.lock().clone().unwrap();
    let token = SessionToken::parse(cookie.split_once('=').unwrap().1).unwrap();
    let address = Address::parse("127.0.0.1").unwrap().into();
    let visit = Visit { address, user_agent: String::new(), session: None };
    match app.services.use_cases.accounts.find_visitor(&token, &visit).await.unwrap().0 {
        Visitor::Complete(actor, _) => actor,
        _ => panic!("it is logged in"),
    }
}

#[test]
fn any_order_of_steps_at_the_same_time_can_be_explained() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let app = runtime.block_on(TestApp::start());
    let owner = runtime.block_on(owner(&app));
    let cases = rounds("TOGETHER", 200);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let (overlapping, accepted) = (AtomicU64::new(0), AtomicU64::new(0));
    runner
        .run(&any_plan(), |plan| {
            let scene = runtime.block_on(Scene::set(app.services.clone(), owner.clone()));
            let scene = Arc::new(scene);
            let history = runtime.block_on(scene.live(&plan));
            runtime.block_on(scene.check_counts(&history));
            assert!(is_explained(&history, 0, &Model::default(), &mut HashSet::new()), "{history:#?}");
            accepted.fetch_add(
                history.iter().filter(|t| t.times_used.is_some()).count() as u64,
                Ordering::SeqCst,
            );
            overlapping.fetch_add(u64::from(overlap(&history)), Ordering::SeqCst);
            Ok(())
        })
        .unwrap();
    let (overlapping, accepted) = (overlapping.into_inner(), accepted.into_inner());
    println!("{cases} lives of a key, {overlapping} with steps that overlap, {accepted} accepted uses");
    assert!(overlapping > 0 && accepted > 0, "nothing happened at the same time");
}

fn overlap(history: &[Taken]) -> bool {
    history.iter().any(|a| history.iter().any(|b| a.begun < b.begun && b.begun < a.ended))
}

#[test]
fn an_answer_that_no_order_explains_is_found() {
    let taken = |step, begun, ended, answer: &str| Taken {
        step,
        begun,
        ended,
        answer: answer.to_owned(),
        times_used: None,
    };
    let is_explained = |history: &[Taken]| is_explained(history, 0, &Model::default(), &mut HashSet::new());
    let two_firsts = |end_of_first| [taken(Step::Use(0), 0, end_of_first, ""), taken(Step::Use(1), 2, 4, "")];
    assert!(!is_explained(&two_firsts(3)), "one address wins, also at the same time");
    let with_release = |ended| {
        let [a, b] = two_firsts(1);
        [a, b, taken(Step::Release, 3, ended, "true")]
    };
    assert!(is_explained(&with_release(5)), "unless the lock is released in between");
    let late = [taken(Step::Delete, 0, 1, "true"), taken(Step::Use(0), 2, 3, "")];
    assert!(!is_explained(&late), "nothing passes after the deletion");
    let meanwhile = [taken(Step::Delete, 0, 3, "true"), taken(Step::Use(0), 1, 2, "")];
    assert!(is_explained(&meanwhile), "but before it is answered");
}
