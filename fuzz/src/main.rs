//! Fuzz targets: each states the property that it checks, and `FUZZ_TARGET` names the one to run. What they
//! start from is in `corpus/`; `scripts/fuzz` runs them all.
#![no_main]

mod header;
mod server;
mod targets {
    pub(crate) mod actions;
    pub(crate) mod client_address;
    pub(crate) mod cookie;
    pub(crate) mod form_body;
    pub(crate) mod hook_headers;
    pub(crate) mod network;
    pub(crate) mod proxy_protocol;
    pub(crate) mod settings;
    pub(crate) mod token;
    pub(crate) mod verify_body;
}

use std::sync::LazyLock;

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 10] = [
    ("actions", targets::actions::check),
    ("client_address", targets::client_address::check),
    ("cookie", targets::cookie::check),
    ("form_body", targets::form_body::check),
    ("hook_headers", targets::hook_headers::check),
    ("network", targets::network::check),
    ("proxy_protocol", targets::proxy_protocol::check),
    ("settings", targets::settings::check),
    ("token", targets::token::check),
    ("verify_body", targets::verify_body::check),
];

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    target.map(|(_, target)| *target).unwrap_or_else(|| {
        let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
        panic!("FUZZ_TARGET has to be one of {}", names.join(", "))
    })
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
