//! The keys, and the settings that they become.

use std::time::Duration;

use serde::Deserialize;

use crate::config::{InsecureHttp, Replays, Settings};
use crate::secret::SecretText;

use super::value::{Origins, Pairs, Written};

/// One field for each key.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WrittenSettings {
    pub(super) issuer: Written<String>,
    pub(super) token_endpoint: Written<String>,
    pub(super) client_id: Written<String>,
    pub(super) token_endpoint_auth_method: Written<String>,
    pub(super) client_secret: Written<SecretText>,
    pub(super) client_secret_file: Written<String>,
    pub(super) client_secret_env: Written<String>,
    pub(super) client_secret_raw: Written<bool>,
    pub(super) private_key: Written<SecretText>,
    pub(super) private_key_file: Written<String>,
    pub(super) private_key_env: Written<String>,
    pub(super) key_id: Written<String>,
    pub(super) thumbprint_as_key_id: Written<bool>,
    pub(super) signing_algorithm: Written<String>,
    // The private key may be in the same PEM.
    pub(super) certificate: Written<SecretText>,
    pub(super) certificate_file: Written<String>,
    pub(super) with_certificate: Written<bool>,
    pub(super) jwt_typ: Written<String>,
    pub(super) jwt_audience: Written<String>,
    pub(super) client_assertion_file: Written<String>,
    pub(super) client_assertion_type: Written<String>,
    pub(super) without_client_id: Written<bool>,
    scope: Written<Vec<String>>,
    resource: Written<Vec<String>>,
    // Not a secret, but unlike a `String` it may be empty.
    audience: Written<SecretText>,
    parameters: Written<Pairs>,
    token_request_headers: Written<Pairs>,
    leeway: Written<Duration>,
    default_lifetime: Written<Duration>,
    acquire_timeout: Written<Duration>,
    attempt_timeout: Written<Duration>,
    allowed_origins: Written<Origins>,
    allow_insecure_http: Written<bool>,
    rejecting_statuses: Written<Vec<u16>>,
    replays: Written<bool>,
}

impl WrittenSettings {
    /// Sets everything except the server and how the client authenticates.
    pub(super) fn apply(self, settings: &mut Settings) {
        settings.scope = self.scope.0.map(|scope| scope.join(" "));
        settings.resources = self.resource.0.unwrap_or_default();
        settings.audience = self.audience.0.map(|text| text.expose().to_owned());
        settings.parameters = self.parameters.0.unwrap_or_default().0;
        settings.headers = self.token_request_headers.0.unwrap_or_default().0;
        settings.leeway = self.leeway.0.unwrap_or(settings.leeway);
        settings.default_lifetime = self.default_lifetime.0;
        settings.acquire_timeout = self.acquire_timeout.0.unwrap_or(settings.acquire_timeout);
        settings.attempt_timeout = self.attempt_timeout.0.unwrap_or(settings.attempt_timeout);
        settings.allowed_origins = self.allowed_origins.0.map(|origins| origins.0);
        if self.allow_insecure_http.is_true() {
            settings.insecure_http = InsecureHttp::Allowed;
        }
        if let Some(statuses) = self.rejecting_statuses.0 {
            settings.rejecting = statuses;
        }
        if self.replays.0 == Some(false) {
            settings.replays = Replays::Never;
        }
    }
}
