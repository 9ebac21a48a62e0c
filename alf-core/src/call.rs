//! The path of one request.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::WWW_AUTHENTICATE;

use crate::config::Replays;
use crate::error::Rejection;
use crate::tokens::ManagedToken;
use crate::wire::challenge::is_insufficient_scope;
use crate::{Error, Event, Origin, OriginRef, Token, TokenManager, Transport};

/// One request, until its response is returned.
pub(crate) struct Call<'a, T> {
    pub(crate) transport: &'a T,
    pub(crate) tokens: &'a TokenManager,
}

/// What a response means for the token that was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Judgement {
    Accepted,
    Rejected,
    /// It comes from another origin, to which a redirect led without the token (X4), or from a server in trouble (R6).
    Unknown,
}

impl<T: Transport> Call<'_, T> {
    /// Returns what `result` makes of the response and the token that was sent: a move of both costs 500 instructions.
    pub(crate) async fn send<R>(
        self,
        copy: impl FnOnce(&mut T::Request) -> Option<T::Request>,
        mut request: T::Request,
        result: impl FnOnce(T::Response, Token) -> R,
    ) -> Result<R, Error<T::Error>> {
        let managed = self.managed();
        // X2, X3: before a token is asked for and before anything is sent.
        let allowed = (managed.ports.config)
            .allow(self.transport.origin(&request), &managed.target)
            .inspect_err(|error| managed.observe(&Event::RequestNotAllowed { error }));
        allowed?;
        let copy = match managed.ports.config.replays {
            Replays::Once => copy(&mut request),
            Replays::Never => None,
        };
        let kept = match copy {
            Some(copy) => Kept::Copy(copy),
            None => Kept::Origin(self.transport.origin(&request).to_origin()),
        };
        let token = self.tokens.token().await?;
        self.present(&token, &mut request);
        let sent_after = managed.rejections();
        let response = self.transport.send(request).await;
        let response = response.map_err(Error::Transport)?;
        let origin = || kept.origin(self.transport);
        match self.judge(origin, &response) {
            Judgement::Accepted => managed.accepted(&token, origin),
            Judgement::Unknown => {}
            Judgement::Rejected => {
                // On the heap, so that the common path does not carry its size.
                let replayed = Box::pin(self.renew_and_replay(token, sent_after, kept, response));
                let (response, token) = replayed.await?;
                return Ok(result(response, token));
            }
        }
        Ok(result(response, token))
    }

    /// The token was rejected: renews it, and replays the request (R).
    async fn renew_and_replay(
        &self,
        token: Token,
        sent_after: u64,
        mut kept: Kept<T::Request>,
        mut response: T::Response,
    ) -> Result<(T::Response, Token), Error<T::Error>> {
        let managed = self.managed();
        let origin = kept.origin(self.transport).to_origin();
        let mut sent = token.clone();
        let mut renewal = managed.reject(&token, sent_after, Some(&origin));
        let mut resend_count = 0;
        // A second time only after a replay with the previous token (R9).
        while let Some(step) = renewal {
            let Some(mut replay) = kept.replay(self.transport) else {
                break; // R4
            };
            // R5
            let challenges = self.transport.header_values(&response, &WWW_AUTHENTICATE);
            let rejection = Rejection::new(self.transport.status(&response), challenges);
            // R8: before the wait for the renewal, which may need this response's connection. X5: a body that does not end must
            // not delay the renewal.
            let discarded = self.transport.discard(response);
            managed.ports.within(DISCARD_TIMEOUT, discarded).await;
            let renewed = managed.renewed(step, &token, &origin).await;
            sent = renewed.map_err(|error| error.after(rejection))?;
            self.present(&sent, &mut replay);
            let replayed = self.transport.send(replay).await;
            response = replayed.map_err(Error::Transport)?;
            resend_count += 1;
            let judgement = self.judge(|| origin.as_ref(), &response);
            renewal = match judgement {
                Judgement::Rejected => managed.reject_replay(&token, &sent, &origin),
                Judgement::Accepted => {
                    managed.accepted_replay(&sent, &origin);
                    None
                }
                Judgement::Unknown => None,
            };
            if renewal.is_none() {
                managed.observe(&Event::Replayed {
                    generation: sent.generation(),
                    origin: &origin,
                    status: self.transport.status(&response),
                    rejected: judgement == Judgement::Rejected,
                    resend_count,
                });
            }
        }
        // R3, R6: untouched.
        Ok((response, sent))
    }

    /// F2: in place of every value that the request has there.
    fn present(&self, token: &Token, request: &mut T::Request) {
        let header = self.tokens.header_name();
        self.transport
            .insert_header(request, header, token.header_value());
    }

    /// What a response means for the token (R1, R6, R7, X4). `origin` is the request's.
    fn judge<'o>(
        &self,
        origin: impl FnOnce() -> OriginRef<'o>,
        response: &T::Response,
    ) -> Judgement {
        let status = self.transport.status(response);
        if !self.managed().ports.config.rejects(status) {
            let is_in_trouble = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
            return if is_in_trouble {
                Judgement::Unknown
            } else {
                Judgement::Accepted
            };
        }
        let response_origin = self.transport.response_origin(response);
        if response_origin.is_some_and(|response_origin| origin() != response_origin) {
            return Judgement::Unknown;
        }
        let challenges = self.transport.header_values(response, &WWW_AUTHENTICATE);
        if is_insufficient_scope(&challenges) {
            Judgement::Accepted
        } else {
            Judgement::Rejected
        }
    }

    fn managed(&self) -> &Arc<ManagedToken> {
        self.tokens.managed()
    }
}

/// What is kept of a request while it is sent.
enum Kept<R> {
    /// The request once more, for a replay (R4).
    Copy(R),
    /// It cannot be replayed: only its origin, which a rejection needs.
    Origin(Origin),
}

impl<R> Kept<R> {
    fn origin<T: Transport<Request = R>>(&self, transport: &T) -> OriginRef<'_> {
        match self {
            Self::Copy(copy) => transport.origin(copy),
            Self::Origin(origin) => origin.as_ref(),
        }
    }

    /// A copy of the copy, which is kept in case that the replay is rejected too (R9).
    fn replay<T: Transport<Request = R>>(&mut self, transport: &T) -> Option<R> {
        match self {
            Self::Copy(copy) => transport.try_clone(copy),
            Self::Origin(_) => None,
        }
    }
}

const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);
