//! The engines that have to pass. A further one is a function here, and a line in [`for_each_engine`].

use domain::token::TokenHash;
use futures::future::LocalBoxFuture;
use std::path::PathBuf;
use std::sync::Arc;
use store::{NoticePolicy, Store, UsageLog, Watcher};

/// What is opened.
#[derive(Clone)]
pub(crate) struct Data {
    /// The data directory; empty for a new store.
    pub(crate) directory: PathBuf,
    /// Stands for the secrets that the data belongs to.
    pub(crate) secrets: TokenHash,
    /// Whether each batch of uses is synced before it is answered.
    pub(crate) durable_usage: bool,
    /// How notices are passed on.
    pub(crate) notices: NoticePolicy,
}

/// The two halves of a store.
pub(crate) type Opened = (Arc<dyn Store>, Box<dyn UsageLog>);

/// Why a store was not opened, in the words of its engine.
pub(crate) type Refused = Box<dyn std::error::Error>;

/// Opens a store.
pub(crate) type Engine = fn(Data, Arc<dyn Watcher>) -> LocalBoxFuture<'static, Result<Opened, Refused>>;

pub(crate) fn sqlite(
    data: Data,
    watcher: Arc<dyn Watcher>,
) -> LocalBoxFuture<'static, Result<Opened, Refused>> {
    Box::pin(async move {
        let Data { directory, secrets, durable_usage, notices } = data;
        let (store, log) = store_sqlite::open(&directory, secrets, durable_usage, notices, watcher).await?;
        Ok((Arc::new(store) as Arc<dyn Store>, Box::new(log) as Box<dyn UsageLog>))
    })
}

/// Makes a test of each of these clauses for each engine. A clause that is left out is dead code, which is an error.
macro_rules! for_each_engine {
    ($($clause:ident),+ $(,)?) => {
        for_each_engine!(@engine sqlite: $($clause),+);
    };
    (@engine $engine:ident: $($clause:ident),+) => {
        mod $engine {
            $(
                #[tokio::test]
                async fn $clause() {
                    super::$clause(crate::engines::$engine).await;
                }
            )+
        }
    };
}
pub(crate) use for_each_engine;
