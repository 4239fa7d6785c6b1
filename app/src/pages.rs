//! The pages: a title, the resources and how they are put together.

mod dashboard;
mod keys;
mod login;
mod setup;

pub(crate) use dashboard::*;
pub(crate) use keys::*;
pub(crate) use login::*;
pub(crate) use setup::*;
