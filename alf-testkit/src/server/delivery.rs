//! When an [`Answer`] is given, to whom, and how it ends.

use std::time::Duration;

use super::answer::{Answer, Audience, Ending, Pause, Timing};
use super::gate::Gate;
use super::token_answer::TokenAnswer;

/// When it is sent, and to whom.
impl Answer {
    /// Sends nothing before `gate` lets it through. What is answered is decided then: a token that
    /// was revoked meanwhile is rejected.
    pub fn held_by(mut self, gate: &Gate) -> Self {
        self.pauses.push(Pause::Gate(gate.clone()));
        self
    }

    /// Waits before it answers. For demos and simulations: a test uses [`held_by`](Self::held_by).
    pub fn delayed_by(mut self, duration: Duration) -> Self {
        self.pauses.push(Pause::Delay(duration));
        self
    }

    /// Answers as soon as the head of the request has arrived, without waiting for its body.
    ///
    /// The body is read and thrown away afterwards, also for [`Recorded`](super::Recorded). A
    /// client that waits for `100 Continue` gets the answer instead, and the connection is closed.
    pub fn before_the_body(mut self) -> Self {
        self.timing = Timing::BeforeTheBody;
        self
    }

    /// Reads the body of the request once `gate` lets it through, and not before: what the client
    /// can send until then is what the buffers of the system hold.
    ///
    /// The head has been read by then, and a client that waits for `100 Continue` has it.
    pub fn reading_the_body_at(mut self, gate: &Gate) -> Self {
        self.reads_at = Some(gate.clone());
        self
    }

    /// Sends the head and the beginning of the body, and the rest once `gate` lets it through.
    pub fn rest_held_by(mut self, gate: &Gate) -> Self {
        self.rest_at = Some(gate.clone());
        self
    }

    /// Gives this answer only to a request whose token (or client secret, at the token endpoint) is
    /// accepted; any other gets the server's normal refusal.
    pub fn if_authorized(mut self) -> Self {
        self.audience = Audience::Authorized;
        self
    }
}

/// How it ends.
impl Answer {
    /// Closes the connection after the answer, and says so with `Connection: close`.
    pub fn then_close(mut self) -> Self {
        self.ending = Ending::Close;
        self
    }

    /// Closes the connection after the answer without having said so: a pool may keep a dead
    /// connection.
    pub fn then_close_unannounced(mut self) -> Self {
        self.ending = Ending::CloseUnannounced;
        self
    }

    /// Keeps the connection after the answer, and closes it when the next request begins to arrive
    /// on it: the request that meets this is neither counted nor answered.
    pub fn then_close_under_next_request(mut self) -> Self {
        self.ending = Ending::CloseUnderNextRequest;
        self
    }

    /// Closes the connection in the middle of the headers.
    pub fn hang_up_in_headers(mut self) -> Self {
        self.ending = Ending::HangUpInHeaders;
        self
    }

    /// Declares the whole body, sends half of it (of an endless one, some), and closes the
    /// connection.
    pub fn hang_up_in_body(mut self) -> Self {
        self.ending = Ending::HangUpInBody;
        self
    }
}

impl TokenAnswer {
    /// See [`Answer::held_by`].
    pub fn held_by(self, gate: &Gate) -> Answer {
        Answer::from(self).held_by(gate)
    }

    /// See [`Answer::delayed_by`].
    pub fn delayed_by(self, duration: Duration) -> Answer {
        Answer::from(self).delayed_by(duration)
    }
}
