//! The password and the second factor of the user itself.

use serde::{Deserialize, Serialize};

use super::{Code, Moment, Password};

/// The password, and the code where one is asked for at the login, of a form that needs a fresh proof: for what a
/// stolen cookie must not be enough. Both may be left out while the last proof is not older than 10 minutes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proof {
    /// The password.
    pub password: Option<Password>,
    /// The code.
    pub code: Code,
}

/// What a form has to ask for that needs a fresh proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProofAsked {
    /// Whether the last proof is too old.
    pub password: bool,
    /// Whether a code goes with the password.
    pub code: bool,
}

/// How a user logs in.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Security {
    /// Whether a code is asked for.
    pub two_factor: bool,
    /// Recovery codes that are left.
    pub recovery_codes_left: u32,
    /// Recovery codes that the address names.
    pub recovery_codes: Option<Vec<Code>>,
    /// Whether a secret waits for its confirmation that was shown to this session.
    pub enrolling: bool,
    /// When the password has to be changed.
    pub password_ends: Option<Moment>,
}

/// A secret for an authenticator.
#[derive(Clone, PartialEq)]
pub struct Enrolment {
    /// The secret in groups of four.
    pub secret: Code,
    /// The same for a camera.
    pub qr: QrCode,
}

/// A QR code.
#[derive(Clone, PartialEq)]
pub struct QrCode {
    /// Squares on each side.
    pub size: u32,
    /// The outline of the dark ones, as `d` of an SVG path; squares are one unit wide.
    pub path: String,
}
