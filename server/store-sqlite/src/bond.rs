//! How a mark passes between the two files while the server runs, by atomics alone: the writer of the state asks for it, the
//! thread that counts writes it into usage.db, and the checkpoint thread syncs it.

use domain::mark::Mark;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

/// Marks on their way from one file to the other.
#[derive(Default)]
pub(super) struct Bond {
    wanted: AtomicI64,
    taken: AtomicI64,
    durable: AtomicI64,
    base: AtomicI64,
    counted: AtomicBool,
    emptying: AtomicBool,
    readers: AtomicUsize,
}

impl Bond {
    /// The state has announced this mark.
    pub(super) fn want(&self, mark: Mark) {
        self.wanted.store(mark.0, Ordering::Release);
    }

    /// The mark that the counts shall have.
    pub(super) fn wanted(&self) -> Mark {
        Mark(self.wanted.load(Ordering::Acquire))
    }

    /// The counts have this mark, committed.
    pub(super) fn take(&self, mark: Mark) {
        self.taken.store(mark.0, Ordering::Release);
    }

    /// The mark that the counts have.
    pub(super) fn taken(&self) -> Mark {
        Mark(self.taken.load(Ordering::Acquire))
    }

    /// The log of the counts was moved into their file, with this mark; the next log is begun on that.
    pub(super) fn moved(&self, mark: Mark) {
        self.base.fetch_max(mark.0, Ordering::AcqRel);
    }

    /// The mark that the file of the counts has without its log.
    pub(super) fn base(&self) -> Mark {
        Mark(self.base.load(Ordering::Acquire))
    }

    /// The mark that is committed and not yet durable.
    pub(super) fn undurable(&self) -> Option<Mark> {
        let taken = self.taken.load(Ordering::Acquire);
        (taken != self.durable.load(Ordering::Acquire)).then_some(Mark(taken))
    }

    /// This mark of the counts survives power loss now.
    pub(super) fn make_durable(&self, mark: Mark) {
        self.durable.store(mark.0, Ordering::Release);
    }

    /// Whether the counts have this mark for good.
    pub(super) fn is_durable(&self, mark: Mark) -> bool {
        self.durable.load(Ordering::Acquire) == mark.0
    }

    /// Runs `empty`, which keeps writers out of usage.db while it empties its log.
    pub(super) fn emptying<T>(&self, empty: impl FnOnce() -> T) -> T {
        self.emptying.store(true, Ordering::Release);
        let done = empty();
        self.emptying.store(false, Ordering::Release);
        done
    }

    /// Whether [`Self::emptying`] is going on.
    pub(super) fn is_emptying(&self) -> bool {
        self.emptying.load(Ordering::Acquire)
    }

    /// Another process begins to read.
    pub(super) fn lend(&self) {
        self.readers.fetch_add(1, Ordering::AcqRel);
    }

    /// It has ended.
    pub(super) fn take_back(&self) {
        self.readers.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether another process reads.
    pub(super) fn is_lent(&self) -> bool {
        self.readers.load(Ordering::Acquire) > 0
    }

    /// Something was counted.
    pub(super) fn counted(&self) {
        self.counted.store(true, Ordering::Release);
    }

    /// Whether something was counted since this was asked last.
    pub(super) fn has_counted(&self) -> bool {
        self.counted.swap(false, Ordering::AcqRel)
    }
}
