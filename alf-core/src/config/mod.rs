//! The configuration of a client. A [`Config`] is valid: nothing checks it again.

mod check;
mod names;
mod server;
mod settings;

pub(crate) use check::resources as resources_of;
pub(crate) use server::{Issuer, Server, TokenEndpoint};
pub(crate) use settings::{InsecureHttp, NamedBy, Replays, Settings};

use std::time::Duration;

use http::{StatusCode, Uri};

use crate::machine::Policy;
use crate::presentation::{Bearer, Presentation};
use crate::wire::metadata;
use crate::wire::token_request::GrantParameters;
use crate::{ClientAuthentication, ConfigError, NotAllowed, NotAllowedReason, Origin, OriginRef};

/// What a client is built with.
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) client_id: String,
    pub(crate) authentication: Box<dyn ClientAuthentication>,
    pub(crate) grant: GrantParameters,
    pub(crate) presentation: Box<dyn Presentation>,
    pub(crate) policy: Policy,
    pub(crate) acquire_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) replays: Replays,
    rejecting: Vec<StatusCode>,
    insecure_http: InsecureHttp,
    allowed_origins: Option<Vec<Origin>>,
}

impl Config {
    /// Checks every setting.
    pub(crate) fn parse(mut settings: Settings) -> Result<Self, ConfigError> {
        let names = std::mem::take(&mut settings.names);
        Self::checked(settings).map_err(|error| names.rename(error))
    }

    fn checked(settings: Settings) -> Result<Self, ConfigError> {
        let server = check::server(settings.server, settings.issuer, settings.insecure_http)?;
        let (client_id, authentication) = check::authentication(settings.authentications)?;
        check::set_once(&settings.repeated)?;
        let acquire_timeout = check::not_zero("acquire_timeout", settings.acquire_timeout)?;
        let default_lifetime = settings
            .default_lifetime
            .map(|lifetime| check::not_zero("default_lifetime", lifetime));
        let origins = settings.allowed_origins.as_deref();
        Ok(Self {
            server,
            client_id,
            authentication,
            grant: GrantParameters {
                extra: check::parameters(settings.parameters)?,
                scope: scope_of(settings.scope),
                resources: resources_of(settings.resources)?,
                audience: settings.audience.filter(|audience| !audience.is_empty()),
                headers: check::headers(settings.headers)?,
            },
            presentation: Box::new(Bearer),
            policy: Policy {
                leeway: settings.leeway,
                default_lifetime: default_lifetime.transpose()?,
                acquisition_timeout: acquire_timeout
                    .saturating_sub((acquire_timeout / 20).min(LONGEST_COMPLETION)),
            },
            acquire_timeout,
            attempt_timeout: check::not_zero("attempt_timeout", settings.attempt_timeout)?,
            replays: settings.replays,
            rejecting: check::rejecting(&settings.rejecting)?,
            insecure_http: settings.insecure_http,
            allowed_origins: origins.map(check::allowed_origins).transpose()?,
        })
    }

    /// How long an acquisition may take, after its deadline, to inform its waiters (S5).
    pub(crate) fn completion_time(&self) -> Duration {
        self.acquire_timeout
            .saturating_sub(self.policy.acquisition_timeout)
    }

    /// Whether the token may go to an origin (X2, X3).
    pub(crate) fn allow(&self, origin: OriginRef<'_>) -> Result<(), NotAllowed> {
        let reason = if !check::is_safe(origin, self.insecure_http) {
            if origin.is_http() {
                NotAllowedReason::InsecureHttp
            } else {
                NotAllowedReason::UnsupportedScheme
            }
        } else if self
            .allowed_origins
            .as_ref()
            .is_some_and(|allowed| !allowed.iter().any(|allowed| *allowed == origin))
        {
            NotAllowedReason::OriginNotAllowed
        } else {
            return Ok(());
        };
        Err(NotAllowed::new(origin.to_origin(), reason))
    }

    /// Whether a status rejects the token that was sent (R1).
    pub(crate) fn rejects(&self, status: StatusCode) -> bool {
        self.rejecting.contains(&status)
    }

    /// The token endpoint that the metadata of an issuer names, checked like one that a user sets.
    pub(crate) fn endpoint_of_issuer(
        &self,
        token_endpoint: &str,
        issuer: &str,
    ) -> Result<TokenEndpoint, ConfigError> {
        let insecure_http = self.insecure_http;
        let uri = check::endpoint("token_endpoint", token_endpoint, insecure_http)?;
        let downgrades = issuer.starts_with("https:") && uri.scheme_str() != Some("https");
        if downgrades && insecure_http == InsecureHttp::Refused {
            let problem = "is plain http, but its issuer is https";
            return Err(ConfigError::new("token_endpoint", problem));
        }
        Ok(TokenEndpoint {
            uri,
            written: token_endpoint.trim().to_owned(),
            issuer: Some(issuer.to_owned()),
        })
    }
}

/// T1: four real servers refuse an empty scope.
pub(crate) fn scope_of(scope: Option<String>) -> Option<String> {
    scope.filter(|scope| !scope.trim().is_empty())
}

/// A token endpoint as errors show it: without its query.
pub(crate) fn shown_endpoint(endpoint: &Uri) -> String {
    let origin = OriginRef::of(endpoint).map(|origin| origin.to_string());
    metadata::shown(&(origin.unwrap_or_default() + endpoint.path()))
}

/// S5: an acquisition ends this much before its waiters do, so that they get its error.
const LONGEST_COMPLETION: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
