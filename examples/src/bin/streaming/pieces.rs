//! A body that is made while it is sent.

use std::io;

use bytes::Bytes;
use futures_util::stream::{self, Stream};

/// Returns a body of whole megabytes. A program of your own reads a file here, or a database.
pub(crate) fn pieces(
    megabytes: u64,
) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + Unpin {
    stream::iter((0..megabytes * 10).map(|_| Ok(Bytes::from(vec![b'x'; 100_000]))))
}
