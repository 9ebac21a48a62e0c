//! [`ClientCheck`]: is this the client that is known?

use super::answer::Answer;
use super::form::decoded;
use super::recorded::Recorded;

/// Which clients an authorization server takes for its own.
#[derive(Clone)]
pub(super) enum ClientCheck {
    Secret { id: String, secret: String },
    Public { id: String },
    Anyone,
}

impl ClientCheck {
    /// The refusal of a request that is not from a known client.
    pub(super) fn refusal(&self, request: &Recorded) -> Option<Answer> {
        let basic = request.basic_credentials();
        let sent_id = request.parameter("client_id");
        let sent_secret = request.parameter("client_secret");
        if request.header("authorization").is_some() && sent_secret.is_some() {
            return Some(invalid_request("the client authenticates in two ways"));
        }
        let known = match self {
            Self::Anyone => true,
            Self::Public { id } => basic.is_none() && sent_id.as_ref() == Some(id),
            Self::Secret { id, secret } => match basic {
                Some((sent_id, sent_secret)) => {
                    let raw = sent_id == *id && sent_secret == *secret;
                    // RFC 6749 §2.3.1 has both percent-encoded; many send them as they are.
                    raw || (decoded(&sent_id) == *id && decoded(&sent_secret) == *secret)
                }
                None => sent_id.as_ref() == Some(id) && sent_secret.as_ref() == Some(secret),
            },
        };
        if known { None } else { Some(invalid_client()) }
    }
}

pub(super) fn invalid_request(description: &str) -> Answer {
    Answer::oauth_error(400, "invalid_request", description)
}

fn invalid_client() -> Answer {
    Answer::oauth_error(401, "invalid_client", "client authentication failed")
        .header("WWW-Authenticate", "Basic realm=\"alf-testkit\"")
}
