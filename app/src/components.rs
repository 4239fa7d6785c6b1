//! Pieces of pages: they take data or signals and fetch nothing.

mod announcer;
mod choice;
mod copy_button;
mod field;
mod footer;
mod form;
mod have_it;
mod header;
mod heading;
mod loaded;
mod menu;
#[cfg(feature = "ssr")]
mod moment;
#[cfg(feature = "ssr")]
mod pager;
#[cfg(feature = "ssr")]
mod table;
mod token;

pub(crate) use announcer::*;
pub(crate) use choice::*;
pub(crate) use copy_button::*;
pub(crate) use field::*;
pub(crate) use footer::*;
pub(crate) use form::*;
pub(crate) use have_it::*;
pub(crate) use header::*;
pub(crate) use heading::*;
pub(crate) use loaded::*;
pub(crate) use menu::*;
#[cfg(feature = "ssr")]
pub(crate) use moment::*;
#[cfg(feature = "ssr")]
pub(crate) use pager::*;
#[cfg(feature = "ssr")]
pub(crate) use table::*;
pub(crate) use token::*;
