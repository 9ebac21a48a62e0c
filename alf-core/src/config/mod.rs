//! A configuration that cannot be wrong: whoever holds a [`Config`] need not check it.

mod check;
mod names;
mod server;

pub(crate) use check::resources as resources_of;
pub(crate) use server::{Issuer, Server, TokenEndpoint};

use names::Names;

use std::sync::Arc;
use std::time::Duration;

use http::{StatusCode, Uri};

use crate::machine::Policy;
use crate::observe::NoObserver;
use crate::presentation::{Bearer, Presentation};
use crate::wire::metadata;
use crate::wire::token_request::GrantParameters;
use crate::{
    ClientAuthentication, ConfigError, NotAllowed, NotAllowedReason, Observer, Origin, OriginRef,
    Runtime,
};

/// What a user set, not yet checked.
pub(crate) struct Settings {
    pub(crate) server: NamedBy,
    pub(crate) issuer: Option<String>,
    /// Every client authentication that was set, by the name of its setter.
    pub(crate) authentications: Vec<(&'static str, String, Box<dyn ClientAuthentication>)>,
    pub(crate) scope: Option<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) leeway: Duration,
    pub(crate) default_lifetime: Option<Duration>,
    pub(crate) acquire_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) insecure_http: InsecureHttp,
    pub(crate) allowed_origins: Option<Vec<String>>,
    pub(crate) rejecting: Vec<u16>,
    pub(crate) replays: Replays,
    pub(crate) runtime: Option<Arc<dyn Runtime>>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) names: Names,
}

/// How a user named the authorization server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamedBy {
    TokenEndpoint(String),
    Issuer(String),
}

/// Whether tokens and secrets may be sent in the clear to other machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InsecureHttp {
    Refused,
    Allowed,
}

/// Whether rejected requests are replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replays {
    Once,
    Never,
}

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
    destinations: Destinations,
}

/// Where the token may go.
struct Destinations {
    insecure_http: InsecureHttp,
    allowed: Option<Vec<Origin>>,
}

/// The ports that a user may set, and what stands in where none is set.
pub(crate) struct Surroundings {
    pub(crate) runtime: Option<Arc<dyn Runtime>>,
    pub(crate) observer: Arc<dyn Observer>,
}

impl Settings {
    pub(crate) fn new(server: NamedBy) -> Self {
        Self {
            server,
            issuer: None,
            authentications: Vec::new(),
            scope: None,
            resources: Vec::new(),
            audience: None,
            parameters: Vec::new(),
            headers: Vec::new(),
            leeway: LEEWAY,
            default_lifetime: None,
            acquire_timeout: ACQUIRE_TIMEOUT,
            attempt_timeout: ATTEMPT_TIMEOUT,
            insecure_http: InsecureHttp::Refused,
            allowed_origins: None,
            rejecting: vec![StatusCode::UNAUTHORIZED.as_u16()],
            replays: Replays::Once,
            runtime: None,
            observer: None,
            names: Names::default(),
        }
    }
}

impl Config {
    /// Checks every setting.
    pub(crate) fn parse(mut settings: Settings) -> Result<(Self, Surroundings), ConfigError> {
        let names = std::mem::take(&mut settings.names);
        Self::checked(settings).map_err(|error| names.rename(error))
    }

    fn checked(settings: Settings) -> Result<(Self, Surroundings), ConfigError> {
        let server = check::server(settings.server, settings.issuer, settings.insecure_http)?;
        let (client_id, authentication) = check::authentication(settings.authentications)?;
        let extra = check::parameters(settings.parameters)?;
        let timeout = check::not_zero("acquire_timeout", settings.acquire_timeout)?;
        let config = Self {
            server,
            client_id,
            authentication,
            grant: GrantParameters {
                scope: scope_of(settings.scope),
                resources: resources_of(settings.resources)?,
                audience: settings.audience.filter(|audience| !audience.is_empty()),
                extra,
                headers: check::headers(settings.headers)?,
            },
            presentation: Box::new(Bearer),
            policy: Policy {
                leeway: settings.leeway,
                default_lifetime: settings
                    .default_lifetime
                    .map(|lifetime| check::not_zero("default_lifetime", lifetime))
                    .transpose()?,
                // S5: the acquisition ends a little before its waiters give up, so that they learn
                // what went wrong.
                acquisition_timeout: timeout.saturating_sub((timeout / 20).min(FLIGHT_ENDS_BEFORE)),
            },
            acquire_timeout: timeout,
            attempt_timeout: check::not_zero("attempt_timeout", settings.attempt_timeout)?,
            replays: settings.replays,
            rejecting: check::rejecting(&settings.rejecting)?,
            destinations: Destinations {
                insecure_http: settings.insecure_http,
                allowed: settings
                    .allowed_origins
                    .as_deref()
                    .map(check::allowed_origins)
                    .transpose()?,
            },
        };
        let surroundings = Surroundings {
            runtime: settings.runtime,
            observer: settings.observer.unwrap_or_else(|| Arc::new(NoObserver)),
        };
        Ok((config, surroundings))
    }

    /// How long after its deadline an acquisition may take to tell its waiters (S5).
    pub(crate) fn completion_time(&self) -> Duration {
        self.acquire_timeout
            .saturating_sub(self.policy.acquisition_timeout)
    }

    /// Whether the token may go there (X2, X3).
    pub(crate) fn allow(&self, origin: OriginRef<'_>) -> Result<(), NotAllowed> {
        let Destinations {
            insecure_http,
            allowed,
        } = &self.destinations;
        let not_allowed = |reason| Err(NotAllowed::new(origin.to_origin(), reason));
        if !is_safe(origin, *insecure_http) {
            return not_allowed(if origin.is_http() {
                NotAllowedReason::InsecureHttp
            } else {
                NotAllowedReason::UnsupportedScheme
            });
        }
        match allowed {
            Some(allowed) if !allowed.iter().any(|allowed| *allowed == origin) => {
                not_allowed(NotAllowedReason::OriginNotAllowed)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a status rejects the token that was sent (R1).
    pub(crate) fn rejects(&self, status: StatusCode) -> bool {
        self.rejecting.contains(&status)
    }

    /// Where a token request goes, by the metadata of an issuer: checked as what a user sets is.
    pub(crate) fn endpoint_of_issuer(
        &self,
        token_endpoint: &str,
        issuer: &str,
    ) -> Result<TokenEndpoint, ConfigError> {
        let insecure_http = self.destinations.insecure_http;
        let uri = check::token_endpoint(token_endpoint, insecure_http)?;
        let downgrades = issuer.starts_with("https:") && uri.scheme_str() != Some("https");
        if downgrades && insecure_http == InsecureHttp::Refused {
            let problem = "is plain http, where its issuer is https";
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

/// X2, T8: encrypted, or on this machine, or the user said so. Only `http` can be allowed: of
/// another scheme nobody knows what it does.
fn is_safe(origin: OriginRef<'_>, insecure_http: InsecureHttp) -> bool {
    origin.is_https()
        || (origin.is_http() && (origin.is_loopback() || insecure_http == InsecureHttp::Allowed))
}

const LEEWAY: Duration = Duration::from_secs(10);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const FLIGHT_ENDS_BEFORE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
