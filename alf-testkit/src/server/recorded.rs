//! [`Recorded`]: one request that a server received.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::request::RequestHead;

/// One request that a server received, as it came.
///
/// Names of headers are compared without regard to case and kept as they were spelled. Bytes of a header
/// value that are not UTF-8 are replaced.
///
/// Its getters return everything, secrets included: the servers are a test double. Its `Debug`, which
/// appears in the messages of failed tests, shows no header value except the scheme of the credentials,
/// no query and no body.
///
/// # Examples
///
/// ```
/// use alf_testkit::Servers;
///
/// let servers = Servers::start();
/// // … let the client get a token, then:
/// for request in servers.authorization.requests() {
///     assert_eq!(request.method(), "POST");
///     assert_eq!(request.parameter("grant_type").as_deref(), Some("client_credentials"));
///     assert_eq!(request.header("accept"), Some("application/json"));
/// }
/// ```
#[derive(Clone)]
pub struct Recorded(Arc<Record>);

pub(super) struct Record {
    pub(super) scheme: &'static str,
    pub(super) connection: usize,
    pub(super) head: RequestHead,
    pub(super) body: RecordedBody,
    /// Set when the answer is about to be sent.
    pub(super) answer: OnceLock<AnswerRecord>,
}

pub(super) struct AnswerRecord {
    pub(super) status: Option<u16>,
    /// What was special about it.
    pub(super) description: Option<Arc<str>>,
}

impl Recorded {
    /// Returns the method, as it was spelled.
    pub fn method(&self) -> &str {
        &self.0.head.method
    }

    /// Returns the request target: path and query, as they were sent.
    pub fn target(&self) -> &str {
        &self.0.head.target
    }

    /// Returns the target without its query.
    pub fn path(&self) -> &str {
        self.0.head.path()
    }

    /// Returns all headers, in order, duplicates included.
    pub fn headers(&self) -> &[(String, String)] {
        &self.0.head.headers
    }

    /// Returns the first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.head.values(name).next()
    }

    /// Returns every header of this name, in order.
    pub fn header_values(&self, name: &str) -> Vec<&str> {
        self.0.head.values(name).collect()
    }

    /// Returns the token of an `Authorization: Bearer` header.
    pub fn bearer_token(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }

    /// Returns the id and the secret of an `Authorization: Basic` header, not percent-decoded.
    pub fn basic_credentials(&self) -> Option<(String, String)> {
        let (scheme, credentials) = self.header("authorization")?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some((id.to_owned(), secret.to_owned()))
    }

    /// Returns the body, or the first 4 MiB of a longer one.
    pub fn body(&self) -> &[u8] {
        &self.0.body.kept
    }

    /// Returns the length of the whole body.
    pub fn body_length(&self) -> u64 {
        self.0.body.length
    }

    /// Returns the [hash](super::body_hash) of the whole body.
    pub fn body_hash(&self) -> u64 {
        self.0.body.hasher.finish()
    }

    /// Returns the parameters of the body, read as a form, in order, duplicates included.
    pub fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.body()).into_owned().collect()
    }

    /// Returns the first parameter of this name in the form.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.parameters(name).into_iter().next()
    }

    /// Returns every parameter of this name in the form, in order.
    pub fn parameters(&self, name: &str) -> Vec<String> {
        let form = self.form().into_iter();
        form.filter_map(|(known, value)| (known == name).then_some(value))
            .collect()
    }

    /// Returns the number of the connection that it came on; the first that the server accepted is 1.
    pub fn connection(&self) -> usize {
        self.0.connection
    }

    /// Returns the status of its response; `None` before that, and if the answer was not HTTP.
    pub fn status(&self) -> Option<u16> {
        self.0.answer.get()?.status
    }

    pub(super) fn new(record: Record) -> Self {
        Self(Arc::new(record))
    }

    pub(super) fn head(&self) -> &RequestHead {
        &self.0.head
    }

    pub(super) fn answered_with(&self, answer: AnswerRecord) {
        // Each request is answered once.
        let _ = self.0.answer.set(answer);
    }

    /// Returns whether the target, a header value, the credentials or the recorded body contain `text`,
    /// plain, percent-encoded or in Basic credentials.
    pub(super) fn contains(&self, text: &str) -> bool {
        let body = String::from_utf8_lossy(self.body());
        let (id, secret) = self.basic_credentials().unwrap_or_default();
        let values = self.headers().iter().map(|(_, value)| value.as_str());
        values
            .chain([self.target(), &body, &id, &secret])
            .any(|part| part.contains(text) || decoded(part).contains(text))
    }

    /// Returns one line for [`report`](super::ScriptedServer::report), without any secret.
    pub(super) fn line(&self) -> String {
        let query = if self.path() == self.target() {
            ""
        } else {
            "?…"
        };
        let tls = if self.0.scheme == "https" {
            " by TLS"
        } else {
            ""
        };
        let status = self.status().map(|status| status.to_string());
        let answer = self
            .0
            .answer
            .get()
            .and_then(|answer| answer.description.as_ref());
        let answer = answer.map(|description| format!(" ({description})"));
        format!(
            "{} {}{query} -> {}{}, connection {}{tls}, {}, {} bytes of body",
            self.method(),
            self.path(),
            status.as_deref().unwrap_or("-"),
            answer.unwrap_or_default(),
            self.connection(),
            self.credentials(),
            self.body_length()
        )
    }

    /// Returns which credentials came, but not the credentials: of a token of ours, its number.
    fn credentials(&self) -> String {
        match self.header_values("authorization").as_slice() {
            [] => "no Authorization".to_owned(),
            [value] => {
                let (scheme, secret) = value.split_once(' ').unwrap_or(("unknown", value));
                let shown = match secret.rsplit_once('-') {
                    Some((number, _)) if secret.starts_with("token-") => number,
                    _ => "",
                };
                format!("Authorization {scheme} {shown}…")
            }
            several => format!("{} Authorization headers", several.len()),
        }
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.headers().iter().map(|(name, _)| name.as_str());
        let names: Vec<&str> = names.collect();
        write!(f, "Recorded({}, headers {names:?})", self.line())
    }
}

/// Returns the percent-decoded text. Bytes that are then not UTF-8 are replaced; a `%` that is not
/// followed by two digits stays.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A request body: its start, and the length and the hash of all of it.
#[derive(Default)]
pub(super) struct RecordedBody {
    kept: Vec<u8>,
    length: u64,
    hasher: DefaultHasher,
}

impl RecordedBody {
    /// How much of a body is kept.
    pub(super) const MOST_KEPT: usize = 4 * 1024 * 1024;
}

impl Write for RecordedBody {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let free = Self::MOST_KEPT - self.kept.len();
        self.kept
            .extend_from_slice(piece.get(..free).unwrap_or(piece));
        self.length += piece.len() as u64;
        self.hasher.write(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the hash that [`Recorded::body_hash`] has for these bytes. Compare it within one process only.
pub fn body_hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
