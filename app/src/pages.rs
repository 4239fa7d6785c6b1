//! The pages: a title, the resources and how they are put together.

mod dashboard;
mod keys;

pub(crate) use dashboard::*;
pub(crate) use keys::*;
