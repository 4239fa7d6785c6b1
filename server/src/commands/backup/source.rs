//! A backup as it is read: a directory, or an archive.

use super::archive;
use super::manifest::{LIMIT, MANIFEST, Manifest, copy_hashed};
use crate::commands::Failure;
use rustix::fs::{Mode, OFlags};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use store::private;

/// Where a backup lies.
pub(in super::super) enum Source {
    Directory(PathBuf),
    Archive(PathBuf),
}

impl Source {
    /// Finds out which of them it is.
    pub(in super::super) fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let found = std::fs::metadata(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => format!("there is no {shown}"),
            _ => format!("cannot read {shown}: {error}"),
        })?;
        match (found.is_dir(), found.is_file()) {
            (true, _) => Ok(Self::Directory(path.to_owned())),
            (_, true) => Ok(Self::Archive(path.to_owned())),
            _ => Err(format!("{shown} is neither a directory nor a file").into()),
        }
    }

    pub(in super::super) fn path(&self) -> &Path {
        let (Self::Directory(path) | Self::Archive(path)) = self;
        path
    }

    /// What the backup says of itself.
    pub(in super::super) fn manifest(&self) -> Result<Manifest, Failure> {
        self.told(match self {
            Self::Directory(path) => read_manifest(path),
            Self::Archive(path) => archive::manifest(path),
        })
    }

    /// Writes its files into a directory, mode 0600 and synced, each compared with what was backed up.
    pub(in super::super) fn unpack(
        &self,
        into: &Path,
        each: &mut dyn FnMut(u64),
    ) -> Result<Manifest, Failure> {
        let unpacked = match self {
            Self::Directory(path) => copy_files(path, into, each),
            Self::Archive(path) => {
                archive::unpack(path, &mut |name| Ok(Box::new(new_file(&into.join(name))?)), each)
            }
        };
        self.told(unpacked.and_then(|manifest| {
            for line in &manifest.files {
                File::open(into.join(&line.name))?.sync_all()?;
            }
            Ok(manifest)
        }))
    }

    /// Compares every file with what was backed up, and writes nothing.
    pub(in super::super) fn compare(&self, each: &mut dyn FnMut(u64)) -> Result<Manifest, Failure> {
        self.told(match self {
            Self::Directory(path) => compare_files(path, each),
            Self::Archive(path) => archive::unpack(path, &mut |_| Ok(Box::new(io::sink())), each),
        })
    }

    fn told<T>(&self, read: Result<T, Failure>) -> Result<T, Failure> {
        read.map_err(|error| {
            let no_room =
                error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::StorageFull);
            let shown = self.path().display();
            match no_room {
                true => format!("there is no room to unpack {shown}; make room, or choose another place"),
                false => format!("{shown} is no whole backup: {error}"),
            }
            .into()
        })
    }
}

/// Reads the manifest of a directory.
pub(super) fn read_manifest(directory: &Path) -> Result<Manifest, Failure> {
    let mut text = Vec::new();
    let file = plain_file(&directory.join(MANIFEST)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("there is no {MANIFEST} in it"),
        _ => format!("cannot read its {MANIFEST}: {error}"),
    })?;
    file.take(LIMIT).read_to_end(&mut text)?;
    Manifest::parse(&text)
}

fn compare_files(directory: &Path, each: &mut dyn FnMut(u64)) -> Result<Manifest, Failure> {
    read_files(directory, &mut |_| Ok(Box::new(io::sink())), each)
}

fn copy_files(directory: &Path, into: &Path, each: &mut dyn FnMut(u64)) -> Result<Manifest, Failure> {
    read_files(directory, &mut |name| Ok(Box::new(new_file(&into.join(name))?)), each)
}

fn read_files(
    directory: &Path,
    to: &mut dyn FnMut(&str) -> io::Result<Box<dyn Write>>,
    each: &mut dyn FnMut(u64),
) -> Result<Manifest, Failure> {
    let manifest = read_manifest(directory)?;
    for line in &manifest.files {
        let mut from = plain_file(&directory.join(&line.name)).map_err(|error| match error.kind() {
            ErrorKind::NotFound => format!("{} is missing in it", line.name),
            _ => format!("cannot read its {}: {error}", line.name),
        })?;
        if copy_hashed(&mut from, &mut to(&line.name)?, line.bytes + 1, each)?
            != (line.bytes, line.sha256.clone())
        {
            return Err(archive::wrong_content(&line.name));
        }
    }
    Ok(manifest)
}

/// Opens a file, and neither what a link leads to nor a pipe that would never end.
fn plain_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "it is no plain file")),
    }
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(private::MODE).open(path)
}
