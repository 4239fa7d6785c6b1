//! Sub-users: what their role lets them do, and what the owner of their account does with them.

mod account;
mod invitations;
mod keys;
mod removal;
mod roles;
