//! [`Role`]: what makes a server an authorization server or a resource server.

use std::ops::ControlFlow::{self, Break, Continue};

use crate::waiting::locked;

use super::answer::{Answer, Content};
use super::recorded::Recorded;
use super::token_answer::TokenAnswer;

/// What a server does by itself.
pub(super) trait Role: Send + Sync {
    /// The name in the [`report`](super::ScriptedServer::report).
    fn name(&self) -> &'static str;

    /// Returns the answer to a request without a script.
    fn normal(&self, request: &Recorded) -> Answer;

    /// Returns the answer to an unauthorized request, `None` for an authorized one.
    fn refusal(&self, request: &Recorded) -> Option<Answer>;

    /// Returns a token response for this request.
    fn token(&self, request: &Recorded, token: &TokenAnswer) -> Answer;
}

/// Takes a step from what the script has for a request to what is sent: `Break` has that, `Continue` what
/// the next step begins with, which may have waits of its own.
pub(super) fn decide(
    role: &dyn Role,
    mut scripted: Answer,
    request: &Recorded,
) -> ControlFlow<Answer, Answer> {
    if std::mem::take(&mut scripted.if_authorized)
        && let Some(refusal) = role.refusal(request)
    {
        return Continue(refusal);
    }
    let next = match &scripted.content {
        Content::Normal => role.normal(request),
        Content::Token(token) => role.token(request, token),
        Content::Computed(compute) => locked(compute)(request),
        Content::Http { .. }
        | Content::Raw(_)
        | Content::HangUp
        | Content::Reset
        | Content::Silence => return Break(scripted),
    };
    Continue(next.completed_by(scripted))
}
