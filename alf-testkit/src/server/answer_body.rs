//! [`AnswerBody`]: the body of an answer, in memory or made while it is sent.

use std::sync::{Arc, LazyLock};

/// Bytes that are made in one go while a long body is sent.
const PIECE: usize = 64 * 1024;

/// Twice the piece, so that a piece can begin anywhere in the alphabet.
static PATTERN: LazyLock<Vec<u8>> =
    LazyLock::new(|| (b'a'..=b'z').cycle().take(PIECE + 26).collect());

/// The bytes from `offset` on of the body that
/// [`Answer::body_of_length`](super::Answer::body_of_length) sends: `abc…z`, over and over.
///
/// # Examples
///
/// ```
/// assert_eq!(alf_testkit::server::pattern(24, 5), b"yzabc");
/// ```
pub fn pattern(offset: u64, length: usize) -> Vec<u8> {
    let start = usize::try_from(offset % 26).unwrap_or(0);
    (b'a'..=b'z').cycle().skip(start).take(length).collect()
}

#[derive(Clone)]
pub(super) enum AnswerBody {
    Whole(Arc<[u8]>),
    Chunks(Arc<[Vec<u8>]>),
    Pattern(u64),
    ChunkedPattern(u64),
    Endless,
}

impl AnswerBody {
    /// `None` where the body is sent in chunks.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            // A body in memory has a length that fits.
            Self::Whole(bytes) => Some(bytes.len() as u64),
            Self::Pattern(length) => Some(*length),
            Self::Chunks(_) | Self::ChunkedPattern(_) | Self::Endless => None,
        }
    }

    /// The pieces of the body, in order, each borrowed or from the pattern.
    pub(super) fn pieces(&self) -> Pieces<'_> {
        match self {
            Self::Whole(bytes) => Pieces::Listed(std::slice::from_ref(bytes).iter(), [].iter()),
            Self::Chunks(chunks) => Pieces::Listed([].iter(), chunks.iter()),
            Self::Pattern(length) | Self::ChunkedPattern(length) => Pieces::Pattern {
                offset: 0,
                left: *length,
            },
            Self::Endless => Pieces::Pattern {
                offset: 0,
                left: u64::MAX,
            },
        }
    }

    /// The body that is sent of this one when the server hangs up in the middle.
    pub(super) fn half(&self) -> Self {
        match self {
            Self::Whole(bytes) => {
                Self::Whole(bytes.iter().take(bytes.len() / 2).copied().collect())
            }
            Self::Chunks(chunks) => Self::Chunks(
                chunks
                    .iter()
                    .take(chunks.len().div_ceil(2))
                    .cloned()
                    .collect(),
            ),
            Self::Pattern(length) => Self::Pattern(length / 2),
            Self::ChunkedPattern(length) => Self::ChunkedPattern(length / 2),
            Self::Endless => Self::ChunkedPattern(PIECE as u64),
        }
    }
}

impl Default for AnswerBody {
    fn default() -> Self {
        Self::Whole(Arc::default())
    }
}

pub(super) enum Pieces<'a> {
    Listed(
        std::slice::Iter<'a, Arc<[u8]>>,
        std::slice::Iter<'a, Vec<u8>>,
    ),
    Pattern {
        offset: usize,
        left: u64,
    },
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        match self {
            Self::Listed(whole, chunks) => whole
                .next()
                .map(|bytes| &**bytes)
                .or_else(|| chunks.next().map(Vec::as_slice)),
            Self::Pattern { left: 0, .. } => None,
            Self::Pattern { offset, left } => {
                let length = usize::try_from(*left).unwrap_or(PIECE).min(PIECE);
                let piece = PATTERN.get(*offset..*offset + length)?;
                *offset = (*offset + length) % 26;
                *left -= length as u64;
                Some(piece)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_up_the_pattern() {
        let length = 3 * PIECE + 5;
        let sent: Vec<u8> = AnswerBody::Pattern(length as u64)
            .pieces()
            .flatten()
            .copied()
            .collect();
        assert!(sent == pattern(0, length));
    }

    #[test]
    fn half_is_shorter_than_declared() {
        let whole = AnswerBody::Whole(Arc::from(&b"abcd"[..]));
        assert_eq!(whole.half().pieces().flatten().count(), 2);
        assert_eq!(
            AnswerBody::Pattern(100).half().pieces().flatten().count(),
            50
        );
    }
}
