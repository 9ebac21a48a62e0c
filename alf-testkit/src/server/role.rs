//! [`Role`]: what makes a server an authorization server or a resource server.

use super::answer::{Answer, Content};
use super::recorded::Recorded;
use super::token_answer::TokenAnswer;

/// What a server does by itself. The content of its answers is neither `Normal` nor `Token`.
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

/// Returns what is sent to a request: what the script has for it, completed by the role.
pub(super) fn decide(role: &dyn Role, scripted: Answer, request: &Recorded) -> Answer {
    if scripted.if_authorized
        && let Some(refusal) = role.refusal(request)
    {
        return refusal;
    }
    match &scripted.content {
        Content::Normal => role.normal(request).completed_by(scripted),
        Content::Token(token) => role.token(request, token).completed_by(scripted),
        Content::Http { .. }
        | Content::Raw(_)
        | Content::HangUp
        | Content::Reset
        | Content::Silence => scripted,
    }
}
