//! QR codes as the outline of their dark squares, for one `<path>` of an SVG.

use fast_qr::QRBuilder;
use std::fmt::Write as _;

/// Draws a text; squares are one unit wide.
pub(super) fn draw(text: &str) -> Option<app::QrCode> {
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
    Some(app::QrCode { size: u32::try_from(code.size).ok()?, path })
}
