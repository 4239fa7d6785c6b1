//! Bodies. Reading a request's body that is late returns an error. A response counts as in flight until its body is handed
//! over, a page over HTTP/2 until its last byte is sent.

use super::watch::InFlight;
use crate::http::held::Gone;
use crate::traffic::{Held, Traffic};
use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;

/// The body of a request, to be read whole within a time.
pub(super) struct Timed<B> {
    body: B,
    time: Duration,
    traffic: Arc<Traffic>,
    /// Set when the reader first has to wait, on the runtime of the reader.
    timer: Option<Pin<Box<Sleep>>>,
    late: Late,
}

/// Whether a body was given up.
#[derive(Clone, Default)]
pub(super) struct Late(Arc<AtomicBool>);

impl Late {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request's body for the router; most have none, and need no timer.
pub(super) fn timed(body: Incoming, time: Duration, traffic: &Arc<Traffic>) -> (Body, Option<Late>) {
    if body.is_end_stream() {
        return (Body::empty(), None);
    }
    let timed = Timed::new(body, time, Arc::clone(traffic));
    let late = timed.late.clone();
    (Body::new(timed), Some(late))
}

impl<B> Timed<B> {
    fn new(body: B, time: Duration, traffic: Arc<Traffic>) -> Self {
        Self { body, time, traffic, timer: None, late: Late::default() }
    }
}

impl<B> HttpBody for Timed<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.late.is_set() {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::other)));
        }
        let time = self.time;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.late.0.store(true, Ordering::Relaxed);
        self.traffic.late_bodies.add();
        Poll::Ready(Some(Err(Error::new(ErrorKind::TimedOut, "the body did not come in time"))))
    }

    fn is_end_stream(&self) -> bool {
        self.late.is_set() || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer.
pub(super) struct ResponseBody {
    body: Body,
    /// What has to happen before it ends.
    gone: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    _in_flight: InFlight,
    _place: Option<Held>,
}

impl ResponseBody {
    pub(super) fn new(body: Body, in_flight: InFlight, place: Option<Held>) -> Self {
        Self { body, gone: None, _in_flight: in_flight, _place: place }
    }

    /// Ends only when the bytes are gone: HTTP/2 takes a body that its client gives no window for, and would
    /// hold it for as long as the connection lives. So the time of a request goes on, and takes it back.
    pub(super) fn until(self, gone: Option<Gone>) -> Self {
        Self { gone: gone.map(|gone| Box::pin(gone.wait())), ..self }
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none()
            && let Some(gone) = &mut self.gone
        {
            ready!(gone.as_mut().poll(cx));
            self.gone = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.gone.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt, StreamBody};
    use std::convert::Infallible;
    use tokio::time::Instant;

    /// A byte every `every` seconds, for ever.
    fn endless(every: u64) -> impl HttpBody<Data = Bytes, Error = Infallible> + Unpin {
        let stream = futures::stream::unfold((), move |()| async move {
            tokio::time::sleep(Duration::from_secs(every)).await;
            Some((Ok(Frame::data(Bytes::from_static(b"x"))), ()))
        });
        StreamBody::new(Box::pin(stream))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_cut_when_it_stalls_and_when_it_trickles() {
        for every in [1, 1000] {
            let traffic = Arc::new(Traffic::default());
            let began = Instant::now();
            let mut body = Timed::new(endless(every), Duration::from_secs(10), traffic.clone());
            let error = loop {
                match body.frame().await.unwrap() {
                    Ok(_) => {}
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
            assert!(body.frame().await.is_none() && traffic.late_bodies.get() == 1);
        }
    }
}
