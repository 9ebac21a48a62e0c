//! The token endpoint of an attempt: named by the user, or by the issuer's metadata (RFC 8414).

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::config::{Issuer, Server, TokenEndpoint};
use crate::error::{Activity, AnswerDetails, Cause};
use crate::machine::{Breaker, Exclusivity, Failure, Moment};
use crate::server::CachedMetadata;
use crate::wire::metadata::{self, Metadata};
use crate::wire::token_request::user_agent;
use crate::wire::{Redactor, failure, may_pass};
use crate::{Event, ExchangeErrorKind, ExchangeOptions, TokenErrorKind};

use super::Acquisition;
use super::failure::{MAX_RESPONSE, no_response};

impl Acquisition<'_> {
    /// T10: while the metadata is not known, one acquisition reads it for all.
    pub(super) fn exclusivity(&self) -> Exclusivity {
        let knows_endpoint = match &self.ports.config.server {
            Server::Endpoint(_) => true,
            Server::Issuer(_) => self.ports.server.metadata.endpoint().is_some(),
        };
        if knows_endpoint {
            Exclusivity::Shared
        } else {
            Exclusivity::Exclusive
        }
    }

    pub(super) async fn token_endpoint(&self, until: Moment) -> Result<Arc<TokenEndpoint>, Cause> {
        let issuer = match &self.ports.config.server {
            Server::Endpoint(endpoint) => return Ok(Arc::clone(endpoint)),
            Server::Issuer(issuer) => issuer,
        };
        match self.ports.server.metadata.look_up(self.ports.now()) {
            CachedMetadata::Fresh(endpoint) => Ok(endpoint),
            CachedMetadata::Missing => self.discover(issuer, until).await,
            CachedMetadata::Stale(endpoint) => {
                // The other half of the time is for the token request. Both bounds: a blocking transport keeps its own alone.
                let now = self.ports.now();
                let left = until.saturating_since(now) / 2;
                let read = self.discover(issuer, now + left);
                let read = self.ports.within(left, read).await;
                Ok(read.and_then(Result::ok).unwrap_or(endpoint))
            }
        }
    }

    /// If the endpoint did not answer, or not as a token endpoint does, it may have moved.
    pub(super) fn doubt_metadata(&self, cause: &Cause) {
        if self.activity.get() != Activity::Response {
            return;
        }
        let is_no_answer = matches!(
            cause.kind,
            TokenErrorKind::Connect
                | TokenErrorKind::Certificate
                | TokenErrorKind::Timeout(_)
                | TokenErrorKind::Exchange
                | TokenErrorKind::Redirected
                | TokenErrorKind::Unreadable
        );
        let is_not_found = matches!(
            cause.answer.status,
            Some(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE)
        );
        if is_no_answer || is_not_found {
            self.ports.server.metadata.doubt();
        }
    }

    /// Looks for a document in one place after the other.
    async fn discover(&self, issuer: &Issuer, until: Moment) -> Result<Arc<TokenEndpoint>, Cause> {
        let mut problems = Vec::new();
        for document in &issuer.documents {
            match self.fetch(document, until).await? {
                Ok(response) => return self.learn(issuer, document, &response),
                Err(problem) => problems.push(format!("{document}: {problem}")),
            }
        }
        let mut problem = problems.join("; ");
        if issuer.documents.len() > 1 {
            problem += "; if its metadata has another URL, use discover_at";
        }
        Err(unusable(problem, Failure::PERMANENT))
    }

    /// The document; or what there is instead, if other places may have it.
    async fn fetch(
        &self,
        document: &Uri,
        until: Moment,
    ) -> Result<Result<Response<Bytes>, String>, Cause> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = document.clone();
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json);
        let user_agent = user_agent(&self.ports.config.headers);
        request.headers_mut().insert(USER_AGENT, user_agent);
        let left = until.saturating_since(self.ports.now());
        let options = ExchangeOptions::new(MAX_RESPONSE, left);
        let transport = self.ports.token_transport.as_ref();
        self.activity.set(Activity::Metadata);
        match transport.exchange(request, &options).await {
            Ok(response) => Ok(found(response)),
            Err(error) => match error.kind() {
                ExchangeErrorKind::Redirected => {
                    Ok(Err("a redirect, which is not followed".to_owned()))
                }
                ExchangeErrorKind::TooLarge => {
                    let problem = format!("{document}: larger than 1 MiB");
                    Err(unusable(problem, Failure::PERMANENT))
                }
                ExchangeErrorKind::Connect
                | ExchangeErrorKind::Certificate
                | ExchangeErrorKind::Exchange
                | ExchangeErrorKind::Timeout => Err(no_response(error, &Redactor::new(Vec::new()))),
            },
        }
    }

    fn learn(
        &self,
        issuer: &Issuer,
        document: &Uri,
        response: &Response<Bytes>,
    ) -> Result<Arc<TokenEndpoint>, Cause> {
        let endpoint = metadata::decode(response, &issuer.name)
            .and_then(|metadata| self.accept(issuer, &metadata))
            .map_err(|problem| {
                let failure = failure(response, self.ports.clock.wall());
                unusable(format!("{document}: {problem}"), failure)
            })?;
        let endpoint = Arc::new(endpoint);
        let cache = &self.ports.server.metadata;
        cache.insert(Arc::clone(&endpoint), self.ports.now());
        self.admission.change(Breaker::end_exclusivity);
        let event = Event::IssuerDiscovered {
            issuer: &issuer.name,
            token_endpoint: &self.ports.shown_endpoint(),
        };
        self.observe(&event);
        Ok(endpoint)
    }

    /// The endpoint that the metadata names, if this client can use it.
    fn accept(&self, issuer: &Issuer, metadata: &Metadata) -> Result<TokenEndpoint, String> {
        let config = &self.ports.config;
        let method = config.authentication.as_ref().method();
        if let (Some(method), Some(offered)) = (method, &metadata.methods) {
            if !offered.iter().any(|one| one == method) {
                let offered = match offered.join(", ") {
                    none if none.is_empty() => "none".to_owned(),
                    offered => metadata::shown(&offered),
                };
                return Err(format!(
                    "its token_endpoint_auth_methods_supported does not list {method}, which this \
                     client uses; it lists {offered}"
                ));
            }
        }
        let by_tls = matches!(
            method,
            Some("tls_client_auth" | "self_signed_tls_client_auth")
        );
        let mtls = metadata.mtls_token_endpoint.as_ref().filter(|_| by_tls);
        let endpoint = mtls.unwrap_or(&metadata.token_endpoint);
        let mtls = metadata
            .mtls_revocation_endpoint
            .as_ref()
            .filter(|_| by_tls);
        let revocation = mtls.or(metadata.revocation_endpoint.as_ref());
        config
            .endpoint_of_issuer(endpoint, revocation.map(String::as_str), issuer)
            .map_err(|error| error.to_string())
    }
}

/// Many servers answer with a page if there is no document. Other responses do not tell whether there is one.
fn found(response: Response<Bytes>) -> Result<Response<Bytes>, String> {
    let status = response.status();
    if status.is_client_error() && !may_pass(status) {
        Err(format!("status {}", status.as_str()))
    } else if status.is_success() && !metadata::is_json(&response) {
        Err("not JSON, or truncated".to_owned())
    } else {
        Ok(response)
    }
}

fn unusable(problem: String, failure: Failure) -> Cause {
    Cause::new(TokenErrorKind::Discovery, failure).with_answer(AnswerDetails::new(problem))
}
