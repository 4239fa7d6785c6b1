//! Nothing dies quietly, and nothing stands still for the sake of something else.

mod clock;
mod locks;
mod parts;
mod signals;
