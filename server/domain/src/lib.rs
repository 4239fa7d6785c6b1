//! The rules in plain Rust: no SQL, no HTTP, no Leptos, no clock of their own.

pub mod address;
pub mod client_address;
pub mod counted;
pub mod credentials;
pub mod description;
pub mod device;
pub mod ids;
pub mod mail_address;
pub mod mail_reply;
pub mod mark;
pub mod notice;
pub mod outbound;
pub mod panics;
pub mod password_rules;
pub mod proxy_protocol;
pub mod rule;
pub mod sealing;
pub mod second_factor;
pub mod share;
pub mod throttle;
pub mod time;
pub mod time_zone;
pub mod token;
pub mod turns;
pub mod verdict;
pub mod webhook;
