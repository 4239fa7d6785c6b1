//! Backups as one file: a tar of plain files under their bare names, compressed by zstd.

use super::manifest::{FILES, LIMIT, MANIFEST, Manifest, copy_hashed};
use crate::commands::Failure;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use store::private;
use tar::{Builder, Header};

/// zstd's own default. Half of the databases is hashes and sealed tokens, which nothing makes smaller.
const LEVEL: i32 = 3;
/// The most memory that an archive may ask for (2 to this power); ours ask for 2 MB.
const WINDOW: u32 = 27;

/// Writes the files of a directory into a new archive, synced. `each` is told how many bytes went in.
pub(super) fn pack(
    content: &Path,
    manifest: &Manifest,
    archive: &Path,
    each: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(private::MODE).open(archive)?;
    let mut packed = zstd::Encoder::new(BufWriter::with_capacity(1 << 20, &file), LEVEL)?;
    packed.include_checksum(true)?;
    let mut tar = Builder::new(packed);
    let names = manifest.files.iter().map(|line| line.name.as_str());
    for name in [MANIFEST].into_iter().chain(names) {
        let from = File::open(content.join(name))?;
        let mut header = Header::new_gnu();
        header.set_path(name)?;
        header.set_size(from.metadata()?.len());
        header.set_mode(private::MODE);
        header.set_mtime(u64::try_from(manifest.moment_micros / 1_000_000).unwrap_or(0));
        header.set_cksum();
        tar.append(&header, Told { from: BufReader::with_capacity(256 * 1024, from), each: &mut *each })?;
    }
    let written = tar.into_inner()?.finish()?;
    written.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()
}

/// A reader that tells of each piece.
struct Told<'a, R> {
    from: R,
    each: &'a mut dyn FnMut(u64),
}

impl<R: Read> Read for Told<'_, R> {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(piece)?;
        (self.each)(read as u64);
        Ok(read)
    }
}

/// Reads what an archive says of itself.
pub(super) fn manifest(archive: &Path) -> Result<Manifest, Failure> {
    let mut found = None;
    let mut take = |mut entry: Entry<'_>| {
        found = Some(entry.manifest()?);
        Ok(false)
    };
    walk(archive, &mut take)?;
    found.ok_or_else(|| format!("there is no {MANIFEST} in it").into())
}

/// Reads an archive to its end, hands every file to `to`, and refuses whatever is not as its manifest says. Nothing of what
/// stands in it decides where anything is written: names are compared with the few that there may be.
pub(super) fn unpack(
    archive: &Path,
    to: &mut dyn FnMut(&str) -> io::Result<Box<dyn io::Write>>,
    each: &mut dyn FnMut(u64),
) -> Result<Manifest, Failure> {
    let (mut manifest, mut met): (Option<Manifest>, Vec<String>) = (None, vec![]);
    walk(archive, &mut |mut entry| {
        let Some(manifest) = &manifest else {
            manifest = Some(entry.manifest()?);
            return Ok(true);
        };
        let wanted = manifest.line(entry.name).filter(|line| !met.contains(&line.name));
        let Some(line) = wanted else {
            return Err(format!("{} stands in it and does not belong there", entry.name).into());
        };
        if entry.size != line.bytes {
            return Err(wrong_content(entry.name));
        }
        let copied = copy_hashed(&mut entry.content, &mut to(entry.name)?, line.bytes, each)?;
        if copied != (line.bytes, line.sha256.clone()) {
            return Err(wrong_content(entry.name));
        }
        met.push(line.name.clone());
        Ok(true)
    })?;
    let manifest = manifest.ok_or_else(|| format!("there is no {MANIFEST} in it"))?;
    match manifest.files.iter().find(|line| !met.contains(&line.name)) {
        Some(line) => Err(format!("{} is missing in it", line.name).into()),
        None => Ok(manifest),
    }
}

/// The message where a file is not the one that was backed up.
pub(super) fn wrong_content(name: &str) -> Failure {
    format!("{name} in it is not what was backed up; its SHA-256 or its length differs").into()
}

/// A file in an archive.
struct Entry<'a> {
    name: &'static str,
    size: u64,
    content: &'a mut dyn Read,
}

impl Entry<'_> {
    fn manifest(&mut self) -> Result<Manifest, Failure> {
        if self.name != MANIFEST || self.size > LIMIT {
            return Err(format!("it does not begin with {MANIFEST}").into());
        }
        let mut text = Vec::new();
        self.content.take(LIMIT).read_to_end(&mut text)?;
        Manifest::parse(&text)
    }
}

/// Goes through the entries until `take` has enough. They are read raw, so that no long name and no other extension of the
/// format is taken in: everything that is no plain file of a known name is refused.
fn walk(archive: &Path, take: &mut dyn FnMut(Entry<'_>) -> Result<bool, Failure>) -> Result<(), Failure> {
    let mut packed = zstd::Decoder::new(File::open(archive)?)?;
    packed.window_log_max(WINDOW)?;
    let mut tar = tar::Archive::new(packed);
    for entry in tar.entries()?.raw(true) {
        let mut entry = entry?;
        let path = entry.path_bytes().into_owned();
        let known = [MANIFEST].into_iter().chain(FILES).find(|name| name.as_bytes() == path);
        let Some(name) = known.filter(|_| entry.header().entry_type().is_file()) else {
            let shown = String::from_utf8_lossy(&path).chars().take(80).collect::<String>();
            return Err(format!("{shown:?} stands in it, which is no file of a backup").into());
        };
        let size = entry.size();
        if !take(Entry { name, size, content: &mut entry })? {
            return Ok(());
        }
    }
    Ok(())
}
