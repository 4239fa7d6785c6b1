//! Rows that no version wrote: set aside, so that nothing waits for them.

use super::{add, app_with_owner, press, to_the_present};
use crate::app::TestClock;
use crate::patience::wait_beside;
use crate::receiver::{Receiver, TAKEN};
use contract::Cause;
use domain::time::{Clock, Micros, Steady};
use latchkey::webhooks::Deliverer;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;

/// What of each delivery is damaged.
const DAMAGES: [&str; 3] = ["message_id = message_id || char(10) || 'x'", "cause = 99", "status = 99999999"];

#[tokio::test]
async fn a_damaged_delivery_holds_no_other_up() {
    let app = app_with_owner().await;
    to_the_present(&app);
    let browser = app.browser("demo").await;
    let receiver = Receiver::start(TAKEN);
    let (path, _) = add(&browser, &receiver.url()).await;
    let database = Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    for damage in DAMAGES {
        app.tell(app.user("demo").await.number, Cause::KeyDeleted, None, 1).await;
        database
            .execute(&format!("UPDATE webhook_deliveries SET {damage} WHERE tried_at IS NULL"), [])
            .unwrap();
        app.tell(app.user("demo").await.number, Cause::KeyGenerated, None, 1).await;
        app.clock.advance(3600);
        assert_eq!(app.services.deliverer.deliver_due().await, 1, "{damage}");
        let arrived = receiver.take();
        assert_eq!(arrived.len(), 1, "{damage}");
        assert!(arrived[0].body.contains("notice.key_generated"), "{}", arrived[0].body);
        assert_eq!(app.services.deliverer.deliver_due().await, 0, "{damage}");
        assert_eq!(browser.get(&path).await.status, http::StatusCode::OK, "its page can be read");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_damaged_webhook_is_switched_off_and_holds_no_other_up() {
    let app = app_with_owner().await;
    to_the_present(&app);
    let browser = app.browser("demo").await;
    let receiver = Receiver::start(TAKEN);
    for _ in 0..2 {
        add(&browser, &receiver.url()).await;
    }
    let database = Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    database.execute("UPDATE webhooks SET causes = causes + 4294967296 WHERE no = 1", []).unwrap();
    app.tell(app.user("demo").await.number, Cause::KeyDeleted, None, 1).await;
    app.clock.advance(3600);
    assert_eq!(app.services.deliverer.deliver_due().await, 1);
    assert_eq!(receiver.take().len(), 1);
    let off: bool = database
        .query_row("SELECT disabled_at IS NOT NULL FROM webhooks WHERE no = 1", [], |r| r.get(0))
        .unwrap();
    assert!(off);
    app.stop().await;
}

/// A clock that panics in tasks, which make the attempts; what is due is looked for outside of them.
struct FailsInTasks {
    clock: Arc<TestClock>,
    has_failed: AtomicBool,
}

impl Clock for FailsInTasks {
    fn now(&self) -> Micros {
        if tokio::task::try_id().is_some() {
            self.has_failed.store(true, Ordering::SeqCst);
            panic!("a fault");
        }
        self.clock.now()
    }

    fn steady(&self) -> Steady {
        self.clock.steady()
    }
}

#[tokio::test]
async fn an_attempt_that_panics_gives_its_claim_back() {
    let app = app_with_owner().await;
    to_the_present(&app);
    let browser = app.browser("demo").await;
    let receiver = Receiver::start(TAKEN);
    let (path, _) = add(&browser, &receiver.url()).await;
    press(&browser, &path, "test_webhook").await;
    let clock = Arc::new(FailsInTasks { clock: Arc::clone(&app.clock), has_failed: AtomicBool::new(false) });
    let deliverer = Deliverer { clock: clock.clone(), ..app.services.deliverer.clone() };
    let stop = CancellationToken::new();
    // The clock stands still, so the claim does not run out.
    let sent = async {
        wait_beside("the delivery is due again", async || {
            clock.has_failed.load(Ordering::SeqCst) && app.services.deliverer.deliver_due().await == 1
        })
        .await;
        stop.cancel();
    };
    tokio::join!(deliverer.run(stop.clone()), sent);
    assert_eq!(receiver.take().len(), 1);
    app.stop().await;
}
