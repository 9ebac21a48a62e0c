//! How much of an authorization server's response is read (T7), on every transport.

use std::io::{self, Read};
use std::ops::ControlFlow;

use bytes::Bytes;
use http::StatusCode;
use zeroize::Zeroizing;

use crate::secret::SecretBytes;
use crate::{ExchangeError, ExchangeErrorKind, ExchangeOptions, Moment, Runtime, ThreadRuntime};

/// The body of an answer to a token request, put together piece by piece as it is read: bounded as
/// [`TokenTransport::exchange`](crate::TokenTransport::exchange) says, and wiped when it is dropped.
///
/// For implementors of that trait.
///
/// # Examples
///
/// ```
/// use std::io::{Read, Result};
///
/// use alf_core::{AnswerBody, ExchangeOptions, ExchangeError, ExchangeErrorKind};
/// use bytes::Bytes;
/// use http::StatusCode;
///
/// fn read(
///     status: StatusCode,
///     mut body: impl Iterator<Item = Result<Bytes>>,
///     options: &ExchangeOptions,
/// ) -> std::result::Result<Bytes, ExchangeError> {
///     let mut answer = AnswerBody::new(status, options);
///     for piece in body {
///         let piece = piece.map_err(|e| ExchangeError::new(ExchangeErrorKind::Exchange, e))?;
///         if answer.push(&piece)?.is_break() {
///             break;
///         }
///     }
///     Ok(answer.into_bytes())
/// }
/// ```
pub struct AnswerBody {
    read: SecretBytes,
    max_bytes: usize,
    success: bool,
}

impl AnswerBody {
    /// Of an answer with that status, of which nothing is read yet.
    pub fn new(status: StatusCode, options: &ExchangeOptions) -> Self {
        Self {
            read: SecretBytes::with_capacity(USUAL.min(options.max_bytes())),
            max_bytes: options.max_bytes(),
            success: status.is_success(),
        }
    }

    /// Adds a piece, as far as there is space. `Break` means that enough was read.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](ExchangeErrorKind::TooLarge) where a token should be in the body, and there is
    /// more of it than may be read.
    pub fn push(&mut self, piece: &[u8]) -> Result<ControlFlow<()>, ExchangeError> {
        // Never less than none: what does not fit ends the reading.
        let space = self.max_bytes.saturating_sub(self.read.len());
        let Some(fits) = piece.get(..space).filter(|_| piece.len() > space) else {
            self.read.push(piece);
            return Ok(ControlFlow::Continue(()));
        };
        if self.success {
            return Err(ExchangeErrorKind::TooLarge.into());
        }
        // B1: a failure is judged by its status, whatever its length.
        self.read.push(fits);
        Ok(ControlFlow::Break(()))
    }

    /// Reads a body that blocks, to its end or as far as there is space, and returns what was read.
    ///
    /// A time-out for each read does not bound a body that comes byte by byte (S5): between reads,
    /// the clock of [`ThreadRuntime`] is compared with `ends_at`. `failure` converts an error of
    /// the library means.
    ///
    /// # Errors
    ///
    /// [`Timeout`](ExchangeErrorKind::Timeout) where the time is up, those of
    /// [`push`](Self::push), and what `failure` makes of the library's. A read that was
    /// interrupted is repeated.
    pub fn read_from(
        mut self,
        mut body: impl Read,
        ends_at: Moment,
        failure: impl FnOnce(io::Error) -> ExchangeError,
    ) -> Result<Bytes, ExchangeError> {
        let mut buffer = Zeroizing::new(vec![0; PIECE]);
        loop {
            match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    // Never more than the buffer has.
                    let piece = buffer.get(..length).unwrap_or_default();
                    if self.push(piece)?.is_break() {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failure(error)),
            }
            if ends_at <= ThreadRuntime.now() {
                return Err(ExchangeErrorKind::Timeout.into());
            }
        }
        Ok(self.into_bytes())
    }

    /// What was read.
    pub fn into_bytes(self) -> Bytes {
        self.read.into_bytes()
    }
}

/// It may hold a token.
impl std::fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswerBody").finish_non_exhaustive()
    }
}

/// More than a usual token response has: a JWT of a few KiB, and some members beside it.
const USUAL: usize = 16 * 1024;

/// How much a body that blocks is asked for at once.
const PIECE: usize = 8 * 1024;
