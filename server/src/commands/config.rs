//! `latchkey config`

use super::{Common, Failure};
use crate::settings::Settings;

pub(super) fn run(common: &Common) -> Result<(), Failure> {
    let layers = common.layers(vec![])?;
    Settings::parse(&layers)?;
    for line in layers.lines() {
        println!("{line}");
    }
    Ok(())
}
