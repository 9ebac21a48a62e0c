//! A client without code: its settings from a file that serde reads, or from the environment.

mod authentication;
mod environment;
mod keys;
mod read;
mod value;

use std::fmt;

use crate::{ClientBuilder, ConfigError, Library};

use keys::Given;

/// The settings of a client, as a file or the environment has them.
///
/// serde reads it, in TOML, YAML or JSON; [`from_env`](Self::from_env) reads the environment. The
/// keys are the same everywhere:
///
/// | key | what it is |
/// | --- | --- |
/// | `issuer`, `token_endpoint` | the authorization server: by its metadata, or by a URL. With both it is the URL, and nothing is discovered; the issuer is then what an assertion of the client is for (`aud`) |
/// | `client_id` | the client's identifier |
/// | `token_endpoint_auth_method` | how it authenticates: `client_secret_basic`, `client_secret_post`, `client_secret_jwt`, `private_key_jwt`, `tls_client_auth`, `self_signed_tls_client_auth`, `client_assertion`, or `none`. Default: `client_secret_basic` where there is a secret, `private_key_jwt` where there is a key, `client_assertion` where there is an assertion. With `tls_client_auth` and `self_signed_tls_client_auth` it is the HTTP clients that hold the certificate, and code that gives them to the builder: see the example below |
/// | `client_secret`, `client_secret_file`, or `client_secret_env` | the secret: by value, by the path of its file, or by the name of a variable |
/// | `client_secret_raw` | `true`: `client_secret_basic` sends id and secret as they are, to a server that does not decode them |
/// | `private_key`, `private_key_file`, or `private_key_env` | the private key in PEM, in the same ways |
/// | `key_id`, or `thumbprint_as_key_id` | the key's `kid`, or `true`: it is the key's thumbprint |
/// | `signing_algorithm` | the key's `alg`: `RS256`, `PS256`, `ES256`, `ES384`, `EdDSA`, `Ed25519`; with `client_secret_jwt` `HS256`, `HS384`, `HS512` |
/// | `certificate_file`, `certificate`, or `with_certificate` | the key's certificate in PEM, whose thumbprint (`x5t#S256`) the server knows the key by: by the path of its file, by value, or `true`: it stands beside the key |
/// | `jwt_typ`, `jwt_audience` | `typ` and `aud` of the assertion of `private_key_jwt` and `client_secret_jwt` |
/// | `client_assertion_file` | the path of an assertion that another signs |
/// | `client_assertion_type`, `without_client_id` | that assertion's type, where it is no JWT; `true`: no `client_id` is sent beside it |
/// | `scope`, `resource` | texts with spaces between, or lists |
/// | `audience`, `parameters`, `token_request_headers` | the audience; tables of further parameters and headers of the token request |
/// | `leeway`, `default_lifetime`, `acquire_timeout`, `attempt_timeout` | times with their unit: `"30s"`, `"500ms"`, `"5m"` |
/// | `allow_insecure_http` | `true`: tokens and secrets may go over plain `http` |
/// | `allowed_origins` | where the token may go. For a client: a `TokenManager` sends no requests, and has no use for it |
/// | `rejecting_statuses`, `replays` | by which statuses a server rejects a token; `false`: nothing is replayed. For a client, too: of no use for a `TokenManager` |
///
/// What each of them does, and its default, the setter of that name says: of [`ClientBuilder`], or
/// of what proves who the client is ([`PrivateKeyJwt`](crate::PrivateKeyJwt),
/// [`PrivateKey`](crate::PrivateKey), [`ClientSecretJwt`](crate::ClientSecretJwt),
/// [`ClientAssertion`](crate::ClientAssertion)).
///
/// A key that is none of these is an error, and names the one that is like it. So is one that
/// contradicts another, and one that the client's method has no use for; but an `issuer` beside a
/// `token_endpoint` may be there with every method, also where no assertion is for it.
///
/// The library that reads the file says where the error is; beware of what it says beside:
/// `Display` of toml's error quotes the line and its `Debug` the whole file, where a secret may be.
/// Show its `message()`.
///
/// # Examples
///
/// ```
/// use alf_core::ClientConfig;
///
/// let config: ClientConfig = serde_json::from_str(
///     r#"{
///         "token_endpoint": "https://auth.example.com/token",
///         "client_id": "client-id",
///         "client_secret_file": "/run/secrets/client",
///         "scope": ["read", "write"],
///         "acquire_timeout": "30s"
///     }"#,
/// )?;
/// let builder = config.builder::<alf_core::CustomTransport>()?;
/// # let _ = builder;
///
/// let error = serde_json::from_str::<ClientConfig>(r#"{ "clientid": "me" }"#).unwrap_err();
/// assert!(error.to_string().starts_with("clientid: there is no such key; client_id is like it"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With `tls_client_auth`, the certificate is put on the adapter's HTTP clients, by its
/// `ClientCertificate`:
///
/// ```
/// use alf_core::{ClientConfig, ConfigError};
///
/// # struct ClientCertificate;
/// # impl ClientCertificate {
/// #     fn from_files(_: &str, _: &str) -> Self { Self }
/// #     fn token_http_client<H>(&self) -> Result<H, ConfigError> { unimplemented!() }
/// #     fn http_client<H>(&self) -> Result<H, ConfigError> { unimplemented!() }
/// # }
/// # fn client<Reqwest: alf_core::Adapter>(
/// #     config: ClientConfig,
/// # ) -> Result<Reqwest::Client, ConfigError> {
/// // Of `alf_reqwest`, say; the others have it, too.
/// let certificate =
///     ClientCertificate::from_files("/run/secrets/client.pem", "/run/secrets/client.key");
/// config
///     .builder::<Reqwest>()?
///     .token_http_client(certificate.token_http_client()?)
///     .http_client(certificate.http_client()?) // where the APIs are to see it, too
///     .build()
/// # }
/// ```
#[derive(Default)]
pub struct ClientConfig {
    given: Given,
    place: Place,
}

/// Where the settings come from: how errors call a key.
#[derive(Default)]
enum Place {
    #[default]
    File,
    Environment {
        prefix: String,
    },
}

impl ClientConfig {
    /// A builder with these settings: for others that are set by code, and the HTTP clients.
    ///
    /// # Errors
    ///
    /// Where a setting is missing or contradicts another; the error names the key, or the variable.
    /// What can be told only when the client is built, `build()` tells: it names the key of what is
    /// set here, also where code has set it anew, and of all else the setter.
    pub fn builder<A: Library>(self) -> Result<ClientBuilder<A>, ConfigError> {
        let Self { given, place } = self;
        let named =
            |key: &'static str, problem: String| ConfigError::new(place.name_of(key), problem);
        let builder = match (&given.issuer, &given.token_endpoint) {
            (Some(issuer), None) => ClientBuilder::discover(issuer),
            (None, Some(endpoint)) => ClientBuilder::new(endpoint),
            (Some(issuer), Some(endpoint)) => ClientBuilder::new(endpoint).issuer(issuer),
            (None, None) => {
                let issuer = place.name_of("issuer");
                return Err(named(
                    "token_endpoint",
                    format!("is not set, nor is {issuer}"),
                ));
            }
        };
        let builder = given
            .authenticate(builder, &place)
            .map_err(|(key, problem)| named(key, problem))?;
        let by_setter = given.by_setter();
        let written = by_setter.map(|(setter, key)| (setter, place.name_of(key)));
        let builder = builder.names(written.collect());
        Ok(given.apply(builder))
    }
}

impl Place {
    /// The key as whoever wrote it spells it.
    fn name_of(&self, key: &'static str) -> String {
        match self {
            Self::File => key.to_owned(),
            Self::Environment { prefix } => format!("{prefix}{}", key.to_ascii_uppercase()),
        }
    }
}

/// Which keys are set, and nothing of what may be secret.
impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("client_id", &self.given.client_id)
            .field("keys", &self.given.seen)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
