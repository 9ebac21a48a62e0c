//! R8: a response that is not read, and its connection.

use std::mem;

use futures_util::io::AsyncReadExt;
use surf::Response;
use surf::http;

/// On a response: its connection is not used again, and closes with it.
pub(crate) struct ClosesItself;

/// Reads a short remainder, so that the connection can be used again, and gives the response up.
pub(crate) async fn discard(response: Response) {
    if response.ext::<ClosesItself>().is_some() {
        return;
    }
    let mut unread = Unread(Some(response));
    unread.read().await;
}

/// A response whose body was not read to its end.
///
/// surf's h1 pool takes the connection of a dropped response back with all that is still to come,
/// and its remainder becomes the start of the next response. There is no way to close it: so
/// what cannot be read to its end is never dropped, which costs its connection, also when this
/// future is dropped.
struct Unread(Option<Response>);

impl Unread {
    async fn read(&mut self) {
        let mut piece = vec![0; PIECE];
        let mut read = 0;
        while let Some(response) = &mut self.0 {
            match response.read(&mut piece).await {
                Ok(0) => self.0 = None,
                Ok(length) if read < DRAINED => read += length,
                Ok(_) | Err(_) => return,
            }
        }
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        if let Some(response) = self.0.take() {
            if goes_back_unread(&response) {
                mem::forget(response);
            }
        }
    }
}

/// A body of surf's h1 has a length or trailers to come; those of its curl have neither, and end
/// their connection by themselves.
fn goes_back_unread(response: &Response) -> bool {
    let trailers = AsRef::<http::Response>::as_ref(response).has_trailers();
    response.len().is_some() || trailers
}

const PIECE: usize = 8 * 1024;
/// How much of an unwanted body is read.
const DRAINED: usize = 64 * 1024;
