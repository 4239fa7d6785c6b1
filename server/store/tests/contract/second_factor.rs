//! Second factors: enrolment, codes that count once, and what they permit.

use super::engines::{Engine, for_each_engine};
use super::*;
use domain::ids::SessionNumber;
use store::{Factor, NewFactor, NewSession, Renewal, SessionHash, StoreError};
use tempfile::TempDir;

fn hash(n: u8) -> SessionHash {
    SessionHash([n; 32])
}

fn code(n: u8) -> TokenHash {
    TokenHash([n; 32])
}

/// A store with one user, who has sessions 1 and 2.
struct Bench {
    _dir: TempDir,
    store: Arc<dyn Store>,
    user: UserNumber,
}

impl Bench {
    async fn open(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (store, ..) = open(engine, dir.path()).await;
        let user = store.insert_user(user("a", None), audit(1, Action::UserAdded)).await.unwrap();
        let bench = Self { _dir: dir, store, user };
        for n in [1, 2] {
            bench.begin(n, false).await.unwrap();
        }
        bench
    }

    /// A bench whose user has a factor, confirmed at step 10, and recovery codes 101 and 102; their session is 11.
    async fn with_factor(engine: Engine) -> Self {
        let bench = Self::open(engine).await;
        bench.begin_enrolment(1).await.unwrap();
        bench.confirm(1, 11).await.unwrap();
        bench
    }

    fn session(&self, n: u8, code_pending: bool) -> NewSession {
        NewSession {
            hash: hash(n),
            user: self.user,
            at: Micros(10),
            address: address("203.0.113.7").into(),
            user_agent: "ua".into(),
            code_pending,
            verified: Some("h".into()),
            replaces: None,
        }
    }

    async fn begin(&self, n: u8, code_pending: bool) -> Result<(), StoreError> {
        self.store.insert_session(self.session(n, code_pending), audit(10, Action::Login)).await
    }

    async fn number(&self, n: u8) -> SessionNumber {
        self.store.find_session(hash(n)).await.unwrap().unwrap().0.number
    }

    async fn renewal(&self, from: u8, to: u8) -> Renewal {
        Renewal { session: self.number(from).await, from: hash(from), to: hash(to) }
    }

    async fn begin_enrolment(&self, n: u8) -> Result<(), StoreError> {
        self.store.begin_enrolment(self.user, self.number(n).await, vec![n], Micros(20)).await
    }

    async fn confirm(&self, from: u8, to: u8) -> Result<(), StoreError> {
        let factor = NewFactor {
            user: self.user,
            sealed: vec![from],
            begun: Micros(20),
            step: 10,
            codes: vec![code(101), code(102)],
            kept: self.renewal(from, to).await,
        };
        self.store.confirm_enrolment(factor, audit(21, Action::TwoFactorOn)).await
    }

    async fn prove(&self, from: u8, to: u8, factor: Factor) -> Result<(), StoreError> {
        let renewal = self.renewal(from, to).await;
        self.store.prove_with_factor(renewal, self.user, factor, audit(30, Action::RecoveryCodeUsed)).await
    }

    async fn has_factor(&self) -> bool {
        self.store.find_user(&name("a")).await.unwrap().unwrap().totp.is_some()
    }
}

async fn an_enrolment_waits_in_its_session_and_a_later_one_takes_its_place(engine: Engine) {
    let bench = Bench::open(engine).await;
    let (first, second) = (bench.number(1).await, bench.number(2).await);
    let find = async |session| bench.store.find_enrolment(bench.user, session).await.unwrap();
    bench.begin_enrolment(1).await.unwrap();
    assert_eq!((find(first).await, find(second).await), (Some((vec![1], Micros(20))), None));
    bench.begin_enrolment(2).await.unwrap();
    assert_eq!((find(first).await, find(second).await), (None, Some((vec![2], Micros(20)))));
    assert_eq!(bench.confirm(1, 11).await, Err(StoreError::NotFound), "another took its place");
    bench.store.cancel_enrolment(bench.user, second).await.unwrap();
    assert_eq!(find(second).await, None);
    let ended = bench.store.begin_enrolment(bench.user, SessionNumber(99), vec![1], Micros(20)).await;
    assert_eq!(ended, Err(StoreError::SignedOut));
}

async fn a_confirmed_factor_ends_the_sessions_that_gave_no_code(engine: Engine) {
    let bench = Bench::with_factor(engine).await;
    assert!(bench.has_factor().await);
    assert!(bench.store.find_session(hash(2)).await.unwrap().is_none());
    assert!(bench.store.find_session(hash(11)).await.unwrap().is_some(), "but for the one that confirmed it");
    assert_eq!(bench.store.count_recovery_codes(bench.user).await, Ok(2));
    assert_eq!(bench.begin_enrolment(11).await, Err(StoreError::NotFound), "one is on");
    assert_eq!(bench.begin(3, false).await, Err(StoreError::NotFound), "a login has to wait for its code");
}

async fn a_step_counts_once_and_only_forward(engine: Engine) {
    let bench = Bench::with_factor(engine).await;
    assert_eq!(bench.prove(11, 12, Factor::Step(10)).await, Err(StoreError::Conflict));
    assert_eq!(bench.prove(11, 12, Factor::Step(11)).await, Ok(()));
    assert_eq!(bench.prove(12, 13, Factor::Step(11)).await, Err(StoreError::Conflict));
    assert!(bench.store.find_session(hash(12)).await.unwrap().is_some(), "what failed renewed nothing");
}

async fn a_recovery_code_counts_once(engine: Engine) {
    let bench = Bench::with_factor(engine).await;
    assert_eq!(bench.prove(11, 12, Factor::Recovery(code(9))).await, Err(StoreError::Conflict));
    assert_eq!(bench.prove(11, 12, Factor::Recovery(code(101))).await, Ok(()));
    assert_eq!(bench.prove(12, 13, Factor::Recovery(code(101))).await, Err(StoreError::Conflict));
    assert_eq!(bench.store.count_recovery_codes(bench.user).await, Ok(1));
    let renewal = bench.renewal(12, 13).await;
    let line = audit(31, Action::RecoveryCodesMade);
    let (step, codes) = (Factor::Step(12), vec![code(103), code(104), code(105)]);
    bench.store.replace_recovery_codes(bench.user, renewal, step, codes, line).await.unwrap();
    assert_eq!(bench.store.count_recovery_codes(bench.user).await, Ok(3));
    assert_eq!(bench.prove(13, 14, Factor::Recovery(code(102))).await, Err(StoreError::Conflict), "replaced");
}

async fn a_login_is_finished_by_its_code_once(engine: Engine) {
    let bench = Bench::with_factor(engine).await;
    bench.begin(3, true).await.unwrap();
    let pending = bench.number(3).await;
    let finish = async |n: u8, step| {
        let session = NewSession { verified: None, ..bench.session(n, false) };
        bench.store.finish_login(pending, session, Factor::Step(step), audit(40, Action::Login)).await
    };
    assert_eq!(finish(4, 10).await, Err(StoreError::Conflict), "the code was used");
    assert_eq!(finish(4, 11).await, Ok(()));
    assert!(bench.store.find_session(hash(3)).await.unwrap().is_none());
    assert!(!bench.store.find_session(hash(4)).await.unwrap().unwrap().0.code_pending);
    assert_eq!(finish(5, 12).await, Err(StoreError::NotFound), "it was finished");
}

async fn a_factor_that_is_off_leaves_nothing_to_wait_for(engine: Engine) {
    let bench = Bench::with_factor(engine).await;
    bench.begin(3, true).await.unwrap();
    let renewal = bench.renewal(11, 12).await;
    let line = audit(31, Action::TwoFactorOff);
    bench.store.switch_factor_off(bench.user, renewal, Factor::Step(11), line).await.unwrap();
    assert!(!bench.has_factor().await);
    assert!(bench.store.find_session(hash(3)).await.unwrap().is_none(), "it waited for a code");
    assert!(bench.store.find_session(hash(12)).await.unwrap().is_some());
    assert_eq!(bench.store.count_recovery_codes(bench.user).await, Ok(0));
}

async fn a_reset_ends_all_sessions(engine: Engine) {
    let bench = Bench::with_factor(engine).await;
    bench.store.reset_factor(bench.user, audit(31, Action::TwoFactorReset)).await.unwrap();
    assert!(!bench.has_factor().await);
    assert!(bench.store.find_session(hash(11)).await.unwrap().is_none());
}

for_each_engine!(
    an_enrolment_waits_in_its_session_and_a_later_one_takes_its_place,
    a_confirmed_factor_ends_the_sessions_that_gave_no_code,
    a_step_counts_once_and_only_forward,
    a_recovery_code_counts_once,
    a_login_is_finished_by_its_code_once,
    a_factor_that_is_off_leaves_nothing_to_wait_for,
    a_reset_ends_all_sessions
);
