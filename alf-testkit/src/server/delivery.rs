//! When an [`Answer`] is sent, to which requests, and what happens to its connection.

use std::time::Duration;

use super::answer::{Answer, Ending};
use super::gate::Gate;

/// When it is sent, and to which requests.
impl Answer {
    /// Sends nothing before `gate` is open. What is sent is decided then: a token that was revoked
    /// meanwhile is rejected.
    pub fn held_by(mut self, gate: &Gate) -> Self {
        self.waits.push((gate.clone(), Duration::MAX));
        self
    }

    /// Sends nothing before this real time has passed since the request was read: a slow server, for a
    /// demonstration or a load test. A test that has to know what happens meanwhile uses
    /// [`held_by`](Self::held_by). A server that is dropped does not wait.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.waits.push((Gate::new(), delay));
        self
    }

    /// Answers as soon as the headers of the request have arrived, without waiting for its body.
    ///
    /// The body is read afterwards, and is not part of [`Recorded`](super::Recorded). A client that
    /// waits for `100 Continue` gets the answer instead, and the connection is closed.
    pub fn before_the_body(mut self) -> Self {
        self.precedes_request_body = true;
        self
    }

    /// Reads the body of the request once `gate` is open, and not before. Until then the client can
    /// send as much as the buffers of the system hold.
    ///
    /// The headers have been read by then, and a client that waits for `100 Continue` has got it. With
    /// [`before_the_body`](Self::before_the_body), this is a server that is not interested in the body.
    pub fn reading_the_body_at(mut self, gate: &Gate) -> Self {
        self.request_body_held_by = Some(gate.clone());
        self
    }

    /// Sends the headers and the start of the body, and the remainder once `gate` is open.
    pub fn remainder_held_by(mut self, gate: &Gate) -> Self {
        self.remainder_held_by = Some(gate.clone());
        self
    }

    /// Sends this answer only to a request whose token (or client secret, at the token endpoint) is
    /// accepted; any other request gets the server's normal refusal.
    pub fn if_authorized(mut self) -> Self {
        self.if_authorized = true;
        self
    }
}

/// What happens to its connection.
impl Answer {
    /// Closes the connection after the answer, and announces it with `Connection: close`.
    pub fn then_close(self) -> Self {
        self.with_ending(Ending::Close)
    }

    /// Closes the connection after the answer without having announced it: a pool may keep the closed
    /// connection.
    pub fn then_close_unannounced(self) -> Self {
        self.with_ending(Ending::CloseUnannounced)
    }

    /// Keeps the connection after the answer, and closes it as soon as the next request starts to
    /// arrive on it. That request is neither counted nor answered.
    pub fn then_close_under_next_request(self) -> Self {
        self.with_ending(Ending::CloseUnderNextRequest)
    }

    /// Closes the connection in the middle of the headers.
    pub fn hang_up_in_headers(self) -> Self {
        self.with_ending(Ending::HangUpInHeaders)
    }

    /// Declares the whole body, sends the start of it (half of a short one), and closes the connection.
    pub fn hang_up_in_body(self) -> Self {
        self.with_ending(Ending::HangUpInBody)
    }

    pub(super) fn with_ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }
}
