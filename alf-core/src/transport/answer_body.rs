//! How much of an authorization server's response is read (T7), on every transport.

use std::io::{self, Read};
use std::ops::ControlFlow;

use bytes::Bytes;
use http::StatusCode;
use zeroize::Zeroizing;

use crate::secret::SecretBytes;
use crate::{ExchangeError, ExchangeErrorKind, ExchangeOptions, Runtime, ThreadRuntime};

/// Collects the body of an answer to a token request, piece by piece. It keeps the size limit of
/// [`TokenTransport::exchange`](crate::TokenTransport::exchange). Its memory is wiped when it is dropped.
///
/// It is for those who implement that trait.
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
    options: ExchangeOptions,
    success: bool,
}

impl AnswerBody {
    /// Returns an empty body, for an answer with this status.
    pub fn new(status: StatusCode, options: &ExchangeOptions) -> Self {
        Self {
            read: SecretBytes::with_capacity(USUAL.min(options.max_bytes())),
            options: *options,
            success: status.is_success(),
        }
    }

    /// Adds a piece. `Break` means that the limit is reached, and no more has to be read.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](ExchangeErrorKind::TooLarge) if the status is a 2xx and the body is larger than the
    /// limit.
    pub fn push(&mut self, piece: &[u8]) -> Result<ControlFlow<()>, ExchangeError> {
        // Never less than none: what does not fit ends the reading.
        let space = self.options.max_bytes().saturating_sub(self.read.len());
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

    /// Reads a body that blocks, to its end or to the limit, and returns what was read.
    ///
    /// After each read, it checks whether [`timeout`](ExchangeOptions::timeout) has passed since alf made the options: a
    /// timeout for each read alone does not limit a body that arrives byte by byte (S5). A read that was interrupted is
    /// repeated. `failure` converts an error of the library.
    ///
    /// # Errors
    ///
    /// [`Timeout`](ExchangeErrorKind::Timeout) if that time has passed; the errors of
    /// [`push`](Self::push); and an error of the library, converted by `failure`.
    pub fn read_from(
        mut self,
        mut body: impl Read,
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
            if self.options.ends_at <= ThreadRuntime.now() {
                return Err(ExchangeErrorKind::Timeout.into());
            }
        }
        Ok(self.into_bytes())
    }

    /// Returns what was read.
    pub fn into_bytes(self) -> Bytes {
        self.read.into_bytes()
    }
}

/// Shows nothing of the body, because it may contain a token.
impl std::fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswerBody").finish_non_exhaustive()
    }
}

/// More than a usual token response has: a JWT of a few KiB, and some members beside it.
const USUAL: usize = 16 * 1024;

/// How much a body that blocks is asked for at once.
const PIECE: usize = 8 * 1024;
