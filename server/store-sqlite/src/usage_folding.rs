//! Folding, a step at a time: the sums of a generation on their way into the totals.

use super::usage_log::SqliteUsageLog;
use crate::Trouble;
use crate::usage_journal::{Generation, unfolded};
use crate::use_sums::{KeySum, Piece, Pieces, UseSums};
use domain::time::Micros;
use store::{Lag, Use};

/// The uses of the generation that is being written, added up.
#[derive(Default)]
pub(super) struct Gathered {
    sums: UseSums,
    pub(super) lag: Lag,
}

impl Gathered {
    /// Adds a batch that is committed.
    pub(super) fn add(&mut self, at: Micros, uses: &[Use]) {
        uses.iter().for_each(|one| self.sums.add(*one, at));
        self.lag.uses += uses.len() as u64;
        self.lag.since = self.lag.since.or(Some(at));
    }
}

/// A generation on its way into the totals.
pub(super) struct Folding {
    generation: Generation,
    pieces: Pieces,
    /// What the next transaction moves; it stays until it is moved.
    chunk: Vec<Piece>,
    pub(super) lag: Lag,
}

impl Folding {
    fn new(generation: Generation, mut pieces: Pieces, lag: Lag) -> Self {
        let chunk = pieces.next_chunk();
        Self { generation, pieces, chunk, lag }
    }
}

impl SqliteUsageLog {
    /// Begins to fold what was written so far, or takes up what stalled.
    pub(super) fn begin_fold(&mut self) {
        if self.folding.is_none() {
            self.folding = self.stalled.take();
        }
        if self.folding.is_some() || self.gathered.lag.uses == 0 {
            return;
        }
        let Gathered { sums, lag } = std::mem::take(&mut self.gathered);
        self.folding = Some(Folding::new(self.generation, sums.into_pieces(), lag));
        self.generation = self.generation.next();
    }

    /// One transaction of the fold. After a failure the journal still keeps everything; after a lock the fold goes on with
    /// the same chunk, and after another failure when it is due again.
    pub(super) fn fold_step(&mut self) -> Result<(), Trouble> {
        let Some(mut folding) = self.folding.take() else { return Ok(()) };
        match self.fold_chunk(&mut folding) {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.folding = Some(folding);
                Ok(())
            }
            Err(error) if error.0.is_lock() => {
                self.folding = Some(folding);
                Err(error)
            }
            Err(error) => {
                tracing::error!(%error, "the journal could not be folded");
                self.stalled = Some(folding);
                Err(error)
            }
        }
    }

    /// One transaction; returns whether it was the last.
    fn fold_chunk(&mut self, folding: &mut Folding) -> Result<bool, Trouble> {
        if folding.chunk.is_empty() {
            return self.drop_generation(folding.generation).map(|more| !more);
        }
        self.name(folding.chunk.iter().map(Piece::key))?;
        self.fold(folding.generation, &folding.chunk)?;
        folding.chunk = folding.pieces.next_chunk();
        Ok(false)
    }

    /// Folds a generation at once.
    pub(super) fn fold_whole(&mut self, generation: Generation, sums: Vec<KeySum>) -> Result<(), Trouble> {
        let mut folding = Folding::new(generation, sums.into(), Lag::default());
        while !self.fold_chunk(&mut folding)? {}
        Ok(())
    }

    /// Folds the generations that a run left that was not stopped.
    pub(super) fn fold_what_is_left(&mut self) -> Result<(), Trouble> {
        let (mut uses, mut keys) = (0, 0);
        for (generation, sums) in unfolded(&self.connection)? {
            uses += sums.iter().map(|sum| sum.count).sum::<u64>();
            keys += sums.len();
            self.fold_whole(generation, sums)?;
            self.generation = self.generation.max(generation);
        }
        if self.generation > Generation::default() {
            let event = "journal_folded";
            tracing::info!(
                event,
                uses,
                keys,
                "the last run left uses in the journal; they are in the totals now"
            );
        }
        self.generation = self.generation.next();
        Ok(())
    }
}
