//! What is kept of a body while it is sent.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};

use crate::error::BoxError;

/// The frames of a body, up to a limit. The body that is sent writes them, and its copies read them.
#[derive(Debug)]
pub(crate) struct KeptBody {
    limit: usize,
    /// Of the data, if the body says it before it is sent. A copy says the same, and so is sent in the same way: HTTP/1.1 sends no
    /// trailers after a body of known length, and refuses one that is shorter than it says.
    length: Option<u64>,
    frames: Mutex<Frames>,
}

#[derive(Debug, Default)]
struct Frames {
    data: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    /// Of the data, and at least [`SMALLEST`] for each frame.
    size: usize,
    has_ended: bool,
}

impl KeptBody {
    pub(crate) fn new(limit: usize, length: Option<u64>) -> Self {
        Self {
            limit,
            length,
            frames: Mutex::default(),
        }
    }

    /// Keeps the next frame, or the end of the body. Returns whether there is more to keep.
    pub(crate) fn goes_on(
        &self,
        frame: Option<&Result<Frame<Bytes>, BoxError>>,
        is_last: impl FnOnce() -> bool,
    ) -> bool {
        let mut frames = self.frames();
        let fits = match frame {
            Some(Ok(frame)) => frames.push(frame, self.limit),
            // It ended too early.
            Some(Err(_)) => false,
            None => {
                frames.has_ended = true;
                return false;
            }
        };
        if !fits {
            *frames = Frames::default();
            return false;
        }
        // A sender may not poll the body again after its trailers.
        frames.has_ended = is_last() || frames.trailers.is_some();
        !frames.has_ended
    }

    /// Whether the body was kept to its end. The methods below are for one that was.
    pub(crate) fn is_whole(&self) -> bool {
        self.frames().has_ended
    }

    /// Returns the frame after that many others, or `None` at the end.
    pub(crate) fn frame(&self, index: usize) -> Option<Frame<Bytes>> {
        let frames = self.frames();
        match frames.data.get(index) {
            Some(data) => Some(Frame::data(data.clone())),
            None if index == frames.data.len() => frames.trailers.clone().map(Frame::trailers),
            None => None,
        }
    }

    /// Whether there is nothing after that many frames, as the body says it: it did not say at once that it was empty.
    pub(crate) fn ends_after(&self, index: usize) -> bool {
        let frames = self.frames();
        let trailers = usize::from(frames.trailers.is_some());
        let count = frames.data.len().saturating_add(trailers).max(1);
        index >= count && self.left(&frames, index).is_none_or(|left| left == 0)
    }

    /// Returns how much data follows after that many frames, as the body says it.
    pub(crate) fn size_hint(&self, index: usize) -> SizeHint {
        let left = self.left(&self.frames(), index);
        left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }

    fn left(&self, frames: &Frames, index: usize) -> Option<u64> {
        let sent = frames.data.iter().take(index).map(Bytes::len);
        let sent = sent.sum::<usize>() as u64;
        self.length.map(|length| length.saturating_sub(sent))
    }

    fn frames(&self) -> MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Frames {
    /// Returns whether it fits.
    fn push(&mut self, frame: &Frame<Bytes>, limit: usize) -> bool {
        if let Some(trailers) = frame.trailers_ref() {
            self.trailers = Some(trailers.clone());
        }
        let data = frame.data_ref().cloned().unwrap_or_default();
        self.size = self.size.saturating_add(data.len().max(SMALLEST));
        let fits = self.size <= limit;
        if fits && !data.is_empty() {
            self.data.push(data);
        }
        fits
    }
}

/// What each frame costs besides its data.
const SMALLEST: usize = size_of::<Bytes>();
