//! The life of one key in any order, against a model.

use crate::app::{Key, TestApp};
use crate::faults::{Model, address};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

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

async fn live(steps: Vec<Step>) {
    let mut app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "default").await;
    let (mut model, mut uses) = (Model::default(), 0);
    for step in steps {
        if let Step::Restart = step {
            app = app.restart().await;
            continue;
        }
        uses += u64::from(take(&app, &key, &mut model, step).await);
    }
    if !model.deleted {
        let row = app.browser("demouser").await.row(&key.id).await;
        assert_eq!(row[5], uses.to_string());
        assert_eq!(row[6], model.locked.map(address).unwrap_or_default());
    }
}

/// Takes a step; answers whether it was an accepted use.
async fn take(app: &TestApp, key: &Key, model: &mut Model, step: Step) -> bool {
    let browser = app.browser("demouser").await;
    let done = match step {
        Step::Use(from) => {
            let answer = app.authz(&key.token, &address(from)).await;
            assert_eq!(answer.code(), model.use_from(from));
            return answer.code().is_empty();
        }
        Step::Add(which) => {
            let done = model.add(which);
            let answer = browser.act(&key.id, "authorise_address", &[("address", &address(which))]).await;
            (answer, done)
        }
        Step::Remove(which) => {
            let done = model.remove(which);
            let answer = browser.act(&key.id, "remove_address", &[("address", &address(which))]).await;
            (answer, done)
        }
        Step::Release => {
            let done = model.release();
            (browser.act(&key.id, "release_lock", &[]).await, done)
        }
        Step::Delete => {
            let done = model.delete();
            (browser.delete(&key.id).await, done)
        }
        Step::Restart => unreachable!("handled by the caller"),
    };
    assert_eq!(done.0.status == http::StatusCode::SEE_OTHER, done.1, "{}", done.0.body);
    false
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
