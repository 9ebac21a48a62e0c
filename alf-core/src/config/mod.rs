//! The configuration of a client. A [`Config`] is valid: nothing checks it again.

mod check;
mod server;
mod settings;
#[cfg(feature = "store")]
mod store;
mod url_mistake;

pub(crate) use check::target as checked_target;
pub(crate) use server::{Issuer, Server, TokenEndpoint};
pub(crate) use settings::{InsecureHttp, NamedBy, Replays, Settings};
#[cfg(all(test, feature = "store"))]
pub(crate) use store::tests::EmptyStore;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode, Uri};

use crate::machine::Policy;
use crate::presentation::Presentation;
#[cfg(feature = "store")]
use crate::store::SharedStore;
use crate::wire::metadata;
use crate::{
    ClientAuthentication, ConfigError, NotAllowed, NotAllowedReason, Observer, OriginRef, Runtime,
    TokenTarget,
};

/// What a client is built with.
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) grant_type: String,
    /// Where tokens are revoked (RFC 7009), if the user has set it.
    pub(crate) revocation_endpoint: Option<Uri>,
    pub(crate) client_id: String,
    pub(crate) authentication: Box<dyn ClientAuthentication>,
    /// What the client's own token is for.
    pub(crate) target: TokenTarget,
    /// Headers of token requests.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) max_targets: usize,
    pub(crate) policy: Policy,
    pub(crate) acquire_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) replays: Replays,
    pub(crate) presentation: Presentation,
    /// If the user has set one.
    pub(crate) runtime: Option<Arc<dyn Runtime>>,
    pub(crate) observer: Arc<dyn Observer>,
    #[cfg(feature = "store")]
    pub(crate) store: Option<Arc<SharedStore>>,
    rejecting: Vec<StatusCode>,
    insecure_http: InsecureHttp,
}

impl Config {
    /// Checks every setting.
    pub(crate) fn parse(mut settings: Settings) -> Result<Self, ConfigError> {
        let names = std::mem::take(&mut settings.names);
        Self::checked(settings).map_err(|error| match names.get(error.setting()) {
            Some(written) => error.renamed(written.clone()),
            None => error,
        })
    }

    fn checked(settings: Settings) -> Result<Self, ConfigError> {
        let server = check::server(settings.server, settings.issuer, settings.insecure_http)?;
        let revocation_endpoint = settings
            .revocation_endpoint
            .map(|url| check::endpoint("revocation_endpoint", &url, settings.insecure_http))
            .transpose()?;
        check::set_once(&settings.repeated)?;
        let (client_id, authentication) = check::authentication(settings.authentication)?;
        let acquire_timeout = check::not_zero("acquire_timeout", settings.acquire_timeout)?;
        let attempt_timeout = check::not_zero("attempt_timeout", settings.attempt_timeout)?;
        let default_lifetime = settings
            .default_lifetime
            .map(|lifetime| check::not_zero("default_lifetime", lifetime))
            .transpose()?;
        #[cfg(feature = "store")]
        let store =
            settings
                .store
                .checked(acquire_timeout, attempt_timeout, authentication.method())?;
        Ok(Self {
            server,
            grant_type: check::grant_type(settings.grant_type)?,
            revocation_endpoint,
            client_id,
            authentication,
            target: checked_target(settings.target)?.without_empty(),
            headers: check::headers(settings.headers)?,
            max_targets: settings.max_targets,
            policy: Policy {
                leeway: settings.leeway,
                default_lifetime,
                acquisition_timeout: acquire_timeout
                    .saturating_sub((acquire_timeout / 20).min(LONGEST_COMPLETION)),
            },
            acquire_timeout,
            attempt_timeout,
            replays: settings.replays,
            presentation: check::presentation(settings.token_header, settings.token_scheme)?,
            runtime: settings.runtime,
            observer: settings.observer,
            #[cfg(feature = "store")]
            store,
            rejecting: check::rejecting(&settings.rejecting)?,
            insecure_http: settings.insecure_http,
        })
    }

    /// How long an acquisition may take, after its deadline, to inform its waiters (S5).
    pub(crate) fn completion_time(&self) -> Duration {
        self.acquire_timeout
            .saturating_sub(self.policy.acquisition_timeout)
    }

    /// Whether the token of a target may go to an origin (X2, X3).
    pub(crate) fn allow(
        &self,
        origin: OriginRef<'_>,
        target: &TokenTarget,
    ) -> Result<(), NotAllowed> {
        let reason = if !check::is_safe(origin, self.insecure_http) {
            if origin.is_http() {
                NotAllowedReason::InsecureHttp
            } else {
                NotAllowedReason::UnsupportedScheme
            }
        } else if !target.allows(origin) {
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

    /// The endpoints that the metadata of an issuer names, checked like those that a user sets. An unusable revocation
    /// endpoint is left out.
    pub(crate) fn endpoint_of_issuer(
        &self,
        token_endpoint: &str,
        revocation_endpoint: Option<&str>,
        issuer: &Issuer,
    ) -> Result<TokenEndpoint, ConfigError> {
        let endpoint = |setting: &'static str, url: &str| {
            let uri = check::endpoint(setting, url, self.insecure_http)?;
            let downgrades = issuer.is_https() && uri.scheme_str() != Some("https");
            if downgrades && self.insecure_http == InsecureHttp::Refused {
                let problem = "is plain http, but the issuer is https; the server's metadata must be corrected";
                return Err(ConfigError::new(setting, problem));
            }
            Ok(uri)
        };
        Ok(TokenEndpoint {
            uri: endpoint("token_endpoint", token_endpoint)?,
            written: token_endpoint.trim().to_owned(),
            issuer: Some(issuer.name.clone()),
            revocation: revocation_endpoint.and_then(|url| endpoint("", url).ok()),
        })
    }
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
