//! Faults, injected: what was promised holds through the death of the process, power loss, full and broken
//! disks, and races. A few rounds each; `make soak` runs many (docs/reliability.md).

mod backups;
mod counts;
mod crash;
mod customer;
mod disk;
mod disk_image;
mod house;
mod load;
mod model;
mod power_loss;
mod restoring;
mod retries;
mod revocation;
mod rotation;
mod rounds;
mod small_disk;
mod together;
mod told;
pub(crate) mod trace;

pub(crate) use model::{Model, address};
pub(crate) use rounds::rounds;
