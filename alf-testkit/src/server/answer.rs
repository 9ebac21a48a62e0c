//! [`Answer`]: what a scripted server does with one request.

use std::fmt;
use std::time::Duration;

use super::answer_body::AnswerBody;
use super::gate::Gate;
use super::json::{object, quoted};
use super::token_answer::TokenAnswer;

/// What a server does with one request: a whole HTTP response, or something a server should not do.
///
/// It begins with one of the constructors and is refined by the methods that follow: *what* is
/// answered ([`header`](Self::header), [`body`](Self::body), …), *when*
/// ([`held_by`](Self::held_by), [`delayed_by`](Self::delayed_by),
/// [`before_the_body`](Self::before_the_body)), *to whom* ([`if_authorized`](Self::if_authorized))
/// and how it *ends* ([`then_close`](Self::then_close), [`hang_up_in_body`](Self::hang_up_in_body),
/// …).
///
/// An answer does nothing by itself: it is given to a server with
/// [`answer_next`](super::ScriptedServer::answer_next) and its siblings.
///
/// # Examples
///
/// ```
/// use alf_testkit::{Answer, Servers};
///
/// let servers = Servers::start();
/// // Answers 503 twice, then works.
/// servers.authorization.answer_next_n(2, Answer::status(503).header("Retry-After", "1"));
/// // The API refuses one call for want of a scope, and breaks off in the middle of another.
/// servers.resource.answer_next(Answer::insufficient_scope("write"));
/// servers.resource.answer_next(Answer::normal().hang_up_in_body());
/// ```
#[derive(Clone)]
#[must_use = "an answer does nothing until it is given to a server"]
pub struct Answer {
    pub(super) content: Content,
    pub(super) headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) pauses: Vec<Pause>,
    pub(super) reads_at: Option<Gate>,
    pub(super) rest_at: Option<Gate>,
    pub(super) timing: Timing,
    pub(super) audience: Audience,
    pub(super) ending: Ending,
}

/// What is sent.
impl Answer {
    /// What the server would do without a script; useful with a delay, a header or an odd end.
    pub fn normal() -> Self {
        Self::with_content(Content::Normal)
    }

    /// A token, as the authorization server issues it normally, to be changed by
    /// [`TokenAnswer`]'s methods. The client still has to authenticate.
    pub fn token() -> TokenAnswer {
        TokenAnswer::new()
    }

    /// A response with this status and an empty body.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_testkit::Answer;
    ///
    /// let teapot = Answer::status(418).header("X-Tea", "green").body("short and stout");
    /// ```
    pub fn status(status: u16) -> Self {
        Self::with_content(Content::Http {
            status,
            body: AnswerBody::default(),
        })
    }

    /// A response with a JSON text, sent as it is given.
    pub fn json(status: u16, json: impl Into<Vec<u8>>) -> Self {
        Self::status(status)
            .header("Content-Type", "application/json")
            .body(json)
    }

    /// A refusal in the form of
    /// [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_testkit::Answer;
    ///
    /// let refusal = Answer::oauth_error(400, "invalid_scope", "no such scope");
    /// ```
    pub fn oauth_error(status: u16, error: &str, description: &str) -> Self {
        let members = [
            ("error", quoted(error)),
            ("error_description", quoted(description)),
        ];
        let json = object(members.iter().map(|(name, json)| (*name, json.as_str())));
        Self::json(status, json).header("Cache-Control", "no-store")
    }

    /// A 401 that says that the token is not valid
    /// ([RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)).
    ///
    /// For a 401 without a challenge, or with another, use [`status`](Self::status).
    pub fn unauthorized() -> Self {
        Self::status(401).header("WWW-Authenticate", "Bearer error=\"invalid_token\"")
    }

    /// A 403 that says which scope is missing
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

    /// These bytes, instead of HTTP; then the connection is closed.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::with_content(Content::Raw(bytes.into()))
    }

    /// Something that is not HTTP; then the connection is closed.
    pub fn garbage() -> Self {
        Self::raw(&b"\x15\x03\x01\x00\x02\x02\x46 this is not HTTP\r\n\r\n"[..])
    }

    /// Closes the connection instead of answering.
    pub fn hang_up() -> Self {
        Self::with_content(Content::HangUp)
    }

    /// Resets the connection (TCP RST) instead of answering.
    pub fn reset() -> Self {
        Self::with_content(Content::Reset)
    }

    /// Says nothing, and keeps the connection until the client or the server's end closes it.
    pub fn silence() -> Self {
        Self::with_content(Content::Silence)
    }

    /// Adds a header, in the order of the calls; the same name may be added twice, and a value may
    /// hold any bytes.
    ///
    /// A `Content-Length` or `Transfer-Encoding` replaces the one that the server would send, true
    /// or not. Without effect on an answer that is not HTTP.
    pub fn header(mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body, sent with its `Content-Length`.
    ///
    /// # Panics
    ///
    /// If the answer is none that [`status`](Self::status) or one of the constructors made of it
    /// begins: the others have no body of their own to replace.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        self.with_body(AnswerBody::Whole(body.into().into()))
    }

    /// The body, each piece sent as a chunk of its own (`Transfer-Encoding: chunked`).
    ///
    /// # Panics
    ///
    /// As [`body`](Self::body).
    pub fn chunks<C: Into<Vec<u8>>>(self, chunks: impl IntoIterator<Item = C>) -> Self {
        self.with_body(AnswerBody::Chunks(
            chunks.into_iter().map(Into::into).collect(),
        ))
    }

    /// A body of `length` bytes of [`pattern`](super::pattern), sent with its `Content-Length`
    /// while it is made: any length costs no memory.
    ///
    /// # Panics
    ///
    /// As [`body`](Self::body).
    pub fn body_of_length(self, length: u64) -> Self {
        self.with_body(AnswerBody::Pattern(length))
    }

    /// As [`body_of_length`](Self::body_of_length), but in chunks, so that the client cannot know
    /// the length.
    ///
    /// # Panics
    ///
    /// As [`body`](Self::body).
    pub fn chunks_of_length(self, length: u64) -> Self {
        self.with_body(AnswerBody::ChunkedPattern(length))
    }

    /// A body that goes on, in chunks, until the client has enough or the server is dropped.
    ///
    /// # Panics
    ///
    /// As [`body`](Self::body).
    pub fn endless_body(self) -> Self {
        self.with_body(AnswerBody::Endless)
    }
}

impl Answer {
    pub(super) fn with_content(content: Content) -> Self {
        Self {
            content,
            headers: Vec::new(),
            pauses: Vec::new(),
            reads_at: None,
            rest_at: None,
            timing: Timing::AfterTheBody,
            audience: Audience::Everyone,
            ending: Ending::KeepAlive,
        }
    }

    /// This answer, as the outcome of `outer`, which adds its headers and its end.
    pub(super) fn inside(mut self, outer: Self) -> Self {
        self.headers.extend(outer.headers);
        if outer.ending != Ending::KeepAlive {
            self.ending = outer.ending;
        }
        self.rest_at = self.rest_at.or(outer.rest_at);
        self
    }

    fn with_body(mut self, new: AnswerBody) -> Self {
        match &mut self.content {
            Content::Http { body, .. } => *body = new,
            Content::Normal
            | Content::Token(_)
            | Content::Raw(_)
            | Content::HangUp
            | Content::Reset
            | Content::Silence => misuse(),
        }
        self
    }
}

#[expect(
    clippy::panic,
    reason = "a test double: the test that misuses it fails here, saying why"
)]
fn misuse() -> ! {
    panic!("only an answer that began with a status has a body: begin with Answer::status(..)");
}

impl From<TokenAnswer> for Answer {
    fn from(token: TokenAnswer) -> Self {
        Self::with_content(Content::Token(token))
    }
}

/// Shows neither headers nor bodies: they may hold tokens.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = match &self.content {
            Content::Normal => "normal".to_owned(),
            Content::Token(_) => "token".to_owned(),
            Content::Http { status, .. } => status.to_string(),
            Content::Raw(_) => "not HTTP".to_owned(),
            Content::HangUp => "hang up".to_owned(),
            Content::Reset => "reset".to_owned(),
            Content::Silence => "silence".to_owned(),
        };
        f.debug_struct("Answer")
            .field("content", &format_args!("{content}"))
            .field("pauses", &self.pauses)
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
pub(super) enum Content {
    Normal,
    Token(TokenAnswer),
    Http { status: u16, body: AnswerBody },
    Raw(Vec<u8>),
    HangUp,
    Reset,
    Silence,
}

#[derive(Clone, Debug)]
pub(super) enum Pause {
    Gate(Gate),
    Delay(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    AfterTheBody,
    BeforeTheBody,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Everyone,
    Authorized,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    KeepAlive,
    Close,
    CloseUnannounced,
    CloseUnderNextRequest,
    HangUpInHeaders,
    HangUpInBody,
}
