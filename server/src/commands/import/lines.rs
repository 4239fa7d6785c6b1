//! The lines of a file, whichever of both forms it has, in pieces that are handed over together.

use super::csv_line::{Header, is_open};
use super::source::{LIMIT, Source, too_large};
use super::{Failure, json_line};
use crate::commands::control::{ReadLine, SentLine};
use indicatif::ProgressBar;

/// The most bytes of a line, far more than the columns take.
const LINE: usize = 64 << 10;
/// Bytes of lines that are handed over together.
const PIECE: usize = 64 << 10;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What the lines of a file look like.
enum Form {
    Csv(Header),
    Json,
}

/// All lines of a file, but for its header.
pub(super) struct Lines {
    source: Source,
    form: Form,
    /// The line that was read to find the form, if it is not the header.
    first: Option<Vec<u8>>,
    /// The number of the last line that was read.
    number: u64,
    read: u64,
    bar: ProgressBar,
    has_failed: bool,
}

/// A line as bytes, or why there is none.
enum Raw {
    Line(u64, Vec<u8>),
    TooLong(u64),
    Open(u64),
}

impl Lines {
    /// Reads the header, and finds the form by it.
    pub(super) fn of(source: Source, bar: ProgressBar) -> Result<Self, Failure> {
        let mut lines =
            Self { source, form: Form::Json, first: None, number: 0, read: 0, bar, has_failed: false };
        let first = loop {
            let mut line = Vec::new();
            if lines.read_one(&mut line)? == 0 {
                return Err("the file is empty; its first line names the columns".into());
            }
            if line.starts_with(BYTE_ORDER_MARK) {
                line.drain(..BYTE_ORDER_MARK.len());
            }
            if !line.trim_ascii().is_empty() {
                break line;
            }
        };
        if first.trim_ascii_start().starts_with(b"{") {
            lines.first = Some(first);
        } else {
            lines.form = Form::Csv(Header::read(&first)?);
        }
        Ok(lines)
    }

    /// The next line that is not empty; in CSV it may go over several lines of the file.
    fn next_raw(&mut self) -> Result<Option<Raw>, Failure> {
        if let Some(first) = self.first.take() {
            return Ok(Some(Raw::Line(self.number, first)));
        }
        let mut line = Vec::new();
        while line.trim_ascii().is_empty() {
            line.clear();
            if self.read_one(&mut line)? == 0 {
                return Ok(None);
            }
        }
        let number = self.number;
        while line.len() <= LINE && matches!(self.form, Form::Csv(_)) && is_open(&line) {
            if self.read_one(&mut line)? == 0 {
                return Ok(Some(Raw::Open(number)));
            }
        }
        if line.len() <= LINE {
            return Ok(Some(Raw::Line(number, line)));
        }
        if !line.ends_with(b"\n") {
            let skipped = self.source.skip_line()?;
            self.count(skipped)?;
        }
        Ok(Some(if self.number > number { Raw::Open(number) } else { Raw::TooLong(number) }))
    }

    /// Appends one line of the file; returns how many bytes it has, 0 at the end.
    fn read_one(&mut self, line: &mut Vec<u8>) -> Result<usize, Failure> {
        let bytes = self.source.read_line(line, LINE + 1)?;
        self.number += u64::from(bytes > 0);
        self.count(bytes)?;
        Ok(bytes)
    }

    fn count(&mut self, bytes: usize) -> Result<(), Failure> {
        self.read += bytes as u64;
        self.bar.set_position(self.read);
        if self.read > LIMIT { Err(too_large("the file").into()) } else { Ok(()) }
    }

    fn parse(&self, raw: &Raw) -> SentLine {
        let (number, parsed) = match raw {
            Raw::Line(number, line) => (*number, self.parse_line(*number, line)),
            Raw::TooLong(number) => (*number, Err(format!("is longer than {} kB", LINE >> 10))),
            Raw::Open(number) => (*number, Err("has a quotation mark that no other one closes".to_owned())),
        };
        match parsed {
            Ok(line) => SentLine::Read(Box::new(line)),
            Err(why) => SentLine::Unreadable { number, why },
        }
    }

    fn parse_line(&self, number: u64, line: &[u8]) -> Result<ReadLine, String> {
        let text = std::str::from_utf8(line).map_err(|_| "is not UTF-8")?;
        match &self.form {
            Form::Csv(header) => header.parse(number, text),
            Form::Json => json_line::parse(number, text),
        }
    }

    fn next_piece(&mut self) -> Result<Option<Vec<SentLine>>, Failure> {
        let (mut piece, begun) = (Vec::new(), self.read);
        while self.read - begun < PIECE as u64 {
            let Some(raw) = self.next_raw()? else { break };
            piece.push(self.parse(&raw));
        }
        if piece.is_empty() {
            self.bar.set_message("writing …");
            return Ok(None);
        }
        Ok(Some(piece))
    }
}

impl Iterator for Lines {
    type Item = Result<Vec<SentLine>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let piece = self.next_piece().transpose();
        self.has_failed = matches!(piece, Some(Err(_)));
        piece
    }
}
