//! Bodies: whether one can be sent twice, and a blocking one as an async one and back.
//!
//! isahc does the latter itself, behind its own blocking methods; but those know no token.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use futures_channel::mpsc::{self, Receiver, Sender};
use futures_util::future::{FutureExt, lazy, poll_fn};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use futures_util::{AsyncRead, AsyncReadExt};
use isahc::{AsyncBody, Body};

/// A copy of a body that is in memory; `None` of a stream (R4).
pub(crate) fn try_clone(body: &mut AsyncBody) -> Option<AsyncBody> {
    // A body is in memory exactly when it can be reset.
    if !body.reset() {
        return None;
    }
    if body.is_empty() {
        return Some(AsyncBody::empty());
    }
    let mut bytes = vec_for(body.len());
    // Ready at once, and without an error: it is in memory.
    body.read_to_end(&mut bytes).now_or_never()?.ok()?;
    body.reset();
    Some(AsyncBody::from(bytes))
}

/// What is in memory stays so, and can be replayed. A reader is read on a thread of its own, as
/// fast as isahc sends, and not before isahc starts to.
pub(crate) fn into_async(mut body: Body) -> AsyncBody {
    if body.is_empty() {
        return AsyncBody::empty();
    }
    if body.reset() {
        let mut bytes = vec_for(body.len());
        if body.read_to_end(&mut bytes).is_ok() {
            return AsyncBody::from(bytes);
        }
    }
    match body.len() {
        Some(length) => AsyncBody::from_reader_sized(pumped(body), length),
        None => AsyncBody::from_reader(pumped(body)),
    }
}

/// A response's body: isahc fills it on a thread of its own, so the reader may block.
pub(crate) fn into_sync(body: AsyncBody) -> Body {
    if body.is_empty() {
        return Body::empty();
    }
    match body.len() {
        Some(length) => Body::from_reader_sized(Waiting(body), length),
        None => Body::from_reader(Waiting(body)),
    }
}

struct Waiting(AsyncBody);

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        pollster::block_on(self.0.read(buffer))
    }
}

/// isahc polls bodies on the thread that drives all its transfers: a reader that blocks there would
/// hold up the others, and for ever if it reads one of them.
fn pumped(body: Body) -> impl AsyncRead + Send + Sync {
    let pieces = stream::once(lazy(move |_| start_reader(body))).flatten();
    pieces.into_async_read()
}

/// The thread that reads `body`; it ends with it, or at the next piece after the request has ended.
fn start_reader(body: Body) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel(0);
    let mut failed = sender.clone();
    let pump = thread::Builder::new().name("alf-body".to_owned());
    if let Err(error) = pump.spawn(move || pump_into(sender, body)) {
        // There is space for one of each sender.
        let _ = failed.try_send(Err(error));
    }
    receiver
}

fn pump_into(mut sender: Sender<io::Result<Vec<u8>>>, mut body: Body) {
    while let Some(piece) = next_piece(&mut body) {
        let failed = piece.is_err();
        let gone = pollster::block_on(poll_fn(|context| sender.poll_ready(context))).is_err();
        if gone || sender.start_send(piece).is_err() || failed {
            return;
        }
    }
}

/// `None` at the end.
fn next_piece(body: &mut Body) -> Option<io::Result<Vec<u8>>> {
    let mut piece = vec![0; PIECE];
    loop {
        // A reader that panics must not look like one that ended: the body would be cut short.
        match catch_unwind(AssertUnwindSafe(|| body.read(&mut piece))) {
            Ok(Ok(0)) => return None,
            Ok(Ok(length)) => {
                piece.truncate(length);
                return Some(Ok(piece));
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(Err(error)) => return Some(Err(error)),
            Err(_) => return Some(Err(io::Error::other("the reader of a body panicked"))),
        }
    }
}

fn vec_for(length: Option<u64>) -> Vec<u8> {
    let length = length.and_then(|length| usize::try_from(length).ok());
    Vec::with_capacity(length.unwrap_or_default())
}

/// As much as curl asks for at once.
const PIECE: usize = 16 * 1024;
