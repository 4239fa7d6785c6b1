//! Which page of a list is shown.

/// A page of a list.
pub(crate) struct Paging {
    /// Its number from 1; 0 when the list is empty.
    pub(crate) page: u32,
    /// How many pages there are, at least 1.
    pub(crate) pages: u32,
    /// How many records stand before it.
    pub(crate) skipped: u32,
}

impl Paging {
    /// The wanted page of `total` records; a page past the end is the last one.
    pub(crate) fn new(total: u64, wanted: u32, size: u32) -> Self {
        let pages = u32::try_from(total.div_ceil(size.into())).unwrap_or(u32::MAX).max(1);
        let page = wanted.clamp(1, pages);
        Self { page: if total == 0 { 0 } else { page }, pages, skipped: (page - 1).saturating_mul(size) }
    }
}
