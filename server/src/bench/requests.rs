//! What gateways ask in a bench.

use super::scratch::{ELSEWHERE, Filled, HOME, IMPORTED, imported_token};
use domain::token::PlainToken;

/// One kind of question, and how it has to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// `/authz/forward-auth`, allowed and counted.
    Allowed,
    /// The same with the token of another system, in a directory of [`super::fill_with_imported`].
    Imported,
    /// `/authz/forward-auth` from an address that the key is not locked to.
    IpNotAllowed,
    /// `/authz/forward-auth` with something that is no token, each from an address of its own.
    Malformed,
    /// The same, all from one address.
    Throttled,
    /// `POST /v1/verify`, allowed and counted.
    Verify,
}

impl Case {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 5] =
        [Self::Allowed, Self::Verify, Self::IpNotAllowed, Self::Malformed, Self::Throttled];

    /// The case of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Imported]).find(|case| case.name() == name)
    }

    /// Its name in the table.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Allowed => "forward-auth, allowed",
            Self::Imported => "forward-auth, imported token",
            Self::IpNotAllowed => "forward-auth, IP_NOT_ALLOWED",
            Self::Malformed => "forward-auth, MALFORMED",
            Self::Throttled => "forward-auth, THROTTLED",
            Self::Verify => "POST /v1/verify, allowed",
        }
    }

    /// Its name for the script of wrk, and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Imported => "imported",
            Self::IpNotAllowed => "ip_not_allowed",
            Self::Malformed => "malformed",
            Self::Throttled => "throttled",
            Self::Verify => "verify",
        }
    }

    /// The statuses that answers may have. A source that goes on without valid tokens is told to wait.
    #[must_use]
    pub fn statuses(self) -> &'static [u16] {
        match self {
            Self::Allowed | Self::Imported | Self::Verify => &[200],
            Self::IpNotAllowed => &[403],
            Self::Malformed | Self::Throttled => &[401, 429],
        }
    }

    /// The requests of this case, one for each token.
    #[must_use]
    pub fn requests(self, filled: &Filled) -> Vec<Vec<u8>> {
        let requests = filled.tokens.iter().enumerate();
        requests.map(|(place, token)| self.request(place, token, &filled.gateway).into_bytes()).collect()
    }

    fn request(self, place: usize, token: &PlainToken, gateway: &str) -> String {
        let token = token.expose();
        match self {
            Self::Allowed => hook(token, HOME),
            Self::Imported => hook(&imported_token(place % IMPORTED), HOME),
            Self::IpNotAllowed => hook(token, ELSEWHERE),
            Self::Malformed => hook(&token[1..], &format!("198.18.{}.{}", place / 256 % 256, place % 256)),
            Self::Throttled => hook(&token[1..], ELSEWHERE),
            Self::Verify => {
                let body = format!(r#"{{"key":"{token}","client_ip":"{HOME}"}}"#);
                format!(
                    "POST /v1/verify HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {gateway}\r\n\
                     Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
        }
    }
}

fn hook(token: &str, client: &str) -> String {
    format!(
        "GET /authz/forward-auth HTTP/1.1\r\nHost: bench\r\nX-API-Key: {token}\r\nX-Forwarded-For: {client}\r\n\r\n"
    )
}
