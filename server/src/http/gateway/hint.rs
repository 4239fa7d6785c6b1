//! Hints for clients that send a key in a way that is not read: they say where something was found, and never what.

use super::presented::{Presented, decode_basic, scheme_and_rest};
use crate::settings::{KeyHeader, Settings};
use domain::token::{Shape, TokenFormat};
use http::{HeaderMap, HeaderName, header};

static X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What may be told about a refused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// `Authorization: Basic`, the key before the colon.
    BasicUsername,
    /// `Authorization: Basic`, the key itself in place of base64.
    BasicPlain,
    /// `Bearer:` or the like.
    BearerWithColon,
    /// `Authorization: Token …`, or the key alone.
    NoBearer,
    /// Quotation marks or other words around the key in `Authorization: Bearer`.
    Dressed,
    /// The same where the key should stand alone.
    DressedAlone,
    /// Two lines or two keys in one header, at least one of them a key.
    Several,
    /// One header too many, and in one of them a key.
    Both,
    /// One header too many, and no key.
    BothWithout,
    /// In a header that is not read.
    Elsewhere,
    /// Nothing has the form of a key.
    NoKey,
    /// `Authorization: Basic` that is not base64 of a username, a colon and a password.
    NotBasic,
    /// A good form under a username, and no such key of that user.
    UnderUsername,
    /// An SMPP secret without a username.
    NoUsername,
}

impl Hint {
    /// How many there are.
    pub(super) const COUNT: usize = Self::NoUsername as usize + 1;

    /// Whether the request carried a key, if only in a wrong way: it was no guess.
    pub(super) fn tells_of_a_key(self) -> bool {
        !matches!(
            self,
            Self::BothWithout | Self::NoKey | Self::NotBasic | Self::UnderUsername | Self::NoUsername
        )
    }

    /// Returns a sentence for the client: plain ASCII without quotation marks, so that it may stand anywhere.
    pub(super) fn text(self, places: &KeyHeader) -> String {
        let (found, mends) = self.words();
        let Mend::Place = mends else { return format!("{found}.") };
        match places {
            KeyHeader::Either => {
                format!("{found}; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.")
            }
            KeyHeader::Authorization => format!("{found}; send it once, as Authorization: Bearer KEY."),
            KeyHeader::Named(name) => format!("{found}; send it once and alone, as {name}: KEY."),
        }
    }

    fn words(self) -> (&'static str, Mend) {
        match self {
            Self::BasicUsername => ("A key was found as the username of Authorization: Basic", Mend::Place),
            Self::BasicPlain => {
                ("A key was found in Authorization: Basic without the encoding of it", Mend::Place)
            }
            Self::BearerWithColon => {
                ("A key was found in Authorization behind Bearer with a colon", Mend::Place)
            }
            Self::NoBearer => {
                ("A key was found in Authorization without the word Bearer before it", Mend::Place)
            }
            Self::Dressed => {
                ("A key was found in Authorization with other signs or words around it", Mend::Place)
            }
            Self::DressedAlone => {
                ("A key was found in its header with other signs or words around it", Mend::Place)
            }
            Self::Elsewhere => ("A key was found in a header that is not read", Mend::Place),
            Self::Several => ("More than one key was found in one header", Mend::Place),
            Self::Both | Self::BothWithout => {
                ("Authorization and X-API-Key are both there, and only one of them may be", Mend::Place)
            }
            Self::NoKey => ("What was found has not the form of a key; copy it again as a whole", Mend::Key),
            Self::NotBasic => {
                ("Authorization: Basic is not base64 of a username, a colon and a key", Mend::Key)
            }
            Self::UnderUsername => ("No such key belongs to the username beside it", Mend::Key),
            Self::NoUsername => (
                "A key of eight signs counts only together with its username, as Authorization: Basic",
                Mend::Key,
            ),
        }
    }
}

/// What of a request is to be mended.
#[derive(Clone, Copy)]
enum Mend {
    /// Where the key stands.
    Place,
    /// The key itself, or what stands beside it.
    Key,
}

/// What may be told of a key that was found and is not known.
pub(super) fn of_unknown(presented: &Presented, headers: &HeaderMap, settings: &Settings) -> Option<Hint> {
    let Some(shape) = settings.token_format.shape(&presented.token) else {
        // Where tokens of other forms are admitted, one of ours with quotation marks around it looks like such a token.
        return of_unreadable(headers, settings).filter(|hint| hint.tells_of_a_key());
    };
    match (shape, &presented.username) {
        (Shape::Token(_), Some(_)) => Some(Hint::UnderUsername),
        (Shape::Smpp, None) => Some(Hint::NoUsername),
        (Shape::Token(_), None) | (Shape::Smpp, Some(_)) | (Shape::Foreign, _) => None,
    }
}

/// What may be told of a request in which no key was found, or none that can be read.
pub(super) fn of_unreadable(headers: &HeaderMap, settings: &Settings) -> Option<Hint> {
    let (places, format) = (&settings.key_header, &settings.token_format);
    let written = Lines::of(headers, &header::AUTHORIZATION);
    let authorization = if places.reads_authorization() { written } else { Lines::default() };
    let alone = places.alone().map(|name| Lines::of(headers, name)).unwrap_or_default();
    let holds_any = || authorization.iter().chain(alone.iter()).any(|line| holds_any(line, format));
    if alone.first.is_some() && authorization.iter().any(is_credential) {
        return Some(if holds_any() { Hint::Both } else { Hint::BothWithout });
    }
    if authorization.second.is_some() || alone.second.is_some() {
        return Some(if holds_any() { Hint::Several } else { Hint::NoKey });
    }
    let found = authorization.first.and_then(|line| in_authorization(line, format));
    found.or_else(|| alone.first.map(|line| standing_alone(line, format))).or_else(|| {
        let unread = Lines::of(headers, &X_API_KEY);
        let holds = |line| keys(line, format) > 0 || basic_keys(line, format) > 0;
        written.iter().chain(unread.iter()).any(holds).then_some(Hint::Elsewhere)
    })
}

/// The first lines of a header that are not empty: a third tells no more than a second.
#[derive(Clone, Copy, Default)]
struct Lines<'a> {
    first: Option<&'a [u8]>,
    second: Option<&'a [u8]>,
}

impl<'a> Lines<'a> {
    fn of(headers: &'a HeaderMap, name: &HeaderName) -> Self {
        let lines = headers.get_all(name).iter().map(|line| line.as_bytes().trim_ascii());
        let mut lines = lines.filter(|line| !line.is_empty());
        Self { first: lines.next(), second: lines.next() }
    }

    fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        self.first.into_iter().chain(self.second)
    }
}

/// Whether a line of `Authorization` is taken for a token.
fn is_credential(line: &[u8]) -> bool {
    let (scheme, rest) = scheme_and_rest(line);
    !rest.is_empty() && [&b"bearer"[..], b"basic"].iter().any(|name| scheme.eq_ignore_ascii_case(name))
}

fn in_authorization(line: &[u8], format: &TokenFormat) -> Option<Hint> {
    let (scheme, rest) = scheme_and_rest(line);
    let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
    match keys(line, format) {
        _ if is("basic") => in_basic(rest, format),
        2.. => Some(Hint::Several),
        1 if is("bearer") => Some(Hint::Dressed),
        1 if is("bearer:") => Some(Hint::BearerWithColon),
        1 => Some(Hint::NoBearer),
        0 => (is("bearer") && !rest.is_empty()).then_some(Hint::NoKey),
    }
}

fn in_basic(encoded: &[u8], format: &TokenFormat) -> Option<Hint> {
    if encoded.is_empty() {
        return None;
    }
    let Some(text) = decode_basic(encoded) else {
        return Some(if keys(encoded, format) > 0 { Hint::BasicPlain } else { Hint::NotBasic });
    };
    let (username, password) = text.split_once(':').unwrap_or((&text, ""));
    if keys(username.as_bytes(), format) > 0 {
        return Some(Hint::BasicUsername);
    }
    if !text.contains(':') {
        return Some(Hint::NotBasic);
    }
    let has_key = keys(password.as_bytes(), format) > 0;
    (!password.is_empty()).then_some(if has_key { Hint::Dressed } else { Hint::NoKey })
}

fn standing_alone(line: &[u8], format: &TokenFormat) -> Hint {
    match keys(line, format) {
        0 => Hint::NoKey,
        1 => Hint::DressedAlone,
        _ => Hint::Several,
    }
}

/// How many keys stand in a text, whatever stands around them.
fn keys(text: &[u8], format: &TokenFormat) -> usize {
    words(text).filter(|word| matches!(format.shape(word), Some(Shape::Token(_)))).count()
}

fn basic_keys(line: &[u8], format: &TokenFormat) -> usize {
    let (scheme, rest) = scheme_and_rest(line);
    let is_basic = scheme.eq_ignore_ascii_case(b"basic");
    is_basic.then(|| decode_basic(rest)).flatten().map_or(0, |text| keys(text.as_bytes(), format))
}

/// Whether a line may hold a key of any kind: an SMPP secret looks like many a word.
fn holds_any(line: &[u8], format: &TokenFormat) -> bool {
    let (_, rest) = scheme_and_rest(line);
    let decoded = decode_basic(rest).unwrap_or_default();
    words(line).chain(words(decoded.as_bytes())).any(|word| format.shape(word).is_some())
}

fn words(text: &[u8]) -> impl Iterator<Item = &str> {
    let words = text.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    words.filter_map(|word| std::str::from_utf8(word).ok())
}

#[cfg(test)]
mod tests;
