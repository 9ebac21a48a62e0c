//! [`Recorded`]: one request that a server saw.

use std::fmt;

use super::form;
use super::request_head::{RequestHead, path_of};

/// One request that a server saw, as it came.
///
/// Names of headers are compared case-insensitively and kept as they were spelled. What is not
/// UTF-8 in a header value is replaced.
///
/// Its getters give everything, secrets included: the servers are a test double. Its `Debug`, which
/// ends up in the messages of failed tests, shows no header value but those known to be harmless,
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
pub struct Recorded {
    pub(super) scheme: &'static str,
    pub(super) connection: usize,
    pub(super) turn: usize,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
    pub(super) status: Option<u16>,
}

impl Recorded {
    /// A request that came by `http` or `https`.
    pub(super) fn new(
        scheme: &'static str,
        connection: usize,
        turn: usize,
        head: RequestHead,
        body: Body,
    ) -> Self {
        let RequestHead {
            method,
            target,
            headers,
            ..
        } = head;
        Self {
            scheme,
            connection,
            turn,
            method,
            target,
            headers,
            body,
            status: None,
        }
    }

    /// The method, as it was spelled.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The request target: path and query, as they were sent.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The target without its query.
    pub fn path(&self) -> &str {
        path_of(&self.target)
    }

    /// All headers, in order, duplicates included.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// Every header of this name, in order.
    pub fn header_values(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The token of an `Authorization: Bearer` header.
    pub fn bearer_token(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }

    /// The id and the secret of an `Authorization: Basic` header, not percent-decoded.
    pub fn basic_credentials(&self) -> Option<(String, String)> {
        form::basic(self.header("authorization")?)
    }

    /// The body, up to the bound that
    /// [`record_bodies_up_to`](super::ScriptedServer::record_bodies_up_to) set.
    pub fn body(&self) -> &[u8] {
        &self.body.kept
    }

    /// The length of the whole body, also of what was not kept.
    pub fn body_length(&self) -> u64 {
        self.body.length
    }

    /// The [`hash`](super::body_hash) of the whole body, also of what was not kept.
    pub fn body_hash(&self) -> u64 {
        self.body.hash
    }

    /// The parameters of the body, read as a form, in order, duplicates included.
    pub fn form(&self) -> Vec<(String, String)> {
        form::parameters(&String::from_utf8_lossy(self.body()))
    }

    /// The first parameter of this name in the form.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.parameters(name).into_iter().next()
    }

    /// Every parameter of this name in the form, in order.
    pub fn parameters(&self, name: &str) -> Vec<String> {
        let form = self.form().into_iter();
        form.filter_map(|(known, value)| (known == name).then_some(value))
            .collect()
    }

    /// The number of the connection that it came on; the first that the server accepted is 1.
    pub fn connection(&self) -> usize {
        self.connection
    }

    /// Whether it was not the first on its connection.
    pub fn reused_connection(&self) -> bool {
        self.turn > 1
    }

    /// The status that it was answered with; `None` before that, and where the answer was not HTTP.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Whether `text` stands in the target, a header value, the credentials, or the (kept) body, be
    /// it plain, percent-encoded or in Basic credentials: the question of a leak test.
    pub fn mentions(&self, text: &str) -> bool {
        let body = String::from_utf8_lossy(self.body());
        let (id, secret) = self.basic_credentials().unwrap_or_default();
        let values = self.headers.iter().map(|(_, value)| value.as_str());
        values
            .chain([self.target(), &body, &id, &secret])
            .any(|place| place.contains(text) || form::decoded(place).contains(text))
    }

    /// One line for [`report`](super::ScriptedServer::report), without any secret.
    pub(super) fn line(&self) -> String {
        let query = if self.path() == self.target {
            ""
        } else {
            "?…"
        };
        let reused = if self.reused_connection() {
            " again"
        } else {
            ""
        };
        let by = if self.scheme == "https" {
            " by TLS"
        } else {
            ""
        };
        let answered = self
            .status
            .map_or_else(|| "-".to_owned(), |status| status.to_string());
        format!(
            "{} {}{query} -> {answered}, connection {}{reused}{by}, {}, {} bytes of body",
            self.method,
            self.path(),
            self.connection,
            self.credentials(),
            self.body_length()
        )
    }

    /// Which credentials came, without those: of a token of ours, its number.
    fn credentials(&self) -> String {
        match self.header_values("authorization").as_slice() {
            [] => "no Authorization".to_owned(),
            [value] => {
                let (scheme, rest) = value.split_once(' ').unwrap_or(("unknown", value));
                let known = if rest.starts_with("token-") {
                    rest.rfind('-')
                } else {
                    None
                };
                let shown = known.and_then(|end| rest.get(..end)).unwrap_or_default();
                format!("Authorization {scheme} {shown}…")
            }
            several => format!("{} Authorization headers", several.len()),
        }
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "Recorded({}, headers {names:?})", self.line())
    }
}

/// A request body: its beginning, and what is known of the rest.
#[derive(Clone)]
pub(super) struct Body {
    pub(super) kept: Vec<u8>,
    length: u64,
    hash: u64,
    bound: usize,
    hashing: Hashing,
}

/// Whether bodies are hashed: in a benchmark they are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hashing {
    On,
    Off,
}

impl Body {
    pub(super) fn keeping(bound: usize, hashing: Hashing) -> Self {
        Self {
            kept: Vec::new(),
            length: 0,
            hash: HASH_OF_NOTHING,
            bound,
            hashing,
        }
    }

    pub(super) fn push(&mut self, piece: &[u8]) {
        let room = self.bound - self.kept.len();
        self.kept
            .extend_from_slice(piece.get(..room).unwrap_or(piece));
        self.length += piece.len() as u64;
        if self.hashing == Hashing::On {
            self.hash = hashed(self.hash, piece);
        }
    }
}

/// The hash that [`Recorded::body_hash`] gives for these bytes (FNV-1a, 64 bits).
///
/// # Examples
///
/// ```
/// assert_ne!(alf_testkit::server::body_hash(b"a"), alf_testkit::server::body_hash(b"b"));
/// ```
pub fn body_hash(bytes: &[u8]) -> u64 {
    hashed(HASH_OF_NOTHING, bytes)
}

const HASH_OF_NOTHING: u64 = 0xcbf2_9ce4_8422_2325;

fn hashed(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
