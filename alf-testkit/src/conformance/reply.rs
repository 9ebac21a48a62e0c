//! [`Reply`]: a response that was read to its end.

use std::io::{self, Write};

use alf_core::{Error, Transport};
use http::{HeaderName, HeaderValue};

use super::{Client, Subject};

/// A response of the library, read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(HeaderName, Vec<HeaderValue>)>,
    /// As far as it could be read.
    pub(super) body: Vec<u8>,
    /// Why it could not be read to its end.
    pub(super) broken: Option<String>,
}

/// What a call came to.
pub(super) type Outcome<S> = Result<Reply, Error<<<S as Subject>::Transport as Transport>::Error>>;

/// Sends a request and reads the response.
pub(super) async fn perform<S: Subject>(
    client: Client<S>,
    request: <S::Transport as Transport>::Request,
) -> Outcome<S> {
    let response = client.send(request).await?;
    let status = client.transport().status(&response).as_u16();
    let headers = HEADERS_READ
        .iter()
        .map(|name| {
            let name = HeaderName::from_static(name);
            let values = client.transport().header_values(&response, &name);
            (name, values)
        })
        .collect();
    let mut body = Bounded(Vec::new());
    let read = S::read(response, &mut body).await;
    Ok(Reply {
        status,
        headers,
        body: body.0,
        broken: read.err().map(|error| error.to_string()),
    })
}

impl Reply {
    /// Every value of a header, as text.
    pub(super) fn header_values(&self, name: &str) -> Vec<String> {
        let values = self.headers.iter().filter(|(known, _)| known == name);
        values
            .flat_map(|(_, values)| values)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect()
    }

    /// The body, as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A body that a case can hold.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.0.len() + piece.len() > MOST_READ {
            return Err(io::Error::other("the case has read enough"));
        }
        self.0.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The headers that cases look at.
const HEADERS_READ: &[&str] = &["www-authenticate", "x-case", "content-type"];
const MOST_READ: usize = 32 * 1024 * 1024;
