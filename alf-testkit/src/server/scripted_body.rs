//! [`ScriptedBody`]: the body of an answer, in memory or made while it is sent.

use std::iter;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;

/// How many bytes are made at once while a long body is sent: whole alphabets, so that each piece
/// starts with an `a`.
pub(crate) const PIECE: usize = 2_500 * ALPHABET;

const ALPHABET: usize = 26;

/// A piece of [`pattern`].
pub(crate) static PATTERN: LazyLock<Bytes> = LazyLock::new(|| pattern(0, PIECE).into());

/// Returns the bytes from `offset` on of the body that
/// [`Answer::body_of_length`](super::Answer::body_of_length) sends: `abc…z`, repeated.
pub fn pattern(offset: u64, length: usize) -> Vec<u8> {
    let start = usize::try_from(offset % ALPHABET as u64).unwrap_or(0);
    (b'a'..=b'z').cycle().skip(start).take(length).collect()
}

/// Takes a piece from the `left` bytes of [`pattern`] that remain.
pub(crate) fn next_piece(left: &mut u64) -> Option<Bytes> {
    let length = usize::try_from(*left).map_or(PIECE, |left| left.min(PIECE));
    *left -= length as u64;
    (length > 0).then(|| PATTERN.slice(..length))
}

#[derive(Clone)]
pub(super) struct ScriptedBody {
    pieces: Arc<[Bytes]>,
    /// So many bytes of [`pattern`] follow.
    pattern: u64,
    chunked: bool,
}

impl ScriptedBody {
    pub(super) fn of_pieces(pieces: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self {
            pieces: pieces.into_iter().map(Bytes::from).collect(),
            pattern: 0,
            chunked: false,
        }
    }

    pub(super) fn of_pattern(length: u64) -> Self {
        Self {
            pattern: length,
            ..Self::of_pieces([])
        }
    }

    /// Sends each piece as a chunk.
    pub(super) fn in_chunks(self) -> Self {
        Self {
            chunked: true,
            ..self
        }
    }

    /// Returns `None` for a body that is sent in chunks.
    pub(super) fn length(&self) -> Option<u64> {
        let pieces = self.pieces.iter().map(|piece| piece.len() as u64);
        (!self.chunked).then(|| pieces.sum::<u64>() + self.pattern)
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = Bytes> {
        let mut left = self.pattern;
        let pattern = iter::from_fn(move || next_piece(&mut left));
        self.pieces.iter().cloned().chain(pattern)
    }

    /// Returns what is sent of this body if the server hangs up in the middle.
    pub(super) fn start(&self) -> Self {
        let pieces = match &*self.pieces {
            [whole] => [whole.slice(..whole.len() / 2)].into(),
            several => several
                .iter()
                .take(several.len().div_ceil(2))
                .cloned()
                .collect(),
        };
        Self {
            pieces,
            pattern: (self.pattern / 2).min(PIECE as u64),
            ..*self
        }
    }
}
