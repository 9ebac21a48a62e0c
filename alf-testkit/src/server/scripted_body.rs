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
///
/// # Examples
///
/// ```
/// assert_eq!(alf_testkit::server::pattern(24, 5), b"yzabc");
/// ```
pub fn pattern(offset: u64, length: usize) -> Vec<u8> {
    let start = usize::try_from(offset % ALPHABET as u64).unwrap_or(0);
    (b'a'..=b'z').cycle().skip(start).take(length).collect()
}

#[derive(Clone)]
pub(super) struct ScriptedBody {
    source: BodySource,
    chunked: bool,
}

#[derive(Clone)]
enum BodySource {
    Pieces(Arc<[Vec<u8>]>),
    /// So many bytes of [`pattern`].
    Pattern(u64),
}

impl ScriptedBody {
    pub(super) fn of_pieces(pieces: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self {
            source: BodySource::Pieces(pieces.into_iter().collect()),
            chunked: false,
        }
    }

    pub(super) fn of_pattern(length: u64) -> Self {
        Self {
            source: BodySource::Pattern(length),
            chunked: false,
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
        if self.chunked {
            return None;
        }
        Some(match &self.source {
            BodySource::Pieces(pieces) => pieces.iter().map(|piece| piece.len() as u64).sum(),
            BodySource::Pattern(length) => *length,
        })
    }

    pub(super) fn pieces(&self) -> Box<dyn Iterator<Item = &[u8]> + '_> {
        match &self.source {
            BodySource::Pieces(pieces) => Box::new(pieces.iter().map(Vec::as_slice)),
            BodySource::Pattern(length) => {
                let mut left = *length;
                Box::new(iter::from_fn(move || {
                    let size = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
                    left -= size as u64;
                    PATTERN.get(..size).filter(|piece| !piece.is_empty())
                }))
            }
        }
    }

    /// Returns what is sent of this body if the server hangs up in the middle.
    pub(super) fn start(&self) -> Self {
        let source = match &self.source {
            BodySource::Pieces(pieces) => match &**pieces {
                [whole] => {
                    let half = whole.len() / 2;
                    BodySource::Pieces([whole.iter().take(half).copied().collect()].into())
                }
                several => {
                    let half = several.len().div_ceil(2);
                    BodySource::Pieces(several.iter().take(half).cloned().collect())
                }
            },
            BodySource::Pattern(length) => BodySource::Pattern((length / 2).min(PIECE as u64)),
        };
        Self { source, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_make_up_the_pattern() {
        let length = 3 * PIECE + 5;
        let sent = ScriptedBody::of_pattern(length as u64);
        let sent: Vec<u8> = sent.pieces().flatten().copied().collect();
        assert!(sent == pattern(0, length));
    }

    #[test]
    fn the_start_of_a_body_is_shorter_than_declared() {
        let bodies = [
            ScriptedBody::of_pieces([vec![b'x'; 100]]),
            ScriptedBody::of_pattern(100),
        ];
        for body in bodies {
            assert_eq!(body.start().pieces().flatten().count(), 50);
        }
    }
}
