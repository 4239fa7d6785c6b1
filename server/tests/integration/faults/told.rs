//! What a customer was told, and the comparison with what a server knows after a fault.

use super::counts::Counts;
use super::model::{Model, address};
use crate::binary::{Client, Server};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// How old a refusal is that has to be on disk: the second that is promised, and half of one for a busy machine.
const REFUSAL_AGE: Duration = Duration::from_millis(1500);
/// The most that counts of the time between two answers: the machine may have stood still in it.
const PAUSE: Duration = Duration::from_millis(100);

/// The latest sessions of a customer, which no cap has ended; more may have begun unanswered.
const SURE_SESSIONS: usize = domain::session::SESSIONS_KEPT as usize / 2;

/// One thing that a customer asks for; keys and sessions by their place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    LogIn,
    LogOut(usize),
    Generate,
    Use(usize, u8),
    Add(usize, u8),
    Remove(usize, u8),
    Release(usize),
    Delete(usize),
}

/// What it is answered.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Session {
        cookie: String,
    },
    Key {
        id: String,
        token: String,
    },
    /// The code of a verdict, nothing for VALID.
    Code(String),
    Done(bool),
}

pub(crate) struct ToldKey {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) model: Model,
    /// What it also may be, as nobody answered the last change.
    perhaps: Option<Model>,
    pub(super) valid: u64,
    pub(super) asked: u64,
    /// When by [`Told::worked`].
    pub(super) refused: Vec<Duration>,
}

pub(crate) struct ToldSession {
    pub(crate) cookie: String,
    /// Nothing, if it was being ended when nobody answered.
    pub(crate) alive: Option<bool>,
}

/// Everything that one customer knows.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) keys: Vec<ToldKey>,
    pub(crate) sessions: Vec<ToldSession>,
    /// How long the server was seen at work, and when it answered last.
    worked: Duration,
    answered: Option<Instant>,
    /// Lines of the audit log by action: at least, at most.
    audit: BTreeMap<&'static str, (u64, u64)>,
}

/// What has to hold of the counts; states hold always.
#[derive(Clone, Copy)]
pub(crate) struct Promise {
    /// Every accepted use that was answered is counted.
    pub(crate) uses: bool,
    /// Refusals are that were answered some time before the fault.
    pub(crate) refusals: bool,
}

fn audited(asked: Asked) -> Option<&'static str> {
    Some(match asked {
        Asked::LogIn => "login",
        Asked::LogOut(_) => "logout",
        Asked::Generate => "key_generated",
        Asked::Add(..) => "address_added",
        Asked::Remove(..) => "address_removed",
        Asked::Release(_) => "lock_released",
        Asked::Delete(_) => "key_deleted",
        Asked::Use(..) => return None,
    })
}

/// Makes the change; answers what the customer should be told.
fn apply(model: &mut Model, asked: Asked) -> Answer {
    match asked {
        Asked::Use(_, from) => Answer::Code(model.use_from(from).to_owned()),
        Asked::Add(_, which) => Answer::Done(model.add(which)),
        Asked::Remove(_, which) => Answer::Done(model.remove(which)),
        Asked::Release(_) => Answer::Done(model.release()),
        Asked::Delete(_) => Answer::Done(model.delete()),
        Asked::LogIn | Asked::LogOut(_) | Asked::Generate => unreachable!("not about a key"),
    }
}

fn key_of(asked: Asked) -> Option<usize> {
    match asked {
        Asked::Use(key, _)
        | Asked::Add(key, _)
        | Asked::Remove(key, _)
        | Asked::Release(key)
        | Asked::Delete(key) => Some(key),
        Asked::LogIn | Asked::LogOut(_) | Asked::Generate => None,
    }
}

impl Told {
    /// It asks, and nobody knows yet what comes of it.
    pub(crate) fn ask(&mut self, asked: Asked) {
        if let Some(action) = audited(asked) {
            self.audit.entry(action).or_default().1 += 1;
        }
        if let Asked::LogOut(session) = asked {
            self.sessions[session].alive = None;
        }
        if let Some(key) = key_of(asked) {
            let key = &mut self.keys[key];
            let mut changed = key.model.clone();
            apply(&mut changed, asked);
            key.perhaps = Some(changed);
            key.asked += u64::from(matches!(asked, Asked::Use(..)));
        }
    }

    /// It is answered, and the answer is the right one.
    pub(crate) fn hear(&mut self, asked: Asked, answer: &Answer, at: Instant) {
        self.worked += self.answered.map_or(PAUSE, |last| (at - last).min(PAUSE));
        self.answered = Some(at);
        let mut done = true;
        match (asked, answer) {
            (Asked::LogIn, Answer::Session { cookie }) => {
                self.sessions.push(ToldSession { cookie: cookie.clone(), alive: Some(true) });
                // The oldest ones end where there are too many.
                let alive = self.sessions.iter_mut().rev().filter(|session| session.alive == Some(true));
                alive.skip(SURE_SESSIONS).for_each(|session| session.alive = None);
            }
            (Asked::LogOut(session), Answer::Done(true)) => self.sessions[session].alive = Some(false),
            (Asked::Generate, Answer::Key { id, token }) => self.keys.push(ToldKey {
                id: id.clone(),
                token: token.clone(),
                model: Model::default(),
                perhaps: None,
                valid: 0,
                asked: 0,
                refused: vec![],
            }),
            (asked, answer) => done = self.hear_of_key(asked, answer),
        }
        if let Some(action) = audited(asked).filter(|_| done) {
            self.audit.entry(action).or_default().0 += 1;
        }
    }

    fn hear_of_key(&mut self, asked: Asked, answer: &Answer) -> bool {
        let key = &mut self.keys[key_of(asked).unwrap()];
        // Where there is no lock to release, nothing is changed, and nothing is written.
        let changes = !matches!(asked, Asked::Release(_)) || key.model.locked.is_some();
        let expected = apply(&mut key.model, asked);
        key.perhaps = None;
        match (answer, &expected) {
            (Answer::Code(code), Answer::Code(expected)) => {
                assert_eq!(code, expected, "{asked:?} of {}", key.id);
                if code.is_empty() {
                    key.valid += 1;
                } else {
                    key.refused.push(self.worked);
                }
                true
            }
            (Answer::Done(done), Answer::Done(expected)) => {
                assert_eq!(done, expected, "{asked:?} of {}", key.id);
                *done && changes
            }
            other => panic!("{asked:?} answered by {other:?}"),
        }
    }

    /// Accepted uses that were answered.
    pub(crate) fn valid(&self) -> u64 {
        self.keys.iter().map(|k| k.valid).sum()
    }

    /// Compares with a server that was started after the fault; from then on, what it shows is known.
    pub(crate) fn check(&mut self, name: &str, server: &Server, dir: &Path, promise: Promise) {
        let mut client = Client::connect(server.address);
        for session in &mut self.sessions {
            let answer = client.get(&session.cookie, "/portal/list_keys?page=1").unwrap().status == 200;
            assert_eq!(answer, session.alive.unwrap_or(answer), "session of {name}");
            session.alive = Some(answer);
        }
        let cookie = self.session(&mut client, name);
        let (counts, worked) = (Counts::open(dir), self.worked);
        for key in &mut self.keys {
            let found = find(&mut client, &cookie, &key.id);
            let known = [Some(&key.model), key.perhaps.as_ref()];
            let fits = known.into_iter().flatten().find(|m| seen(m) == seen(&found));
            assert!(fits.is_some(), "{}: {found:?}, told {known:?}", key.id);
            key.model = found;
            key.perhaps = None;
            // What is not due may be lost, and is not asked for after a later fault either.
            key.refused.retain(|at| promise.refusals && *at + REFUSAL_AGE < worked);
            counts.check(key, promise);
        }
        for (action, (told, asked)) in &self.audit {
            let lines = counts.audit(name, action);
            assert!((*told..=*asked).contains(&lines), "{name} {action}: {told} <= {lines} <= {asked}");
        }
    }

    /// The cookie of a session that lives; where none is left, it logs in.
    fn session(&mut self, client: &mut Client, name: &str) -> String {
        if let Some(session) = self.sessions.iter().find(|s| s.alive == Some(true)) {
            return session.cookie.clone();
        }
        self.ask(Asked::LogIn);
        let cookie = client.log_in(name);
        self.hear(Asked::LogIn, &Answer::Session { cookie: cookie.clone() }, Instant::now());
        cookie
    }
}

/// Nothing can be seen of what a deleted key once was.
fn seen(model: &Model) -> Model {
    if model.deleted { Model { deleted: true, ..Model::default() } } else { model.clone() }
}

/// A key as its page shows it.
fn find(client: &mut Client, cookie: &str, id: &str) -> Model {
    let reply = client.get(cookie, &format!("/portal/find_key?id={id}")).unwrap();
    if reply.status == 404 {
        return Model { deleted: true, ..Model::default() };
    }
    assert_eq!(reply.status, 200, "{}", reply.body);
    let json: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    let number = |value: &serde_json::Value| {
        let text = value.as_str()?;
        (0..10).find(|last| text == address(*last))
    };
    let listed = json["key"]["allow_list"].as_array().unwrap().iter().map(|entry| number(entry).unwrap());
    Model { locked: number(&json["key"]["row"]["locked_ip"]), listed: listed.collect(), deleted: false }
}
