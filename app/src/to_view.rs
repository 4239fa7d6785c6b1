//! Turns what use cases return into what pages show.

mod applications;
mod keys;
mod notices;
mod profile;
mod security;
mod sub_users;
mod webhooks;

pub(crate) use applications::*;
pub(crate) use keys::*;
pub(crate) use notices::*;
pub(crate) use profile::*;
pub(crate) use security::*;
pub(crate) use sub_users::*;
pub(crate) use webhooks::*;
