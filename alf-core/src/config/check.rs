//! What can be wrong with each setting. Bad input gets a clear error before anything is sent.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderName, HeaderValue, StatusCode, Uri};

use crate::secret::sensitive_header;
use crate::wire::metadata;
use crate::{ClientAuthentication, ConfigError, Origin, OriginRef};

use super::{InsecureHttp, Issuer, NamedBy, Server, TokenEndpoint, is_safe};

pub(super) fn server(
    server: NamedBy,
    issuer: Option<String>,
    insecure_http: InsecureHttp,
) -> Result<Server, ConfigError> {
    match server {
        NamedBy::TokenEndpoint(url) => Ok(Server::Endpoint(Arc::new(TokenEndpoint {
            uri: token_endpoint(&url, insecure_http)?,
            written: url.trim().to_owned(),
            issuer: issuer.map(named_issuer).transpose()?,
        }))),
        NamedBy::Issuer(_) if issuer.is_some() => Err(ConfigError::new(
            "issuer",
            "is set, and the client was begun with one; keep one",
        )),
        NamedBy::Issuer(name) => {
            let issuer = discovered(name, insecure_http)?;
            Ok(Server::Issuer(issuer))
        }
    }
}

/// T8, and RFC 6749 §3.2: a URL without a fragment.
pub(super) fn token_endpoint(url: &str, insecure_http: InsecureHttp) -> Result<Uri, ConfigError> {
    endpoint("token_endpoint", url, insecure_http)
}

/// RFC 8414 §2: a URL without a query or a fragment. It is kept as it was written, since it is
/// compared so.
fn discovered(name: String, insecure_http: InsecureHttp) -> Result<Issuer, ConfigError> {
    let uri = endpoint("issuer", &name, insecure_http)?;
    if uri.query().is_some() || name.trim() != name {
        let problem = "has a query, or spaces around it; write it as https://host/path";
        return Err(ConfigError::new("issuer", problem));
    }
    let [openid, oauth] = metadata::documents(&uri);
    let document = |url: String| {
        url.parse::<Uri>()
            .map_err(|error| ConfigError::new("issuer", "gives no URL of metadata").because(error))
    };
    Ok(Issuer {
        name,
        documents: [document(openid)?, document(oauth)?],
    })
}

fn endpoint(
    setting: &'static str,
    url: &str,
    insecure_http: InsecureHttp,
) -> Result<Uri, ConfigError> {
    let wrong = |problem: &'static str| Err(ConfigError::new(setting, problem));
    // `http::Uri` drops a fragment without a word.
    if url.contains('#') {
        return wrong("has a fragment, which is forbidden; remove the part from `#` on");
    }
    let uri: Uri = url.trim().parse().map_err(|error: http::uri::InvalidUri| {
        ConfigError::new(setting, "is no URL").because(error)
    })?;
    if uri.scheme().is_none() {
        return wrong("is no absolute URL; write it as https://host/path");
    }
    let Some(origin) = OriginRef::of(&uri) else {
        return wrong(
            "has no host, or a port, that can be read; write it as https://host:port/path",
        );
    };
    if uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return wrong("has a user name in it; use client_secret for credentials");
    }
    if !origin.is_https() && !origin.is_http() {
        return wrong("is neither https nor http");
    }
    if !is_safe(origin, insecure_http) {
        return wrong(
            "is plain http, which shows the client's secret to the network; use https, or \
             allow_insecure_http if you know why",
        );
    }
    Ok(uri)
}

/// It is compared as it stands (RFC 8414 §3.3), so that nothing of it is mended here.
fn named_issuer(issuer: String) -> Result<String, ConfigError> {
    if issuer.is_empty() {
        return Err(ConfigError::new("issuer", "is empty"));
    }
    if issuer.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(ConfigError::new(
            "issuer",
            "has white space in it; remove it",
        ));
    }
    Ok(issuer)
}

/// T2: exactly one.
pub(super) fn authentication(
    mut set: Vec<(&'static str, String, Box<dyn ClientAuthentication>)>,
) -> Result<(String, Box<dyn ClientAuthentication>), ConfigError> {
    let names: Vec<_> = set.iter().map(|(name, ..)| *name).collect();
    let (Some((_, client_id, authentication)), true) = (set.pop(), set.is_empty()) else {
        let problem = if names.is_empty() {
            "is not set; use client_secret, client_secret_post, private_key_jwt, \
             client_assertion, tls_client_auth, client_authentication, or \
             no_client_authentication"
                .to_owned()
        } else {
            format!("is set more than once ({}); keep one", names.join(", "))
        };
        return Err(ConfigError::new("client_authentication", problem));
    };
    if client_id.trim().is_empty() {
        return Err(ConfigError::new("client_id", "is empty"));
    }
    if client_id.contains(['\r', '\n']) {
        return Err(ConfigError::new("client_id", "has a line break; remove it"));
    }
    authentication.check()?;
    Ok((client_id, authentication))
}

/// T1: an extra parameter that alf sets itself is an error, not an override; so is one that is there
/// twice.
pub(super) fn parameters(
    parameters: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, ConfigError> {
    let mut names = HashSet::new();
    for (name, _) in &parameters {
        if name.is_empty() {
            return Err(ConfigError::new("parameter", "has an empty name"));
        }
        if OWN_PARAMETERS.contains(&name.as_str()) {
            return Err(ConfigError::new(
                "parameter",
                format!(
                    "{name:?} is one that alf sets itself, or that has no place in this grant; \
                     remove it or use its setter"
                ),
            ));
        }
        if !names.insert(name) {
            return Err(ConfigError::new(
                "parameter",
                format!("{name:?} is set more than once, which RFC 6749 §3.2 forbids; keep one"),
            ));
        }
    }
    Ok(parameters)
}

/// T1, T2: those that alf, the client's proof or the HTTP library sets are not to be overridden.
pub(super) fn headers(
    headers: Vec<(String, String)>,
) -> Result<Vec<(HeaderName, HeaderValue)>, ConfigError> {
    let wrong = |problem: String| ConfigError::new("token_request_header", problem);
    let check = |(name, value): (String, String)| {
        let Ok(parsed) = HeaderName::try_from(&name) else {
            // It is not shown: whoever writes `Name: value` here has a secret in it.
            return Err(wrong(
                "one of them has a name that is none of a header".to_owned(),
            ));
        };
        if OWN_HEADERS.contains(&parsed) {
            return Err(wrong(format!(
                "{parsed} is one that is set anyway; remove it"
            )));
        }
        match sensitive_header(value) {
            Some(value) => Ok((parsed, value)),
            // It is not shown: it may be a secret.
            None => Err(wrong(format!(
                "the value of {parsed} is not fit for a header"
            ))),
        }
    };
    headers.into_iter().map(check).collect()
}

/// RFC 8707 §2: an absolute URI without a fragment. Its scheme is that of RFC 3986 §3.1.
pub(crate) fn resources(resources: Vec<String>) -> Result<Vec<String>, ConfigError> {
    for resource in &resources {
        let has_scheme = resource
            .split_once(':')
            .is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty());
        if !has_scheme || resource.contains('#') {
            return Err(ConfigError::new(
                "resource",
                format!("{resource:?} is no absolute URI without a fragment (RFC 8707 §2)"),
            ));
        }
    }
    Ok(resources)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

pub(super) fn not_zero(setting: &'static str, time: Duration) -> Result<Duration, ConfigError> {
    if time.is_zero() {
        Err(ConfigError::new(
            setting,
            "is zero, which makes no sense here",
        ))
    } else {
        Ok(time)
    }
}

/// X3.
pub(super) fn allowed_origins(entries: &[String]) -> Result<Vec<Origin>, ConfigError> {
    entries.iter().map(|entry| allowed_origin(entry)).collect()
}

/// Scheme, host and port, and nothing else: whoever writes more means something that alf does not
/// do.
fn allowed_origin(entry: &str) -> Result<Origin, ConfigError> {
    let wrong = |problem: &str| {
        let problem = format!("{problem}; write it as https://host or https://host:port");
        Err(ConfigError::new("allowed_origins", problem))
    };
    if entry.contains('@') {
        // It is not shown: there may be a password in it.
        return wrong("one of them has a user name in it");
    }
    if entry.contains('*') {
        return wrong(&format!(
            "{entry:?} has a `*`, but each origin is named in full"
        ));
    }
    if entry.contains(['?', '#']) {
        return wrong(&format!("{entry:?} has a query or a fragment"));
    }
    let uri: Option<Uri> = entry.parse().ok();
    let Some((uri, origin)) = uri
        .as_ref()
        .and_then(|uri| Some((uri, OriginRef::of(uri)?)))
    else {
        return wrong(&format!("{entry:?} is no origin"));
    };
    if !origin.is_https() && !origin.is_http() {
        return wrong(&format!("{entry:?} is neither https nor http"));
    }
    if !matches!(uri.path(), "" | "/") {
        return wrong(&format!(
            "{entry:?} has a path, but an origin is allowed as a whole"
        ));
    }
    Ok(origin.to_origin())
}

/// R1: which statuses reject a token. A status that is no error rejects nothing.
pub(super) fn rejecting(statuses: &[u16]) -> Result<Vec<StatusCode>, ConfigError> {
    statuses
        .iter()
        .map(|status| {
            StatusCode::from_u16(*status)
                .ok()
                .filter(StatusCode::is_client_error)
                .ok_or_else(|| {
                    ConfigError::new("rejecting_statuses", format!("{status} is no 4xx"))
                })
        })
        .collect()
}

const OWN_HEADERS: [HeaderName; 13] = [
    ACCEPT,
    ACCEPT_ENCODING,
    AUTHORIZATION,
    CONNECTION,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    HOST,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];
const OWN_PARAMETERS: [&str; 9] = [
    "grant_type",
    "scope",
    "resource",
    "audience",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "access_token",
];
