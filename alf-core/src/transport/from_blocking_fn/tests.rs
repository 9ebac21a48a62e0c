//! T4, T7, B1: how the answer to a token request is read. R8: how a rejected response is given up.
//! S5, X5: that neither goes on for ever.

use std::collections::VecDeque;
use std::io::{self, Cursor};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

use pollster::block_on;

use super::*;

const MOST: usize = 10;
const AMPLE: Duration = Duration::from_secs(3600);

/// What a body does when it is read; after the last it is over.
struct Script(VecDeque<Step>);

#[derive(Clone, Copy)]
enum Step {
    /// That many bytes; those of the whole body are numbered.
    Bytes(u8),
    Fails(io::ErrorKind),
}

impl Script {
    fn new(steps: &[Step]) -> Self {
        Self(steps.iter().copied().collect())
    }

    fn of_lengths(lengths: &[u8]) -> Self {
        let steps: Vec<_> = lengths.iter().copied().map(Step::Bytes).collect();
        Self::new(&steps)
    }
}

/// Numbers the bytes that come of a script.
struct Scripted {
    script: Script,
    next: u8,
}

impl Read for Scripted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.script.0.pop_front() {
            Some(Step::Bytes(count)) => {
                for place in &mut buffer[..usize::from(count)] {
                    *place = self.next;
                    self.next += 1;
                }
                Ok(usize::from(count))
            }
            Some(Step::Fails(kind)) => Err(kind.into()),
            None => Ok(0),
        }
    }
}

/// A body without end, of that many bytes for each read, which are counted.
struct Endless {
    piece: usize,
    read: Arc<AtomicUsize>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.piece.min(buffer.len());
        self.read.fetch_add(length, Ordering::Relaxed);
        Ok(length)
    }
}

/// The exchange whose answer is of that status and has that body.
fn exchange(
    status: u16,
    body: impl Read + Send + 'static,
    timeout: Duration,
) -> Result<Response<Bytes>, ExchangeError> {
    let body = Mutex::new(Some(body));
    let transport = from_blocking_fn(Redirects::NotFollowed, move |_request| {
        let body = body.lock().unwrap().take().unwrap();
        Response::builder().status(status).body(body)
    });
    let options = ExchangeOptions::new(MOST, timeout);
    block_on(transport.exchange(Request::default(), &options))
}

fn scripted(status: u16, script: Script) -> Result<Response<Bytes>, ExchangeError> {
    exchange(status, Scripted { script, next: 0 }, AMPLE)
}

#[test]
fn t7_a_body_is_read_whole_up_to_the_bound() {
    for lengths in [
        &[][..],
        &[10],
        &[1, 9],
        &[3, 3, 3, 1],
        &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    ] {
        for status in [200, 503] {
            let response = scripted(status, Script::of_lengths(lengths)).unwrap();
            let whole: Vec<u8> = (0..lengths.iter().sum()).collect();
            assert_eq!(response.body(), &whole, "{lengths:?}");
        }
    }
}

#[test]
fn t7_a_success_that_is_larger_is_an_error() {
    for lengths in [&[11][..], &[10, 1], &[3, 3, 3, 3]] {
        for status in [200, 204] {
            let error = scripted(status, Script::of_lengths(lengths)).unwrap_err();
            assert_eq!(error.kind(), ExchangeErrorKind::TooLarge, "{lengths:?}");
        }
    }
}

#[test]
fn b1_a_failure_that_is_larger_is_cut() {
    for status in [307, 400, 429, 503] {
        for lengths in [&[11][..], &[10, 1], &[3, 3, 3, 3]] {
            let response = scripted(status, Script::of_lengths(lengths)).unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(response.body(), &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9][..]);
        }
    }
}

#[test]
fn t7_an_endless_body_is_not_read_past_the_bound() {
    for (status, kind) in [(200, Some(ExchangeErrorKind::TooLarge)), (503, None)] {
        let read = Arc::new(AtomicUsize::new(0));
        let body = Endless {
            piece: 7,
            read: Arc::clone(&read),
        };
        let error = exchange(status, body, AMPLE).err();
        assert_eq!(error.map(|error| error.kind()), kind);
        assert_eq!(read.load(Ordering::Relaxed), 14);
    }
}

#[test]
fn t4_a_read_that_was_interrupted_is_repeated() {
    let script = Script::new(&[
        Step::Fails(io::ErrorKind::Interrupted),
        Step::Bytes(2),
        Step::Fails(io::ErrorKind::Interrupted),
        Step::Bytes(1),
    ]);
    assert_eq!(scripted(200, script).unwrap().body(), &[0, 1, 2][..]);
}

#[test]
fn t4_a_body_that_breaks_off_is_a_broken_exchange() {
    for status in [200, 503] {
        let script = Script::new(&[Step::Bytes(4), Step::Fails(io::ErrorKind::ConnectionReset)]);
        let error = scripted(status, script).unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::Exchange);
    }
}

#[test]
fn t4_a_closure_that_fails_is_a_broken_exchange() {
    let transport = from_blocking_fn(Redirects::NotFollowed, |_request| {
        Err::<Response<io::Empty>, _>(io::Error::from(io::ErrorKind::ConnectionRefused))
    });
    let options = ExchangeOptions::new(MOST, AMPLE);
    let error = block_on(transport.exchange(Request::default(), &options)).unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Exchange);
    let source = error.into_source().unwrap();
    let source = source.downcast_ref::<io::Error>().unwrap();
    assert_eq!(source.kind(), io::ErrorKind::ConnectionRefused);
}

/// Each read is in time, and the whole is not.
#[test]
fn s5_a_body_that_comes_byte_by_byte_ends_with_the_time() {
    let body = Endless {
        piece: 1,
        read: Arc::default(),
    };
    let error = exchange(200, body, Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Timeout);
}

fn discard<R: Read + Send + 'static>(body: R) {
    let transport = from_blocking_fn(Redirects::NotFollowed, |_request| {
        Err::<Response<R>, io::Error>(io::ErrorKind::Unsupported.into())
    });
    block_on(transport.discard(Response::new(body)));
}

/// How many bytes of such a body are read when it is discarded.
fn discarded(piece: usize, length: Option<u64>) -> usize {
    let read = Arc::new(AtomicUsize::new(0));
    let body = Endless {
        piece,
        read: Arc::clone(&read),
    };
    let body = body.take(length.unwrap_or(u64::MAX));
    discard(body);
    read.load(Ordering::Relaxed)
}

#[test]
fn r8_a_short_remainder_is_read_to_its_end() {
    assert_eq!(discarded(100, Some(0)), 0);
    assert_eq!(discarded(100, Some(1_000)), 1_000);
    assert_eq!(discarded(1_000_000, Some(64 * 1024)), 64 * 1024);
}

#[test]
fn r8_no_more_than_64_kib_of_a_long_remainder_are_read() {
    for length in [Some(64 * 1024 + 1), Some(10_000_000), None] {
        assert_eq!(discarded(1_000_000, length), 64 * 1024, "{length:?}");
    }
}

#[test]
fn r8_a_remainder_that_cannot_be_read_is_given_up() {
    let script = Script::new(&[
        Step::Fails(io::ErrorKind::Interrupted),
        Step::Bytes(1),
        Step::Fails(io::ErrorKind::TimedOut),
    ]);
    discard(Scripted { script, next: 0 });
}

#[test]
fn x5_threads_that_hang_in_a_closure_do_not_pile_up() {
    let (let_go, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let hangs = move |_request| {
        // Also where the test has failed, and its end is gone.
        let _ = held.lock().unwrap().recv();
        Ok::<_, io::Error>(Response::new(Cursor::new("at last")))
    };
    let transport = Arc::new(from_blocking_fn(Redirects::NotFollowed, hangs));
    let exchange = {
        let transport = Arc::clone(&transport);
        move || {
            let options = ExchangeOptions::new(MOST, AMPLE);
            block_on(transport.exchange(Request::default(), &options))
        }
    };
    let threads: Vec<_> = (0..MOST_EXCHANGES)
        .map(|_| thread::spawn(exchange.clone()))
        .collect();
    while Arc::strong_count(&transport.exchanges) <= MOST_EXCHANGES {
        thread::yield_now();
    }
    let error = exchange().unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Timeout);
    let advice = error.into_source().unwrap().to_string();
    assert!(advice.contains("set timeouts"), "{advice}");

    for _ in 0..=MOST_EXCHANGES {
        let_go.send(()).unwrap();
    }
    for thread in threads {
        assert_eq!(thread.join().unwrap().unwrap().body(), "at last");
    }
    assert_eq!(exchange().unwrap().body(), "at last");
}

#[test]
fn x5_a_closure_that_panics_does_not_count_as_one_that_hangs() {
    fn panics(_: Request<Bytes>) -> io::Result<Response<io::Empty>> {
        panic!("a closure that panics, on purpose");
    }
    let transport = from_blocking_fn(Redirects::NotFollowed, panics);
    let options = ExchangeOptions::new(MOST, AMPLE);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        block_on(transport.exchange(Request::default(), &options))
    }));
    assert!(panic.is_err());
    assert_eq!(Arc::strong_count(&transport.exchanges), 1);
}
