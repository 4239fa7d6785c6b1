//! Latchkey: your customers' API keys, and the answer whether one may pass.
#![recursion_limit = "256"]

pub mod bench;
pub mod commands;
pub mod dial;
pub mod http;
pub mod life;
pub mod mail;
pub mod metrics;
pub mod probe;
pub mod process;
pub mod secrets;
pub mod services;
pub mod settings;
pub mod traffic;
pub mod webhooks;
