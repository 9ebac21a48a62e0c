//! [`Answer`]: what a scripted server does with one request.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::waiting::fail;

use super::gate::Gate;
use super::recorded::Recorded;
use super::scripted_body::ScriptedBody;
use super::token_response::TokenResponse;

/// What a server does with one request: an HTTP response, or something that a server should not do.
///
/// It is made by one of the constructors, and changed by the methods that follow. They set what is
/// sent ([`header`](Self::header), [`body`](Self::body), …), when
/// ([`held_by`](Self::held_by), [`delay`](Self::delay), …), to which requests
/// ([`if_authorized`](Self::if_authorized)), and what happens to the connection
/// ([`then_close`](Self::then_close), [`hang_up_in_body`](Self::hang_up_in_body), …).
///
/// An answer does nothing by itself: give it to a server with
/// [`answer_next`](super::ScriptedServer::answer_next) or a similar method.
///
/// # Examples
///
/// ```
/// use alf_testkit::{Answer, Servers};
///
/// let servers = Servers::start();
/// // The token endpoint answers 503 twice, then works.
/// servers.authorization.answer_next_n(2, Answer::status(503).header("Retry-After", "1"));
/// // The API refuses one call because a scope is missing, and closes the connection in the middle of
/// // the next response.
/// servers.resource.answer_next(Answer::insufficient_scope("write"));
/// servers.resource.answer_next(Answer::normal().hang_up_in_body());
/// ```
#[derive(Clone)]
#[must_use = "an answer does nothing until it is given to a server"]
pub struct Answer {
    pub(super) content: Content,
    pub(super) headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// What is special about this answer.
    pub(super) description: Option<Arc<str>>,
    /// The answer is decided after it has waited at each of these gates, at most that long.
    pub(super) waits: Vec<(Gate, Duration)>,
    pub(super) precedes_request_body: bool,
    pub(super) request_body_held_by: Option<Gate>,
    pub(super) remainder_held_by: Option<Gate>,
    pub(super) if_authorized: bool,
    pub(super) ending: Ending,
}

#[derive(Clone)]
pub(super) enum Content {
    /// What the server does without a script.
    Normal,
    Token(TokenResponse),
    /// Called when the request is answered.
    Computed(Arc<Mutex<Compute>>),
    Http {
        status: u16,
        body: ScriptedBody,
    },
    Raw(Vec<u8>),
}

pub(super) type Compute = dyn FnMut(&Recorded) -> Answer + Send;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    KeepAlive,
    Close,
    CloseUnannounced,
    CloseUnderNextRequest,
    HangUpInHeaders,
    HangUpInBody,
    Reset,
    /// The peer closes the connection.
    Silence,
}

/// Constructors.
impl Answer {
    /// What the server would do without a script. Useful with a gate, a header, or another ending.
    pub fn normal() -> Self {
        Self::new(Content::Normal)
    }

    /// A token response: normally a new opaque token, `"token_type":"Bearer"`, `"expires_in":3600`. The client must
    /// still authenticate.
    ///
    /// With [`AuthorizationServer::issue`](super::AuthorizationServer::issue) it is what the authorization server
    /// sends from then on.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_testkit::{Answer, Servers};
    ///
    /// let servers = Servers::start();
    /// servers.authorization.issue(Answer::token().expires_in(2));
    /// servers.authorization.answer_next(Answer::token().without("expires_in"));
    /// servers.authorization.answer_next(Answer::token().member("expires_in", "\"3600\""));
    /// ```
    pub fn token() -> Self {
        let new = Self::new(Content::Token(TokenResponse::default()));
        new.token_type("Bearer").expires_in(3600)
    }

    /// The answer that `compute` returns for the request. What is set on this answer is added to it.
    ///
    /// `compute` is called when the request has been read and its answer is due: after a gate or a delay
    /// that this answer has. If it panics, the message is printed, and the connection is closed without
    /// an answer.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_testkit::{Answer, Servers};
    ///
    /// let servers = Servers::start();
    /// // The API wants an idempotency key.
    /// let create = Answer::from_fn(|request| match request.header("idempotency-key") {
    ///     Some(key) => Answer::status(201).header("X-Key", key),
    ///     None => Answer::status(400).body("Idempotency-Key is missing"),
    /// });
    /// servers.resource.answer_at("POST /things", create.if_authorized());
    /// ```
    pub fn from_fn(compute: impl FnMut(&Recorded) -> Self + Send + 'static) -> Self {
        Self::new(Content::Computed(Arc::new(Mutex::new(compute))))
    }

    /// A response with this status and an empty body.
    pub fn status(status: u16) -> Self {
        Self::new(Content::Http {
            status,
            body: ScriptedBody::of_pattern(0),
        })
    }

    /// A response with a JSON text, which is sent as it is given.
    pub fn json(status: u16, json: impl Into<Vec<u8>>) -> Self {
        Self::status(status)
            .header("Content-Type", "application/json")
            .body(json)
    }

    /// An error response in the form of
    /// [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
    pub fn oauth_error(status: u16, error: &str, description: &str) -> Self {
        let json = json!({ "error": error, "error_description": description });
        Self::json(status, json.to_string()).header("Cache-Control", "no-store")
    }

    /// A 401 with the challenge for a token that is not valid
    /// ([RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)).
    ///
    /// For a 401 without a challenge, or with another one, use [`status`](Self::status).
    pub fn unauthorized() -> Self {
        Self::status(401).header("WWW-Authenticate", "Bearer error=\"invalid_token\"")
    }

    /// A 403 with the challenge that names the missing scope
    /// ([RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)).
    pub fn insufficient_scope(scope: &str) -> Self {
        Self::status(403).header(
            "WWW-Authenticate",
            format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""),
        )
    }

    /// A redirect to any URL. The status is one of 301, 302, 303, 307, 308.
    pub fn redirect(status: u16, location: impl AsRef<str>) -> Self {
        Self::status(status).header("Location", location.as_ref())
    }

    /// These bytes instead of an HTTP response; then the connection is closed.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(Content::Raw(bytes.into()))
            .with_ending(Ending::Close)
            .described_as("not HTTP")
    }

    /// Bytes that are not HTTP; then the connection is closed.
    pub fn garbage() -> Self {
        Self::raw(&b"\x15\x03\x01\x00\x02\x02\x46 this is not HTTP\r\n\r\n"[..])
    }

    /// Closes the connection instead of answering.
    pub fn hang_up() -> Self {
        Self::raw([]).described_as("hang up")
    }

    /// Resets the connection (TCP RST) instead of answering.
    pub fn reset() -> Self {
        Self::raw([])
            .with_ending(Ending::Reset)
            .described_as("reset")
    }

    /// Sends nothing, and keeps the connection until the client closes it or the server stops.
    pub fn silence() -> Self {
        Self::raw([])
            .with_ending(Ending::Silence)
            .described_as("silence")
    }

    fn new(content: Content) -> Self {
        Self {
            content,
            headers: Vec::new(),
            description: None,
            waits: Vec::new(),
            precedes_request_body: false,
            request_body_held_by: None,
            remainder_held_by: None,
            if_authorized: false,
            ending: Ending::KeepAlive,
        }
    }
}

/// Headers and body.
///
/// Only an answer that was made by [`status`](Self::status), or by a constructor that uses it, has a body to replace. On
/// another one, the methods that set the body panic.
impl Answer {
    /// Adds a header, in the order of the calls. The same name may be added twice, and a value may hold
    /// any bytes.
    ///
    /// A `Content-Length` or `Transfer-Encoding` replaces the one that the server would send, even if it
    /// is wrong. Without effect on an answer that is not HTTP.
    pub fn header(mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body, which is sent with its `Content-Length`.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        self.with_body(ScriptedBody::of_pieces([body.into()]))
    }

    /// Sets the body; each piece is sent as a chunk of its own (`Transfer-Encoding: chunked`).
    pub fn chunks<C: Into<Vec<u8>>>(self, chunks: impl IntoIterator<Item = C>) -> Self {
        let chunks = chunks.into_iter().map(Into::into);
        self.with_body(ScriptedBody::of_pieces(chunks).in_chunks())
    }

    /// Sets a body of `length` bytes of [`pattern`](super::pattern), sent with its `Content-Length`. It
    /// is made while it is sent: any length costs no memory.
    pub fn body_of_length(self, length: u64) -> Self {
        self.with_body(ScriptedBody::of_pattern(length))
    }

    /// As [`body_of_length`](Self::body_of_length), but in chunks, so that the client cannot know
    /// the length.
    pub fn chunks_of_length(self, length: u64) -> Self {
        self.with_body(ScriptedBody::of_pattern(length).in_chunks())
    }

    /// Sets a body that continues, in chunks, until the client closes the connection or the server
    /// stops.
    pub fn endless_body(self) -> Self {
        self.chunks_of_length(u64::MAX)
    }

    #[track_caller]
    fn with_body(mut self, new: ScriptedBody) -> Self {
        let Content::Http { body, .. } = &mut self.content else {
            fail(format_args!(
                "only an answer with a status has a body: start with Answer::status(..)"
            ));
        };
        *body = new;
        self
    }
}

/// The members of a token response. These methods panic on any answer that [`token`](Self::token) did not make.
impl Answer {
    /// Sets the lifetime, in seconds.
    pub fn expires_in(self, seconds: u64) -> Self {
        self.member("expires_in", seconds.to_string())
    }

    /// Sets the `token_type`. The resource servers still accept the token as `Bearer`.
    pub fn token_type(self, token_type: &str) -> Self {
        self.member("token_type", Value::from(token_type).to_string())
    }

    /// Sets or adds a member with any JSON value, which is sent as it is given.
    pub fn member(mut self, name: &str, json: impl Into<String>) -> Self {
        let json = json.into();
        let members = &mut self.token_response().members;
        if let Some((_, known)) = members.iter_mut().find(|(known, _)| known == name) {
            *known = json;
        } else {
            members.push((name.to_owned(), json));
        }
        self
    }

    /// Removes a member.
    pub fn without(mut self, name: &str) -> Self {
        let members = &mut self.token_response().members;
        members.retain(|(known, _)| known != name);
        self
    }

    /// Sends this token instead of a new one, and has the resource servers accept it.
    pub fn access_token(mut self, token: impl Into<String>) -> Self {
        self.token_response().access_token = Some(token.into());
        self
    }

    #[track_caller]
    fn token_response(&mut self) -> &mut TokenResponse {
        let Content::Token(response) = &mut self.content else {
            fail(format_args!(
                "only a token response has members: start with Answer::token()"
            ));
        };
        response
    }
}

impl Answer {
    /// Describes what is special about this answer, in [`report`](super::ScriptedServer::report) and
    /// `Debug`, which show neither headers nor bodies.
    pub fn described_as(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into().into());
        self
    }

    /// Returns the status that is sent, if this is an HTTP response.
    pub(super) fn sent_status(&self) -> Option<u16> {
        if let Content::Http { status, .. } = &self.content {
            Some(*status)
        } else {
            None
        }
    }

    /// Returns this answer with the headers and the ending of `scripted`, which it results from.
    pub(super) fn completed_by(mut self, scripted: Self) -> Self {
        self.headers.extend(scripted.headers);
        if scripted.ending != Ending::KeepAlive {
            self.ending = scripted.ending;
        }
        self.remainder_held_by = self.remainder_held_by.or(scripted.remainder_held_by);
        self.description = self.description.or(scripted.description);
        self
    }
}

/// Shows neither headers nor bodies: they may hold tokens.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.sent_status())
            .field("description", &self.description)
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}
