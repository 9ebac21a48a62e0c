//! A future against a timer.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::BoxFuture;

/// The outcome of `future`, or `None` if `timer` ends first. A future that is ready is never late.
pub(crate) async fn before<F: Future>(future: F, mut timer: BoxFuture) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| {
        if let Poll::Ready(outcome) = future.as_mut().poll(context) {
            return Poll::Ready(Some(outcome));
        }
        timer.as_mut().poll(context).map(|()| None)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use pollster::block_on;

    use super::*;

    #[test]
    fn s5_the_first_to_end_ends_the_wait() {
        let ended = || -> BoxFuture { Box::pin(ready(())) };
        let never = || -> BoxFuture { Box::pin(pending()) };
        assert_eq!(block_on(before(ready(7), never())), Some(7));
        assert_eq!(block_on(before(ready(7), ended())), Some(7));
        assert_eq!(block_on(before(pending::<u8>(), ended())), None);
    }
}
