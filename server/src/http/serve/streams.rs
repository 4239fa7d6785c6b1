//! The tasks of HTTP/2 requests.

use super::watch::ANSWER_TIME;
use hyper::rt::Executor;
use std::future::Future;

/// Runs each request of an HTTP/2 connection as a task that ends in bounded time: a client that gives no
/// window to send into would hold its answer for ever.
#[derive(Clone)]
pub(super) struct Streams;

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, stream: F) {
        #[expect(clippy::disallowed_methods, reason = "a request of one connection, which ends by itself")]
        tokio::spawn(tokio::time::timeout(ANSWER_TIME, stream));
    }
}
