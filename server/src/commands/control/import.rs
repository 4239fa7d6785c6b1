//! The way of a file from `latchkey import` to the store: in pieces through the running server, or directly where none runs.
//!
//! A piece is its length in four bytes and a list of lines in JSON; a piece of no length is the end. A verb that dies leaves
//! the end out, and so nothing of its file is kept.

use super::protocol::{Secret, VerbReply, VerbRequest};
use super::{Way, find_way, other_version};
use crate::commands::Failure;
use crate::services::{Services, SystemClock, start};
use crate::settings::Settings;
use domain::import::{COLUMNS, ImportLine};
use serde::{Deserialize, Serialize};
use service::import::{Import, ImportError, ImportOptions, ImportReport};
use std::io::{self, ErrorKind};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use zeroize::Zeroizing;

/// The most bytes of a piece. A verb sends far smaller ones.
const LIMIT: usize = 1 << 20;

/// A line of a file, as a verb hands it over.
#[derive(Serialize, Deserialize)]
pub(in super::super) enum SentLine {
    Read(Box<ReadLine>),
    /// A line that could not be read.
    Unreadable {
        number: u64,
        why: String,
    },
}

/// The number of a line, and what it says in each column.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct ReadLine {
    pub(in super::super) number: u64,
    pub(in super::super) username: String,
    pub(in super::super) description: String,
    pub(in super::super) key_type: String,
    #[serde(rename = "token_hex")]
    pub(in super::super) token: Secret,
    pub(in super::super) token_sha256: String,
    pub(in super::super) token_hmac: String,
    pub(in super::super) created_at: String,
    pub(in super::super) expires_at: String,
    pub(in super::super) locked_ip: String,
    pub(in super::super) allowed_ips: String,
    pub(in super::super) owner: String,
}

impl ReadLine {
    /// A line with these texts in the order of [`COLUMNS`].
    pub(in super::super) fn of(number: u64, columns: [&str; COLUMNS.len()]) -> Self {
        let [
            username,
            description,
            key_type,
            token,
            token_sha256,
            token_hmac,
            created_at,
            expires_at,
            locked_ip,
            allowed_ips,
            owner,
        ] = columns.map(str::to_owned);
        Self {
            number,
            username,
            description,
            key_type,
            token: token.into(),
            token_sha256,
            token_hmac,
            created_at,
            expires_at,
            locked_ip,
            allowed_ips,
            owner,
        }
    }

    fn columns(&self) -> ImportLine<'_> {
        ImportLine {
            username: &self.username,
            description: &self.description,
            key_type: &self.key_type,
            token: self.token.expose(),
            token_sha256: &self.token_sha256,
            token_hmac: &self.token_hmac,
            created_at: &self.created_at,
            expires_at: &self.expires_at,
            locked_ip: &self.locked_ip,
            allowed_ips: &self.allowed_ips,
            owner: &self.owner,
        }
    }
}

type Pieces<'a> = &'a mut dyn Iterator<Item = Result<Vec<SentLine>, Failure>>;

/// Hands a file over, piece by piece. Nothing of it is kept where a piece cannot be had.
pub(in super::super) fn import(
    settings: &Settings,
    options: ImportOptions,
    pieces: Pieces<'_>,
) -> Result<ImportReport, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match find_way(settings).await? {
            Way::Server(stream) => send(stream, options, pieces).await,
            Way::Here(_claim) => import_here(settings.clone(), options, pieces).await,
        }
    })
}

async fn import_here(
    settings: Settings,
    options: ImportOptions,
    pieces: Pieces<'_>,
) -> Result<ImportReport, Failure> {
    let (services, flusher) = start(settings, Arc::new(SystemClock)).await?;
    let work = async {
        let mut import = services.importer.begin(options)?;
        for piece in pieces {
            take_in(&mut import, &piece?)?;
        }
        Ok(import.finish().await?)
    };
    let imported = work.await;
    services.store.close().await;
    drop(flusher);
    imported
}

fn take_in(import: &mut Import<'_>, lines: &[SentLine]) -> Result<(), ImportError> {
    for line in lines {
        match line {
            SentLine::Read(line) => import.add(line.number, &line.columns())?,
            SentLine::Unreadable { number, why } => import.refuse(*number, why.clone())?,
        }
    }
    Ok(())
}

async fn send(
    mut stream: UnixStream,
    options: ImportOptions,
    pieces: Pieces<'_>,
) -> Result<ImportReport, Failure> {
    let mut request = serde_json::to_vec(&VerbRequest::Import(options))?;
    request.push(b'\n');
    stream.write_all(&request).await?;
    match read_reply(&mut stream).await? {
        VerbReply::Ready => {}
        VerbReply::Failed(why) => return Err(why.into()),
        _ => return Err(other_version()),
    }
    // As large as any, because a buffer that grows leaves copies of tokens behind.
    let mut piece = Zeroizing::new(Vec::with_capacity(LIMIT));
    for lines in pieces {
        piece.clear();
        serde_json::to_writer(&mut *piece, &lines?)?;
        stream.write_u32(u32::try_from(piece.len())?).await?;
        stream.write_all(&piece).await?;
    }
    stream.write_u32(0).await?;
    match read_reply(&mut stream).await? {
        VerbReply::Imported(report) => Ok(report),
        VerbReply::Failed(why) => Err(why.into()),
        _ => Err(other_version()),
    }
}

/// Reads one reply: a line, or what comes before the end.
async fn read_reply(stream: &mut UnixStream) -> Result<VerbReply, Failure> {
    let mut reply = Vec::new();
    loop {
        match stream.read_u8().await {
            Ok(b'\n') => break,
            Ok(byte) => reply.push(byte),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error.into()),
        }
    }
    serde_json::from_slice(&reply).map_err(|_| lost())
}

/// The message where the server went away.
fn lost() -> Failure {
    "the running server gave no answer, so it is not known whether the file was imported; import it again, which changes \
     nothing where it was"
        .into()
}

/// Takes in the pieces that a verb sends, to their end; returns what came of them.
pub(super) async fn receive(
    stream: &mut UnixStream,
    services: &Services,
    options: ImportOptions,
) -> io::Result<VerbReply> {
    let mut import = match services.importer.begin(options) {
        Ok(import) => import,
        Err(error) => return Ok(VerbReply::Failed(error.to_string())),
    };
    let mut ready = serde_json::to_vec(&VerbReply::Ready)?;
    ready.push(b'\n');
    stream.write_all(&ready).await?;
    let mut taken = Ok(());
    while let Some(piece) = read_piece(stream).await? {
        // After a failure the rest is read all the same: a verb that still writes would not read the reply.
        if taken.is_ok() {
            taken = match serde_json::from_slice::<Vec<SentLine>>(&piece) {
                Ok(lines) => take_in(&mut import, &lines).map_err(|error| error.to_string()),
                Err(_) => Err("the server cannot read the file; is it of another version?".to_owned()),
            };
        }
    }
    let imported = match taken {
        Ok(()) => import.finish().await.map_err(|error| error.to_string()),
        Err(why) => Err(why),
    };
    Ok(imported.map_or_else(VerbReply::Failed, VerbReply::Imported))
}

/// The next piece; none at the end of the file.
async fn read_piece(stream: &mut UnixStream) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let length = stream.read_u32().await? as usize;
    if length > LIMIT {
        return Err(io::Error::new(ErrorKind::InvalidData, "a piece of a file is too long"));
    }
    let mut piece = Zeroizing::new(vec![0; length]);
    stream.read_exact(&mut piece).await?;
    Ok((length > 0).then_some(piece))
}
