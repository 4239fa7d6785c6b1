//! The fields of a line.

use super::{ImportLine, KnownToken};
use crate::address::{Address, AddressError, Network};
use crate::description::DescriptionError;
use crate::expiry::ExpiryError;
use crate::ids::{Username, UsernameError};
use crate::rule::AddressRule;
use crate::time::Micros;
use crate::token::{ForeignTokenError, PlainToken, SMPP_LENGTH, TokenFormat, TokenHash};
use contract::KeyType;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Characters that a message repeats of an address that is none.
const REPEATED: usize = 60;

/// Why a line is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum LineError {
    #[error("username {0}")]
    Username(UsernameError),
    #[error("username is longer than {limit} characters, the most that SMPP carries", limit = Username::SMPP_LIMIT)]
    SmppUsername,
    #[error("owner {0}")]
    Owner(UsernameError),
    #[error("owner is the user itself; leave it empty for a user who owns an account")]
    OwnOwner,
    #[error("description {0}")]
    Description(DescriptionError),
    #[error("key_type is none of default, cloud, smpp and app")]
    KeyType,
    #[error("none of token, token_sha256 and token_hmac is given")]
    NoToken,
    #[error("more than one of token, token_sha256 and token_hmac is given")]
    SeveralTokens,
    #[error("token {0}")]
    Token(ForeignTokenError),
    #[error(
        "token of an SMPP key needs {SMPP_LENGTH} visible characters: SMPP carries no more, and fewer are guessed"
    )]
    SmppToken,
    #[error(
        "token_sha256 says too little of an SMPP key, whose hash also holds the username; give its token"
    )]
    SmppSha256,
    #[error("{0} is not 64 hexadecimal digits")]
    Hash(&'static str),
    #[error("{0} is no time; write it as 2026-01-31T12:00:00Z, or without the Z for a time in UTC")]
    Time(&'static str),
    #[error("created_at lies in the future")]
    CreatedLater,
    #[error("expires_at {0}")]
    Expiry(ExpiryError),
    #[error("locked_ip {0}")]
    LockedIp(AddressError),
    #[error("allowed_ips: {0} {1}")]
    AllowedIp(String, AddressError),
    #[error("allowed_ips has more than {limit} entries", limit = AddressRule::ENTRIES)]
    AllowedIps,
    #[error("allowed_ips would have no effect: only a default key is bound to addresses")]
    NotAddressBound,
}

/// The one token of a line, in whichever form it stands there.
pub(super) fn token(
    line: &ImportLine<'_>,
    key_type: KeyType,
    format: &TokenFormat,
) -> Result<KnownToken, LineError> {
    let (sha256, hmac) = (line.token_sha256.trim(), line.token_hmac.trim());
    match (line.token, sha256, hmac) {
        ("", "", "") => Err(LineError::NoToken),
        (text, "", "") => plain(text, key_type, format),
        ("", _, "") if key_type == KeyType::Smpp => Err(LineError::SmppSha256),
        ("", digest, "") => Ok(KnownToken::Sha256(hash("token_sha256", digest)?)),
        ("", "", hmac) => Ok(KnownToken::Hmac(TokenHash(hash("token_hmac", hmac)?))),
        _ => Err(LineError::SeveralTokens),
    }
}

fn plain(text: &str, key_type: KeyType, format: &TokenFormat) -> Result<KnownToken, LineError> {
    // Judged first, so that a wrong character is told as such.
    format.foreign_shape(text).map_err(LineError::Token)?;
    if key_type == KeyType::Smpp && text.len() != SMPP_LENGTH {
        return Err(LineError::SmppToken);
    }
    Ok(KnownToken::Plain(PlainToken::new(text.to_owned())))
}

fn hash(column: &'static str, text: &str) -> Result<[u8; 32], LineError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| LineError::Hash(column))?;
    Ok(bytes)
}

/// A time of RFC 3339, or a time of UTC without a zone, as the pages show it.
pub(super) fn time(column: &'static str, text: &str) -> Result<Option<Micros>, LineError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let civil = || Some(text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let time: Option<Timestamp> = text.parse().ok().or_else(civil);
    time.map(|time| Some(Micros(time.as_microsecond()))).ok_or(LineError::Time(column))
}

pub(super) fn address(text: &str) -> Result<Option<Address>, LineError> {
    match text.trim() {
        "" => Ok(None),
        text => Address::parse(text).map(Some).map_err(LineError::LockedIp),
    }
}

/// Addresses and networks with spaces between them; one that stands there twice counts once.
pub(super) fn networks(text: &str) -> Result<Box<[Network]>, LineError> {
    let mut networks = Vec::new();
    for entry in text.split_whitespace() {
        let shown = || entry.chars().take(REPEATED).flat_map(char::escape_debug).collect();
        let network = Network::parse(entry).map_err(|why| LineError::AllowedIp(shown(), why))?;
        if !networks.contains(&network) {
            networks.push(network);
        }
        if networks.len() > AddressRule::ENTRIES as usize {
            return Err(LineError::AllowedIps);
        }
    }
    Ok(networks.into())
}
