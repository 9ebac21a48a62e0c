//! One request: hand back its answer, or renew and replay it once (R3, R4, R7, X4).

/// What becomes of one request.
///
/// Call [`answered`](Self::answered) for each answer; after [`Step::Renew`] and a renewal that
/// succeeded the request is replayed and its answer told too. The second answer is always handed
/// back (R3).
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    state: State,
}

/// What the machine needs to know of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The resource server did not reject the token: every other status, a challenge with
    /// `insufficient_scope` (R1, R7).
    NotRejected,
    /// It rejected the token.
    Rejected,
    /// The status rejects, but another origin than the request's said it: a redirect led there,
    /// without the token. That says nothing of the token (X4).
    RejectedElsewhere,
}

/// What to do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Hand it to the user.
    Return,
    /// Hand it to the user, and have the token renewed for the next caller (R4).
    ReturnAndRenew,
    /// Discard it, renew the token, replay the request.
    Renew,
    /// The answer to the replay: hand it to the user, and tell [`Renewal`](super::Renewal) that
    /// the renewed token was accepted.
    ReturnAccepted,
    /// The answer to the replay, a rejection too: hand it to the user, and tell
    /// [`Renewal`](super::Renewal).
    ReturnRejectedAgain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Sent { can_be_sent_again: bool },
    Replayed,
}

impl Replay {
    /// For a request that has not been sent yet; `can_be_sent_again` is false for a body that is
    /// a stream, and where the user switched replays off (R4).
    pub(crate) fn new(can_be_sent_again: bool) -> Self {
        Self {
            state: State::Sent { can_be_sent_again },
        }
    }

    /// The request, or its replay, was answered.
    pub(crate) fn answered(&mut self, answer: Answer) -> Step {
        match (self.state, answer) {
            (State::Sent { .. }, Answer::NotRejected | Answer::RejectedElsewhere)
            | (State::Replayed, Answer::RejectedElsewhere) => Step::Return,
            (State::Sent { can_be_sent_again }, Answer::Rejected) => {
                self.state = State::Replayed;
                if can_be_sent_again {
                    Step::Renew
                } else {
                    Step::ReturnAndRenew
                }
            }
            (State::Replayed, Answer::NotRejected) => Step::ReturnAccepted,
            (State::Replayed, Answer::Rejected) => Step::ReturnRejectedAgain,
        }
    }
}
