//! Tests of the whole server in one process, and of the binary; one file an endpoint or feature.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access_log;
mod app;
mod audit;
mod authz;
mod bad_input;
mod behind;
mod bench;
mod binary;
mod bypass;
mod command_line;
mod connections;
mod faults;
mod gateway_token;
mod history;
mod key_life;
mod listeners;
mod mail;
mod metrics;
mod notices;
mod pages;
mod passwords;
mod probe;
mod profile;
mod query_plan;
mod race;
mod receiver;
mod refused;
mod sessions;
mod shedding;
mod site;
mod store_contract;
mod sub_users;
mod throttle;
mod verify;
mod webhooks;
