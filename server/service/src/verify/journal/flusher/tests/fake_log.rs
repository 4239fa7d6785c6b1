//! A log in memory.

use super::*;

/// A log in memory that fails when it is told to.
#[derive(Clone, Default)]
pub(super) struct FakeLog {
    pub(super) broken: Arc<AtomicBool>,
    pub(super) locked: Arc<AtomicBool>,
    /// Whether the lock is that of its own checkpoint.
    pub(super) emptied: Arc<AtomicBool>,
    pub(super) panics: Arc<AtomicBool>,
    pub(super) helpless: Arc<AtomicBool>,
    pub(super) kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
pub(super) struct Kept {
    pub(super) batches: Vec<usize>,
    /// Uses that wait to be folded, and whether that has begun.
    pub(super) unfolded: usize,
    pub(super) is_folding: bool,
    pub(super) folded: Vec<usize>,
    pub(super) refused: u64,
    pub(super) tries: u32,
    /// What each transaction wrote.
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Uses(usize),
    Folded,
    Refused(usize),
}

impl FakeLog {
    fn works(&self) -> Result<(), StoreError> {
        self.kept.lock().tries += 1;
        assert!(!self.panics.load(Ordering::SeqCst), "a fault of the log");
        if self.locked.load(Ordering::SeqCst) {
            let text = "database is locked".to_owned();
            let is_own = self.emptied.load(Ordering::SeqCst);
            return Err(if is_own { StoreError::Busy(text) } else { StoreError::Locked(text) });
        }
        match self.broken.load(Ordering::SeqCst) {
            true => Err(StoreError::Unavailable("disk full".into())),
            false => Ok(()),
        }
    }

    fn wrote(&self, step: Step) {
        self.kept.lock().steps.push(step);
    }
}

#[async_trait]
impl UsageLog for FakeLog {
    async fn recover(&mut self, _: &mut (dyn FnMut(Total) + Send)) -> Result<(), StoreError> {
        Ok(())
    }

    async fn append(&mut self, _: Micros, uses: &[Use]) -> Result<Vec<Change>, StoreError> {
        self.works()?;
        self.wrote(Step::Uses(uses.len()));
        let mut kept = self.kept.lock();
        kept.batches.push(uses.len());
        kept.unfolded += uses.len();
        Ok(Vec::new())
    }

    async fn refuse(&mut self, refusals: &[(Refusal, u64)]) -> Result<(), StoreError> {
        self.works()?;
        self.wrote(Step::Refused(refusals.len()));
        self.kept.lock().refused += refusals.iter().map(|(_, n)| n).sum::<u64>();
        Ok(())
    }

    async fn probe(&mut self) -> Result<(), StoreError> {
        self.works()
    }

    fn begin_maintenance(&mut self, _: Micros, _: Option<i64>) -> Result<(), StoreError> {
        if self.helpless.load(Ordering::SeqCst) {
            return Err(StoreError::Ended("its helper is gone".into()));
        }
        self.begin_end();
        Ok(())
    }

    fn begin_end(&mut self) {
        let mut kept = self.kept.lock();
        kept.is_folding = kept.unfolded > 0;
    }

    fn has_work(&self) -> bool {
        self.kept.lock().is_folding
    }

    async fn maintain(&mut self) -> Result<(), StoreError> {
        let works = self.works();
        let mut kept = self.kept.lock();
        kept.is_folding = works.as_ref().is_err_and(StoreError::is_lock);
        works?;
        let folded = std::mem::take(&mut kept.unfolded);
        kept.folded.push(folded);
        kept.steps.push(Step::Folded);
        Ok(())
    }

    fn lag(&self) -> Lag {
        Lag { uses: self.kept.lock().unfolded as u64, since: None }
    }

    async fn close(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}
