//! The life of one key in any order, against a model.

use crate::app::{Key, TestApp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Step {
    Use(u8),
    Add(u8),
    Remove(u8),
    Release,
    Delete,
    Restart,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_u8..4).prop_map(Step::Use),
        3 => (0_u8..4).prop_map(Step::Add),
        2 => (0_u8..4).prop_map(Step::Remove),
        2 => Just(Step::Release),
        1 => Just(Step::Delete),
        1 => Just(Step::Restart),
    ]
}

/// What the key should be, as plain as can be.
#[derive(Default)]
struct Model {
    locked: Option<u8>,
    listed: BTreeSet<u8>,
    uses: u64,
    deleted: bool,
}

impl Model {
    fn use_from(&mut self, address: u8) -> &'static str {
        if self.deleted {
            return "DELETED";
        }
        let listed = self.listed.contains(&address);
        match self.locked {
            Some(locked) if locked != address && !listed => return "IP_NOT_ALLOWED",
            None if !self.listed.is_empty() && !listed => return "IP_NOT_ALLOWED",
            None => self.locked = Some(address),
            Some(_) => {}
        }
        self.uses += 1;
        ""
    }
}

fn address(last: u8) -> String {
    format!("203.0.113.{last}")
}

async fn live(steps: Vec<Step>) {
    let mut app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "default").await;
    let mut model = Model::default();
    for step in steps {
        if let Step::Restart = step {
            app = app.restart().await;
            continue;
        }
        take(&app, &key, &mut model, step).await;
    }
    if !model.deleted {
        let row = app.browser("demouser").await.row(&key.id).await;
        assert_eq!(row[5], model.uses.to_string());
        assert_eq!(row[6], model.locked.map(address).unwrap_or_default());
    }
}

async fn take(app: &TestApp, key: &Key, model: &mut Model, step: Step) {
    let browser = app.browser("demouser").await;
    let done = match step {
        Step::Use(from) => {
            let answer = app.authz(&key.token, &address(from)).await;
            assert_eq!(answer.code(), model.use_from(from));
            return;
        }
        Step::Add(which) => {
            let done = !model.deleted && model.listed.insert(which);
            let answer = browser.act(&key.id, "authorise_address", &[("address", &address(which))]).await;
            (answer, done)
        }
        Step::Remove(which) => {
            let done = !model.deleted && model.listed.remove(&which);
            let answer = browser.act(&key.id, "remove_address", &[("address", &address(which))]).await;
            (answer, done)
        }
        Step::Release => {
            model.locked = model.locked.filter(|_| model.deleted);
            (browser.act(&key.id, "release_lock", &[]).await, !model.deleted)
        }
        Step::Delete => {
            let done = !std::mem::replace(&mut model.deleted, true);
            (browser.delete(&key.id).await, done)
        }
        Step::Restart => unreachable!("handled by the caller"),
    };
    assert_eq!(done.0.status == http::StatusCode::SEE_OTHER, done.1, "{}", done.0.body);
}

#[test]
fn any_order_of_steps_agrees_with_the_model() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let steps = prop::collection::vec(any_step(), 1..25);
    runner
        .run(&steps, |steps| {
            runtime.block_on(live(steps));
            Ok(())
        })
        .unwrap();
}
