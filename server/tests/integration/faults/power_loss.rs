//! Power loss: the server's writes and syncs are recorded, the disk is rebuilt as it could be at some moment,
//! and the server is started on it. Changes that were answered are there; uses too, if they are synced.

use super::customer::Customer;
use super::disk_image::{Disk, SURVIVES};
use super::rounds;
use super::told::{Promise, Told};
use super::trace::{self, Call, Traced};
use crate::binary::{PASSWORD, Server, Start, verb_under};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

const CUSTOMERS: usize = 3;
/// Steps of each customer in each run, and a pause after each: long enough for a fold, short enough to keep.
const STEPS: usize = 220;
const PAUSE: Duration = Duration::from_millis(25);

/// What happened, by the lines of the records.
struct Recording {
    directory: PathBuf,
    calls: Vec<Traced>,
    lines: usize,
    customers: Vec<Customer>,
    /// When each user was there: the verb that added it had ended.
    added: Vec<usize>,
    /// When each event of each customer was answered.
    answered: Vec<Vec<Option<usize>>>,
}

impl Recording {
    fn take(&mut self, record: &Path) -> Vec<Traced> {
        let (calls, lines) = trace::read(record, self.lines);
        self.lines = lines;
        calls
    }

    fn begin(base: &Path) -> Self {
        let mut recording = Self {
            directory: base.join("new/data"),
            calls: vec![],
            lines: 0,
            customers: vec![],
            added: vec![],
            answered: vec![vec![]; CUSTOMERS],
        };
        let record = base.join("install");
        let server = Start { under: trace::record(&record), ..Start::default() }.run(&recording.directory);
        let process = server.id();
        drop(server.stop());
        trace::wait_for_end(&record, process);
        let calls = recording.take(&record);
        recording.calls.extend(calls);
        for number in 0..CUSTOMERS {
            let name = format!("customer{number}");
            let record = base.join(&name);
            let arguments = ["user", "add", &name, "--password-stdin"];
            let (process, added) =
                verb_under(&trace::record(&record), &recording.directory, &arguments, PASSWORD);
            assert!(added.status.success(), "{added:?}");
            trace::wait_for_end(&record, process);
            let calls = recording.take(&record);
            recording.calls.extend(calls);
            recording.added.push(recording.lines);
            recording.customers.push(Customer::new(name, number as u64));
        }
        recording
    }

    /// Lets the customers work on a server, and ends it.
    fn run(&mut self, record: &Path, durability: &str, end: fn(Server)) {
        let settings = [("LATCHKEY_USAGE_DURABILITY", durability)];
        let start = Start { settings: &settings, under: trace::record(record), ..Start::default() };
        let server = start.run(&self.directory);
        let (process, address) = (server.id(), server.address);
        thread::scope(|scope| {
            for customer in &mut self.customers {
                scope.spawn(move || {
                    let mut steps = 0..STEPS;
                    customer.live(address, || {
                        thread::sleep(PAUSE);
                        steps.next().is_some()
                    });
                });
            }
        });
        end(server);
        trace::wait_for_end(record, process);
        let calls = self.take(record);
        self.note_answers(&calls);
        self.calls.extend(calls);
    }

    fn note_answers(&mut self, calls: &[Traced]) {
        let mut sent: HashMap<u16, Vec<usize>> = HashMap::new();
        for traced in calls {
            if let Call::Send(port, bytes) = &traced.call
                && bytes.starts_with(b"HTTP/1.1 ")
            {
                sent.entry(*port).or_default().push(traced.begun);
            }
        }
        for (customer, answered) in self.customers.iter().zip(&mut self.answered) {
            for event in &customer.history[answered.len()..] {
                answered.push(sent.get(&event.port).and_then(|lines| lines.get(event.nth)).copied());
            }
        }
    }

    /// What a customer had been told when the power went.
    fn told(&self, customer: usize, cut: usize) -> Told {
        let mut told = Told::default();
        for (event, answered) in self.customers[customer].history.iter().zip(&self.answered[customer]) {
            told.ask(event.asked);
            match &event.answer {
                Some(answer) if answered.is_some_and(|line| line < cut) => {
                    told.hear(event.asked, answer, Instant::now());
                }
                _ => break,
            }
        }
        told
    }

    /// A moment: anywhere, or just when some client reads its answer.
    fn cut(&self, random: &mut StdRng) -> usize {
        let answers: Vec<_> = self.answered.iter().flatten().flatten().collect();
        match random.random_range(0..10) {
            0..6 => answers[random.random_range(0..answers.len())] + 1,
            6..8 => random.random_range(1..self.added[CUSTOMERS - 1]),
            _ => random.random_range(1..self.lines),
        }
    }
}

fn lose_power(durability: &str, states: u32) {
    let base = tempfile::tempdir().unwrap();
    let mut recording = Recording::begin(base.path());
    recording.run(&base.path().join("first"), durability, |server| drop(server.stop()));
    recording.run(&base.path().join("second"), durability, Server::kill);
    let disk = Disk::new(&recording.directory, &recording.calls);
    let promise = Promise { uses: durability == "fsync", refusals: false };
    let (mut checked, mut valid) = (0, 0);
    for state in 0..states {
        let mut random = StdRng::seed_from_u64(state.into());
        let survives = SURVIVES[state as usize % SURVIVES.len()];
        let cut = recording.cut(&mut random);
        let rebuilt = tempfile::tempdir().unwrap();
        disk.rebuild(cut, survives, &mut random, rebuilt.path());
        println!(
            "{durability}: state {state}, power lost at {cut} of {}, survives: {survives:?}",
            recording.lines
        );
        let server = Server::start(rebuilt.path());
        for (number, added) in recording.added.iter().enumerate().filter(|(_, added)| **added <= cut) {
            let mut told = recording.told(number, cut);
            told.check(&recording.customers[number].name, &server, rebuilt.path(), promise);
            (checked, valid) = (checked + told.keys.len(), valid + told.valid());
            assert!(*added <= cut);
        }
    }
    assert!(checked > 0 && valid > 0, "nothing was compared");
    println!(
        "{durability}: {states} states, {checked} keys compared, {valid} accepted uses in what was told"
    );
}

#[test]
fn after_power_loss_changes_are_there_and_counts_are_sound() {
    lose_power("commit", rounds("POWER_LOSSES", 12));
}

#[test]
fn after_power_loss_synced_uses_are_there_too() {
    lose_power("fsync", rounds("POWER_LOSSES", 12));
}
