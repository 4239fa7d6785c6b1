//! What a key should be, as plain as can be.

use std::collections::BTreeSet;

/// A Default key, by the last number of each address; or a tombstone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Model {
    pub(crate) locked: Option<u8>,
    pub(crate) listed: BTreeSet<u8>,
    pub(crate) deleted: bool,
}

impl Model {
    /// Uses it; answers the code, nothing for VALID.
    pub(crate) fn use_from(&mut self, address: u8) -> &'static str {
        let code = self.judge(address);
        if code.is_empty() {
            self.bind(address);
        }
        code
    }

    /// What a use would be answered.
    pub(crate) fn judge(&self, address: u8) -> &'static str {
        let listed = self.listed.contains(&address);
        match self.locked {
            _ if self.deleted => "DELETED",
            Some(locked) if locked != address && !listed => "IP_NOT_ALLOWED",
            None if !self.listed.is_empty() && !listed => "IP_NOT_ALLOWED",
            _ => "",
        }
    }

    /// Makes an address that may pass the first, if there is none.
    pub(crate) fn bind(&mut self, address: u8) {
        self.locked.get_or_insert(address);
    }

    /// Each of these answers whether it was done.
    pub(crate) fn add(&mut self, address: u8) -> bool {
        !self.deleted && self.listed.insert(address)
    }

    pub(crate) fn remove(&mut self, address: u8) -> bool {
        !self.deleted && self.listed.remove(&address)
    }

    pub(crate) fn release(&mut self) -> bool {
        self.locked = self.locked.filter(|_| self.deleted);
        !self.deleted
    }

    pub(crate) fn delete(&mut self) -> bool {
        !std::mem::replace(&mut self.deleted, true)
    }
}

/// The address that a number stands for.
pub(crate) fn address(last: u8) -> String {
    format!("203.0.113.{last}")
}
