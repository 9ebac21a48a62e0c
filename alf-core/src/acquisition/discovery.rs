//! Where the token request of an attempt goes (RFC 8414).

use std::sync::Arc;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::config::{Issuer, Knowledge, Place, Server};
use crate::error::{Cause, Told};
use crate::machine::{Failure, Moment};
use crate::wire::may_pass;
use crate::wire::metadata::{self, Metadata};
use crate::wire::retry_after::retry_after;
use crate::{Event, ExchangeErrorKind, ExchangeOptions, TokenErrorKind};

use super::{Acquisition, MAX_ANSWER, no_answer};

impl Acquisition {
    /// The token endpoint; where it is an issuer's, by its metadata.
    pub(super) async fn place(&self, until: Moment) -> Result<Arc<Place>, Cause> {
        let issuer = match &self.shared.config.server {
            Server::Endpoint(place) => return Ok(Arc::clone(place)),
            Server::Issuer(issuer) => issuer,
        };
        match issuer.known(self.shared.now()) {
            Knowledge::Fresh(place) => Ok(place),
            Knowledge::Nothing => self.discover(issuer, until).await,
            Knowledge::Stale(place) => {
                // Half of the time is left for the token request, on what is known.
                let left = until.saturating_since(self.shared.now()) / 2;
                let read = self.within(left, self.discover(issuer, until)).await;
                Ok(read.and_then(Result::ok).unwrap_or(place))
            }
        }
    }

    /// The endpoint did not answer, or not as a token endpoint: it may have moved.
    pub(super) fn doubt_place(&self, cause: &Cause) {
        let Server::Issuer(issuer) = &self.shared.config.server else {
            return;
        };
        let is_gone = match cause.kind {
            TokenErrorKind::Connect
            | TokenErrorKind::Timeout(_)
            | TokenErrorKind::Exchange
            | TokenErrorKind::Redirected
            | TokenErrorKind::Unreadable => true,
            TokenErrorKind::Refused => matches!(
                cause.told.status,
                Some(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE)
            ),
            TokenErrorKind::Authentication
            | TokenErrorKind::Discovery
            | TokenErrorKind::TokenType
            | TokenErrorKind::Aborted => false,
        };
        if is_gone {
            issuer.doubt();
        }
    }

    /// Looks for a document in one place after the other.
    async fn discover(&self, issuer: &Issuer, until: Moment) -> Result<Arc<Place>, Cause> {
        let mut problems = Vec::new();
        for document in &issuer.documents {
            match self.fetch(document, until).await? {
                Found::Document(response) => return self.learn(issuer, document, &response),
                Found::Nothing(problem) => problems.push(format!("{document}: {problem}")),
            }
        }
        Err(unusable(problems.join("; "), Failure::PERMANENT))
    }

    async fn fetch(&self, document: &Uri, until: Moment) -> Result<Found, Cause> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = document.clone();
        request
            .headers_mut()
            .insert(ACCEPT, HeaderValue::from_static("application/json"));
        let left = until.saturating_since(self.shared.now());
        let options = ExchangeOptions::new(MAX_ANSWER, left);
        let endpoint = self.shared.endpoint.as_ref();
        match endpoint.exchange(request, &options).await {
            Ok(response) => Ok(found(response)),
            Err(error) => match error.kind() {
                ExchangeErrorKind::Redirected => Ok(Found::Nothing(
                    "a redirect, which is not followed".to_owned(),
                )),
                ExchangeErrorKind::TooLarge => {
                    let problem = format!("{document}: larger than 1 MiB");
                    Err(unusable(problem, Failure::PERMANENT))
                }
                ExchangeErrorKind::Connect
                | ExchangeErrorKind::Exchange
                | ExchangeErrorKind::Timeout => Err(no_answer(error)),
            },
        }
    }

    fn learn(
        &self,
        issuer: &Issuer,
        document: &Uri,
        response: &Response<Bytes>,
    ) -> Result<Arc<Place>, Cause> {
        let place = metadata::decode(response, &issuer.name)
            .and_then(|metadata| self.accept(issuer, &metadata))
            .map_err(|problem| {
                let failure = self.failure_of(response);
                unusable(format!("{document}: {problem}"), failure)
            })?;
        let place = Arc::new(place);
        issuer.learn(Arc::clone(&place), self.shared.now());
        self.shared.server.found_out(self.ticket);
        self.shared.tell(&Event::IssuerDiscovered {
            issuer: &issuer.name,
            token_endpoint: &self.shared.config.shown_endpoint(),
        });
        Ok(place)
    }

    /// What the metadata says, if this client can do with it.
    fn accept(&self, issuer: &Issuer, metadata: &Metadata) -> Result<Place, String> {
        let config = &self.shared.config;
        let method = config.authentication.as_ref().method();
        if let (Some(method), Some(offered)) = (method, &metadata.methods) {
            if !offered.iter().any(|one| one == method) {
                let offered = match offered.join(", ") {
                    none if none.is_empty() => "none".to_owned(),
                    offered => metadata::shown(&offered),
                };
                return Err(format!(
                    "it does not offer {method}, by which this client authenticates; it offers \
                     {offered}"
                ));
            }
        }
        let by_tls = matches!(
            method,
            Some("tls_client_auth" | "self_signed_tls_client_auth")
        );
        let mtls = metadata.mtls_token_endpoint.as_ref().filter(|_| by_tls);
        let endpoint = mtls.unwrap_or(&metadata.token_endpoint);
        config
            .place(endpoint, &issuer.name)
            .map_err(|error| error.to_string())
    }

    /// B1: whether an answer that is no metadata may pass.
    fn failure_of(&self, response: &Response<Bytes>) -> Failure {
        let status = response.status();
        let retry_after = retry_after(response.headers(), self.shared.clock.wall());
        if may_pass(status) {
            Failure::Transient { retry_after }
        } else {
            Failure::Permanent { retry_after }
        }
    }
}

/// What is where a document may be.
enum Found {
    /// It, or an answer that says nothing of whether it is there.
    Document(Response<Bytes>),
    /// Not it, and why.
    Nothing(String),
}

/// Many servers answer with a page where there is nothing.
fn found(response: Response<Bytes>) -> Found {
    let status = response.status();
    if status.is_client_error() && !may_pass(status) {
        Found::Nothing(format!("status {}", status.as_str()))
    } else if status.is_success() && !metadata::is_json(&response) {
        Found::Nothing("no JSON, or cut short".to_owned())
    } else {
        Found::Document(response)
    }
}

fn unusable(problem: String, failure: Failure) -> Cause {
    Cause::new(TokenErrorKind::Discovery, failure).told(Told {
        detail: Some(problem),
        ..Told::default()
    })
}
