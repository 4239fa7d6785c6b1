//! What may be on a disk after the power went: everything that was synced, and of the rest any part.
//!
//! A write or a truncation is safe once its file was synced after it; a name (made, removed, renamed) once
//! its directory was. The rest may be there or not, in any combination, torn at sectors.

use super::trace::{Call, Traced};
use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// The smallest that a disk writes whole.
const SECTOR: usize = 512;

/// Of what was not synced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Survives {
    Nothing,
    /// As after the death of the process.
    Everything,
    /// Each write with even odds.
    SomeWrites,
    /// Each sector of each write with even odds.
    SomeSectors,
}

pub(crate) const SURVIVES: [Survives; 4] =
    [Survives::SomeSectors, Survives::SomeWrites, Survives::Nothing, Survives::Everything];

struct Span {
    begun: usize,
    ended: usize,
}

enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

enum Name {
    Made(OsString, usize),
    Removed(OsString),
    Renamed(OsString, OsString),
}

#[derive(Default)]
struct File {
    length: u64,
    changes: Vec<(Span, Change)>,
    syncs: Vec<Span>,
}

/// A data directory over time.
#[derive(Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    names: Vec<(Span, Name)>,
    syncs: Vec<Span>,
    /// When the directory itself was made, and when the one above it was synced.
    made: Option<Span>,
    syncs_above: Vec<Span>,
}

/// Whether something done in `span` is certainly there at `cut`.
fn is_safe(span: &Span, syncs: &[Span], cut: usize) -> bool {
    syncs.iter().any(|sync| sync.begun > span.ended && sync.ended < cut)
}

impl Disk {
    pub(crate) fn new(directory: &Path, calls: &[Traced]) -> Self {
        let mut disk = Self::default();
        let mut live: BTreeMap<OsString, usize> = BTreeMap::new();
        for Traced { begun, ended, call } in calls {
            let span = Span { begun: *begun, ended: *ended };
            disk.take(directory, &mut live, span, call);
        }
        disk
    }

    fn take(&mut self, directory: &Path, live: &mut BTreeMap<OsString, usize>, span: Span, call: &Call) {
        let name =
            |path: &Path| (path.parent() == Some(directory)).then(|| path.file_name().unwrap().to_owned());
        match call {
            Call::MakeDirectory(path) if path == directory => self.made = Some(span),
            Call::Sync(path) if path == directory => self.syncs.push(span),
            Call::Sync(path) if Some(path.as_path()) == directory.parent() => self.syncs_above.push(span),
            Call::Sync(path) => {
                if let Some(file) = name(path).and_then(|n| live.get(&n)) {
                    self.files[*file].syncs.push(span);
                }
            }
            Call::Make(path) => {
                let Some(name) = name(path).filter(|name| !live.contains_key(name)) else { return };
                live.insert(name.clone(), self.files.len());
                self.names.push((span, Name::Made(name, self.files.len())));
                self.files.push(File::default());
            }
            Call::Write(path, place, bytes) => {
                let Some(file) = name(path).and_then(|n| live.get(&n)) else { return };
                let file = &mut self.files[*file];
                let place = place.unwrap_or(file.length);
                file.length = file.length.max(place + bytes.len() as u64);
                file.changes.push((span, Change::Write(place, bytes.clone())));
            }
            Call::Truncate(path, length) => {
                let Some(file) = name(path).and_then(|n| live.get(&n)) else { return };
                let file = &mut self.files[*file];
                file.length = *length;
                file.changes.push((span, Change::Truncate(*length)));
            }
            Call::Remove(path) => {
                if let Some(name) = name(path).filter(|name| live.remove(name).is_some()) {
                    self.names.push((span, Name::Removed(name)));
                }
            }
            Call::Rename(from, to) => {
                let (Some(from), Some(to)) = (name(from), name(to)) else { return };
                if let Some(file) = live.remove(&from) {
                    live.insert(to.clone(), file);
                    self.names.push((span, Name::Renamed(from, to)));
                }
            }
            Call::MakeDirectory(_) | Call::Send(..) => {}
        }
    }

    /// Writes the directory as it could be when the power goes at `cut`.
    pub(crate) fn rebuild(&self, cut: usize, survives: Survives, random: &mut StdRng, into: &Path) {
        let even = |random: &mut StdRng| match survives {
            Survives::Nothing => false,
            Survives::Everything => true,
            Survives::SomeWrites | Survives::SomeSectors => random.random_bool(0.5),
        };
        let is_made = self.made.as_ref().is_none_or(|m| is_safe(m, &self.syncs_above, cut) || even(random));
        if !is_made {
            return;
        }
        let mut live: BTreeMap<&OsString, usize> = BTreeMap::new();
        for (span, name) in self.names.iter().filter(|(span, _)| span.begun < cut) {
            if !is_safe(span, &self.syncs, cut) && !even(random) {
                continue;
            }
            match name {
                Name::Made(name, file) => drop(live.insert(name, *file)),
                Name::Removed(name) => drop(live.remove(name)),
                Name::Renamed(from, to) => {
                    if let Some(file) = live.remove(from) {
                        live.insert(to, file);
                    }
                }
            }
        }
        // The shared index of a log is rebuilt at every start; the rest cannot be of use.
        let is_kept = |name: &OsString| !["lock", "control.sock"].contains(&&*name.to_string_lossy());
        for (name, file) in live.into_iter().filter(|(name, _)| is_kept(name)) {
            if name.to_string_lossy().ends_with("-shm") {
                continue;
            }
            let content = self.files[file].at(cut, survives, random);
            let path = into.join(name);
            std::fs::write(&path, content).unwrap();
            if name == "secrets.toml" {
                use std::os::unix::fs::PermissionsExt;
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            }
        }
    }
}

impl File {
    fn at(&self, cut: usize, survives: Survives, random: &mut StdRng) -> Vec<u8> {
        let mut content = Vec::new();
        for (span, change) in self.changes.iter().filter(|(span, _)| span.begun < cut) {
            let safe = is_safe(span, &self.syncs, cut);
            let is_there = |random: &mut StdRng| match survives {
                _ if safe => true,
                Survives::Nothing => false,
                Survives::Everything => true,
                Survives::SomeWrites | Survives::SomeSectors => random.random_bool(0.5),
            };
            match change {
                Change::Truncate(length) if is_there(random) => content.resize(*length as usize, 0),
                Change::Write(place, bytes) if matches!(survives, Survives::SomeSectors) => {
                    for (place, sector) in sectors(*place as usize, bytes) {
                        if is_there(random) {
                            put(&mut content, place, sector);
                        }
                    }
                }
                Change::Write(place, bytes) if is_there(random) => put(&mut content, *place as usize, bytes),
                Change::Truncate(_) | Change::Write(..) => {}
            }
        }
        content
    }
}

/// A write, cut where sectors of the file begin.
fn sectors(place: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let first = (SECTOR - place % SECTOR).min(bytes.len());
    let (head, tail) = bytes.split_at(first);
    let rest = tail.chunks(SECTOR).enumerate().map(move |(n, s)| (place + first + n * SECTOR, s));
    std::iter::once((place, head)).chain(rest)
}

fn put(content: &mut Vec<u8>, place: usize, bytes: &[u8]) {
    if content.len() < place + bytes.len() {
        content.resize(place + bytes.len(), 0);
    }
    content[place..place + bytes.len()].copy_from_slice(bytes);
}
