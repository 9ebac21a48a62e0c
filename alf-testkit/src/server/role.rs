//! [`Role`]: what makes a server an authorization server or a resource server.

use super::answer::{Answer, Audience, Content};
use super::recorded::Recorded;
use super::token_answer::TokenAnswer;

/// What a server does by itself. It answers with an [`Answer`] whose content is no longer
/// `Normal` or `Token`.
pub(super) trait Role: Send + Sync {
    /// What [`report`](super::ScriptedServer::report) calls it.
    fn name(&self) -> &'static str;

    /// How many bytes of a body at this path must be kept to answer it.
    fn body_needed(&self, path: &str) -> usize;

    /// The answer to a request without a script.
    fn normal(&self, request: &Recorded) -> Answer;

    /// The answer of an unauthorized request, `None` for an authorized one.
    fn refusal(&self, request: &Recorded) -> Option<Answer>;

    /// A token for this request.
    fn token(&self, request: &Recorded, token: &TokenAnswer) -> Answer;
}

/// What the script and the role together say, ready to be sent.
pub(super) fn decide(role: &dyn Role, scripted: Answer, request: &Recorded) -> Answer {
    if scripted.audience == Audience::Authorized
        && let Some(refusal) = role.refusal(request)
    {
        return refusal;
    }
    match &scripted.content {
        Content::Normal => role.normal(request).inside(scripted),
        Content::Token(token) => role.token(request, token).inside(scripted),
        Content::Http { .. }
        | Content::Raw(_)
        | Content::HangUp
        | Content::Reset
        | Content::Silence => scripted,
    }
}
