//! A customer that does one thing after another, and remembers it.

use super::model::address;
use super::told::{Answer, Asked, Told};
use crate::binary::{Client, PASSWORD};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::io;
use std::net::SocketAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Keys that are used and changed; older ones only have to be kept.
const AT_HAND: usize = 4;
/// Sessions that it keeps open: fewer than a user may have, as those of which it never heard count too.
const SESSIONS: usize = 8;
/// Changes that it makes without a pause: fewer than a user may make at once.
const CHANGES: usize = 250;
/// Addresses that keys are used from.
const ADDRESSES: u8 = 4;

/// One question, and where its answer is found in a trace of the server: the nth on that port.
pub(crate) struct Event {
    pub(crate) asked: Asked,
    pub(crate) answer: Option<Answer>,
    pub(crate) port: u16,
    pub(crate) nth: usize,
    /// When it was asked and answered, in microseconds by the time of day.
    pub(crate) times: (i64, i64),
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros().try_into().unwrap()
}

pub(crate) struct Customer {
    pub(crate) name: String,
    pub(crate) told: Told,
    pub(crate) history: Vec<Event>,
    random: StdRng,
}

impl Customer {
    pub(crate) fn new(name: String, seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self { name, told: Told::default(), history: Vec::new(), random }
    }

    /// Goes on until the connection dies or `more` says so.
    pub(crate) fn live(&mut self, server: SocketAddr, mut more: impl FnMut() -> bool) {
        let Ok(mut client) = Client::try_connect(server) else { return };
        let port = client.port();
        let mut changes = 0;
        for nth in 0.. {
            if !more() {
                return;
            }
            let asked = self.choose(&mut changes);
            self.told.ask(asked);
            let begun = now();
            let answer = self.carry_out(&mut client, asked).ok();
            if let Some(answer) = &answer {
                self.told.hear(asked, answer, Instant::now());
            }
            let died = answer.is_none();
            self.history.push(Event { asked, answer, port, nth, times: (begun, now()) });
            if died {
                return;
            }
        }
    }

    fn choose(&mut self, changes: &mut usize) -> Asked {
        let session = self.told.sessions.iter().position(|s| s.alive == Some(true));
        let Some(session) = session else { return Asked::LogIn };
        let keys = self.told.keys.len();
        if keys < 2 {
            return Asked::Generate;
        }
        let alive = self.told.sessions.iter().filter(|s| s.alive == Some(true)).count();
        let key = self.random.random_range(keys.saturating_sub(AT_HAND)..keys);
        let from = self.random.random_range(0..ADDRESSES);
        let asked = match self.random.random_range(0..100) {
            0..60 => Asked::Use(key, from),
            60..72 => Asked::Add(key, from),
            72..81 => Asked::Remove(key, from),
            81..88 => Asked::Release(key),
            88..91 => Asked::Delete(key),
            91..97 => Asked::Generate,
            97 => Asked::LogOut(session),
            _ if alive >= SESSIONS => Asked::LogOut(session),
            _ => Asked::LogIn,
        };
        if let Asked::Add(..) | Asked::Remove(..) | Asked::Release(_) | Asked::Generate = asked {
            *changes += 1;
            if *changes > CHANGES {
                return Asked::Use(key, from);
            }
        }
        asked
    }

    fn carry_out(&self, client: &mut Client, asked: Asked) -> io::Result<Answer> {
        let id = |key: usize| ("id", self.told.keys[key].id.as_str());
        match asked {
            Asked::LogIn => {
                let body = [("username", self.name.as_str()), ("password", PASSWORD)];
                let cookie = client.try_log_in(&serde_urlencoded::to_string(body).unwrap())?;
                Ok(Answer::Session { cookie })
            }
            Asked::LogOut(session) => self.call(client, &self.told.sessions[session].cookie, "log_out", &[]),
            Asked::Generate => {
                let fields = [("description", "a key"), ("key_type", "default")];
                let reply = client.try_call(self.cookie(), "generate_key", &fields)?;
                assert_eq!(reply.status, 200, "{}", reply.body);
                let json: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
                let text = |name: &str| json[name].as_str().unwrap().to_owned();
                Ok(Answer::Key { id: text("id"), token: text("token") })
            }
            Asked::Use(key, from) => {
                let reply = client.verify(&self.told.keys[key].token, &address(from))?;
                Ok(Answer::Code(reply.header("x-latchkey-code").unwrap_or_default().to_owned()))
            }
            Asked::Add(key, which) => {
                let fields = [id(key), ("address", &address(which))];
                self.call(client, self.cookie(), "authorise_address", &fields)
            }
            Asked::Remove(key, which) => {
                let fields = [id(key), ("address", &address(which))];
                self.call(client, self.cookie(), "remove_address", &fields)
            }
            Asked::Release(key) => self.call(client, self.cookie(), "release_lock", &[id(key)]),
            Asked::Delete(key) => self.call(client, self.cookie(), "delete_key", &[id(key)]),
        }
    }

    fn cookie(&self) -> &str {
        let alive = self.told.sessions.iter().find(|s| s.alive == Some(true));
        &alive.expect("a session was begun first").cookie
    }

    fn call(
        &self,
        client: &mut Client,
        cookie: &str,
        name: &str,
        fields: &[(&str, &str)],
    ) -> io::Result<Answer> {
        let reply = client.try_call(cookie, name, fields)?;
        assert!(matches!(reply.status, 200 | 404 | 422), "{} {}", reply.head, reply.body);
        Ok(Answer::Done(reply.status == 200))
    }
}
