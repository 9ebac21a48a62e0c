//! The check of each setting. A wrong one is an error of `build()`, before anything is sent.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, HOST};
use http::uri::InvalidUri;
use http::{HeaderName, HeaderValue, StatusCode, Uri};

use crate::presentation::Presentation;
use crate::secret::sensitive_header;
use crate::wire::metadata;
use crate::{ClientAuthentication, ConfigError, Origin, OriginRef, TokenTarget};

use super::server::{Issuer, Server, TokenEndpoint};
use super::settings::{InsecureHttp, NamedBy};
use super::url_mistake::url_mistake;

pub(super) fn server(
    server: NamedBy,
    issuer: Option<String>,
    insecure_http: InsecureHttp,
) -> Result<Server, ConfigError> {
    match server {
        NamedBy::TokenEndpoint(url) => Ok(Server::Endpoint(Arc::new(TokenEndpoint {
            uri: endpoint("token_endpoint", &url, insecure_http)?,
            written: url.trim().to_owned(),
            issuer: issuer.map(issuer_as_text).transpose()?,
            revocation: None,
        }))),
        NamedBy::Issuer(_) | NamedBy::Metadata { .. } if issuer.is_some() => wrong(
            "issuer",
            "conflicts with the issuer given to `discover` or `discover_at`; remove one of them",
        ),
        NamedBy::Issuer(name) => Ok(Server::Issuer(discovered(name, insecure_http)?)),
        NamedBy::Metadata { url, issuer } => Ok(Server::Issuer(Issuer {
            name: issuer_as_text(issuer)?,
            documents: vec![endpoint("metadata_url", &url, insecure_http)?],
        })),
    }
}

/// RFC 8414 §2: a URL without a query or a fragment. It is compared as it was written.
fn discovered(name: String, insecure_http: InsecureHttp) -> Result<Issuer, ConfigError> {
    let uri = endpoint("issuer", &name, insecure_http)?;
    if uri.query().is_some() || name.trim() != name {
        let problem = "has a query, or white space around it; write it as https://host/path";
        return wrong("issuer", problem);
    }
    if uri.path().contains("/.well-known/") {
        let problem = "is the URL of its metadata; write only the part before `/.well-known/`";
        return wrong("issuer", problem);
    }
    let documents = metadata::documents(&uri).map(|url| url.parse());
    let documents: Result<_, _> = documents.into_iter().collect();
    Ok(Issuer {
        name,
        documents: documents
            .map_err(|error: InvalidUri| ConfigError::new("issuer", NOT_A_URL).because(error))?,
    })
}

/// T8, and RFC 6749 §3.2: a URL without a fragment.
pub(super) fn endpoint(
    setting: &'static str,
    url: &str,
    insecure_http: InsecureHttp,
) -> Result<Uri, ConfigError> {
    // `http::Uri` drops a fragment without an error.
    if url.contains('#') {
        return wrong(setting, "has a fragment; remove `#` and the text after it");
    }
    let url = url.trim();
    if let Some(mistake) = url_mistake(url) {
        return wrong(setting, mistake);
    }
    if url.is_empty() {
        return wrong(setting, "is empty");
    }
    if !url.contains("://") && !url.starts_with("http:") && !url.starts_with("https:") {
        return wrong(setting, "is not an absolute URL; add https:// in front");
    }
    let uri: Uri = url
        .parse()
        .map_err(|error| ConfigError::new(setting, NOT_A_URL).because(error))?;
    let origin = OriginRef::of(&uri).filter(|origin| origin.is_https() || origin.is_http());
    let Some(origin) = origin else {
        return wrong(setting, NOT_A_URL);
    };
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if authority.contains('@') {
        return wrong(
            setting,
            "contains a user name; remove it, and set the credentials with client_secret",
        );
    }
    if !is_safe(origin, insecure_http) {
        return wrong(setting, PLAIN_HTTP);
    }
    Ok(uri)
}

/// X2, T8: encrypted, or loopback, or allowed by the user. Only `http` can be allowed: what another
/// scheme does is not known.
pub(super) fn is_safe(origin: OriginRef<'_>, insecure_http: InsecureHttp) -> bool {
    origin.is_https()
        || (origin.is_http() && (origin.is_loopback() || insecure_http == InsecureHttp::Allowed))
}

/// Nothing is corrected here, since it is compared as it was written (RFC 8414 §3.3).
fn issuer_as_text(issuer: String) -> Result<String, ConfigError> {
    if issuer.is_empty() || issuer.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let problem = "is empty or contains white space; write it as the server's metadata has it";
        return wrong("issuer", problem);
    }
    Ok(issuer)
}

/// T2: one.
pub(super) fn authentication(
    set: Option<(String, Box<dyn ClientAuthentication>)>,
) -> Result<(String, Box<dyn ClientAuthentication>), ConfigError> {
    let Some((client_id, authentication)) = set else {
        return wrong("client_authentication", NO_AUTHENTICATION);
    };
    if client_id.trim().is_empty() || client_id.contains(['\r', '\n']) {
        return wrong("client_id", "is empty or contains a line break");
    }
    authentication.check()?;
    Ok((client_id, authentication))
}

/// What a token is for, as a user wrote it.
pub(crate) fn target(mut target: TokenTarget) -> Result<TokenTarget, ConfigError> {
    check_parameters(&target.parameters)?;
    let origins = target.allowed_origins.as_deref();
    // S1: one text for each origin.
    target.allowed_origins = origins.map(allowed_origins).transpose()?;
    Ok(target)
}

/// T1: of two values, nobody would see which one is sent.
pub(super) fn set_once(repeated: &[&'static str]) -> Result<(), ConfigError> {
    match repeated.first() {
        Some(&"scope") => wrong(
            "scope",
            "is set more than once; keep one value (separate several scopes by spaces)",
        ),
        Some(setting) => wrong(setting, "is set more than once; keep one"),
        None => Ok(()),
    }
}

/// T1: a parameter that alf sets cannot be overridden, and none is set twice.
fn check_parameters(parameters: &[(String, String)]) -> Result<(), ConfigError> {
    let mut names = HashSet::new();
    for (name, _) in parameters {
        let problem = if name.is_empty() {
            "a parameter has an empty name; remove it".to_owned()
        } else if OWN_PARAMETERS.split(' ').any(|own| name == own) {
            format!("{name:?} cannot be set here; use the setter of that setting, if there is one")
        } else if !names.insert(name) {
            format!("{name:?} is set more than once, which RFC 6749 §3.2 forbids; keep one")
        } else {
            continue;
        };
        return wrong("parameter", problem);
    }
    Ok(())
}

/// T1, T2: headers that alf, the client's authentication or the HTTP library sets cannot be overridden.
pub(super) fn headers(
    headers: Vec<(String, String)>,
) -> Result<Vec<(HeaderName, HeaderValue)>, ConfigError> {
    let check = |(name, value): (String, String)| {
        // An invalid name is not shown: `Name: value` has a secret in it.
        let name = HeaderName::try_from(name)
            .map_err(|_| "the name of a header is not valid; check the names".to_owned())?;
        if is_own(&name) {
            return Err(format!(
                "{name} is set by alf or the HTTP library; remove it"
            ));
        }
        match sensitive_header(value) {
            Some(value) => Ok((name, value)),
            None => Err(format!(
                "the value of {name} contains a character that a header cannot have"
            )),
        }
    };
    let headers: Result<_, String> = headers.into_iter().map(check).collect();
    headers.or_else(|problem| wrong("token_request_header", problem))
}

fn is_own(header: &HeaderName) -> bool {
    OWN_HEADERS.split(' ').any(|own| header == own)
}

pub(super) fn not_zero(setting: &'static str, time: Duration) -> Result<Duration, ConfigError> {
    if time.is_zero() {
        return wrong(setting, "is zero; set a longer time");
    }
    Ok(time)
}

/// X3: scheme, host and port alone. Anything more would suggest a check that alf does not make.
fn allowed_origins(entries: &[String]) -> Result<Vec<String>, ConfigError> {
    let check = |entry: &String| {
        let problem = match (url_mistake(entry), origin(entry)) {
            (None, Some(origin)) => return Ok(origin.to_string()),
            (None, None) => NOT_AN_ORIGIN.to_owned(),
            (Some(mistake), _) => mistake,
        };
        // X1: an entry with a user name may have a password in it.
        let shown = if entry.contains('@') {
            "an entry".to_owned()
        } else {
            format!("{entry:?}")
        };
        wrong("allowed_origins", format!("{shown} {problem}"))
    };
    entries.iter().map(check).collect()
}

fn origin(entry: &str) -> Option<Origin> {
    let uri: Uri = entry.parse().ok()?;
    let origin = OriginRef::of(&uri)?;
    let is_bare = !entry.contains(['@', '*', '?', '#']) && matches!(uri.path(), "" | "/");
    (is_bare && (origin.is_https() || origin.is_http())).then(|| origin.to_origin())
}

/// T1: what a server calls the grant.
pub(super) fn grant_type(name: String) -> Result<String, ConfigError> {
    if name.trim().is_empty() {
        return wrong("grant_type", "is empty; remove it for client_credentials");
    }
    Ok(name)
}

/// F2: a header that nothing else sets, and a scheme (RFC 9110 §11.1) or none.
pub(super) fn presentation(
    header: String,
    scheme: Option<String>,
) -> Result<Presentation, ConfigError> {
    let header = HeaderName::try_from(header).map_err(|error| {
        ConfigError::new(
            "token_header",
            "is not a valid header name; use letters, digits and `-`",
        )
        .because(error)
    })?;
    if header != AUTHORIZATION && (header == HOST || is_own(&header)) {
        let problem = format!("{header} is set by alf or the HTTP library; use another header");
        return wrong("token_header", problem);
    }
    // A scheme has the same characters as the name of a header.
    let is_scheme = |scheme: &String| scheme.is_empty() || HeaderName::try_from(scheme).is_ok();
    if !scheme.as_ref().is_none_or(is_scheme) {
        return wrong(
            "token_scheme",
            "is not a scheme such as Bearer; set an empty one to send the token alone",
        );
    }
    Ok(Presentation { header, scheme })
}

/// R1: the statuses that reject a token.
pub(super) fn rejecting(statuses: &[u16]) -> Result<Vec<StatusCode>, ConfigError> {
    let check = |&status: &u16| match StatusCode::from_u16(status) {
        Ok(known) if (300..600).contains(&status) => Ok(known),
        Ok(_) | Err(_) => {
            let problem = format!("{status} is not a status from 300 to 599");
            wrong("rejecting_statuses", problem)
        }
    };
    statuses.iter().map(check).collect()
}

fn wrong<T>(
    setting: &'static str,
    problem: impl Into<Cow<'static, str>>,
) -> Result<T, ConfigError> {
    Err(ConfigError::new(setting, problem))
}

const NOT_A_URL: &str = "is not a valid https URL; write it as https://host:port/path";
const PLAIN_HTTP: &str = "is plain http, which sends the client's secret unencrypted; use https, or \
                          set allow_insecure_http";
const NO_AUTHENTICATION: &str = "is not set; use client_secret, client_secret_post, \
                                 private_key_jwt, client_assertion, tls_client_auth, \
                                 client_authentication, or no_client_authentication";
const NOT_AN_ORIGIN: &str = "is not an origin; write it as https://host or https://host:port, \
                             without user name, path, query, fragment or `*`";
const OWN_PARAMETERS: &str = "grant_type scope resource audience client_id client_secret \
                              client_assertion client_assertion_type access_token";
const OWN_HEADERS: &str = "accept accept-encoding authorization connection content-length \
                           content-type expect proxy-authorization te trailer \
                           transfer-encoding upgrade";
