//! The second factor.

use crate::portal::{Code, Enrolment, QrCode};
use domain::second_factor::TotpSecret;
use fast_qr::QRBuilder;
use std::fmt::Write as _;

/// Characters of a secret that stand together.
const GROUP: usize = 4;

pub(crate) fn enrolment(secret: &TotpSecret, installation: &str, username: &str) -> Option<Enrolment> {
    let text = secret.text();
    let groups: Vec<&str> =
        (0..text.len()).step_by(GROUP).filter_map(|at| text.get(at..at + GROUP)).collect();
    Some(Enrolment { secret: Code(groups.join(" ")), qr: draw(&secret.address(installation, username))? })
}

/// Draws a text; squares are one unit wide.
/// The outline of the dark squares is one `<path>`.
fn draw(text: &str) -> Option<QrCode> {
    let code = QRBuilder::new(text).build().ok()?;
    let mut path = String::new();
    for y in 0..code.size {
        let row = &code[y];
        let mut x = 0;
        while x < code.size {
            let dark = row[x..].iter().take_while(|module| module.value()).count();
            if dark > 0 {
                let _ = write!(path, "M{x} {y}h{dark}v1h-{dark}z");
            }
            x += dark.max(1);
        }
    }
    Some(QrCode { size: u32::try_from(code.size).ok()?, path })
}
