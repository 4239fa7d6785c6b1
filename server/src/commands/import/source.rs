//! The file, as bytes: refused before it is read where it is too large.

use super::Failure;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

/// The most bytes of a file.
pub(super) const LIMIT: u64 = 256 << 20;

/// A file, or standard input.
pub(super) struct Source {
    reader: BufReader<Box<dyn Read>>,
    /// How many bytes it has, if that is known.
    pub(super) bytes: Option<u64>,
}

impl Source {
    /// Opens the file of that name, or standard input for `-`.
    pub(super) fn open(name: &str) -> Result<Self, Failure> {
        if name == "-" {
            return Ok(Self::new(Box::new(io::stdin()), None));
        }
        let file = File::open(name).map_err(|error| cannot_read(name, &error))?;
        let metadata = file.metadata().map_err(|error| cannot_read(name, &error))?;
        if metadata.is_dir() {
            return Err(format!("{name} is a directory; name a file, or - for standard input").into());
        }
        if metadata.len() > LIMIT {
            return Err(too_large(name).into());
        }
        let bytes = metadata.is_file().then_some(metadata.len());
        Ok(Self::new(Box::new(file), bytes))
    }

    fn new(reader: Box<dyn Read>, bytes: Option<u64>) -> Self {
        // One byte more than a file may have tells one that grows, or has no size, from one that ends.
        let reader: Box<dyn Read> = Box::new(reader.take(LIMIT + 1));
        Self { reader: BufReader::with_capacity(1 << 16, reader), bytes }
    }

    /// Appends the next line to `line`, with its end; returns how many bytes it has, 0 at the end of the file. A line is cut
    /// where it would be longer than `most`.
    pub(super) fn read_line(&mut self, line: &mut Vec<u8>, most: usize) -> io::Result<usize> {
        (&mut self.reader).take(most as u64).read_until(b'\n', line)
    }

    /// Reads on to the end of the line; returns how many bytes that were.
    pub(super) fn skip_line(&mut self) -> io::Result<usize> {
        let mut skipped = 0;
        loop {
            let mut rest = Vec::new();
            skipped += self.read_line(&mut rest, 1 << 16)?;
            if rest.is_empty() || rest.ends_with(b"\n") {
                return Ok(skipped);
            }
        }
    }
}

/// The message about a file that cannot be read.
fn cannot_read(name: &str, error: &io::Error) -> String {
    format!("cannot read {name}: {error}")
}

/// The message about a file that is too large.
pub(super) fn too_large(name: &str) -> String {
    format!("{name} is larger than {} MB; split it, nothing was imported", LIMIT >> 20)
}
