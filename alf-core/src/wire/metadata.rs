//! The metadata of an authorization server (RFC 8414 §2, `OpenID` Connect Discovery 1.0 §3).

use bytes::Bytes;
use http::{Response, StatusCode, Uri};
use serde_json::Value;

use super::redact::{cut, without_controls};
use super::redirect::redirect_target;
use super::text;

/// The members that alf uses.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) token_endpoint: String,
    /// The endpoint for a client that authenticates by TLS (RFC 8705 §5).
    pub(crate) mtls_token_endpoint: Option<String>,
    /// Where tokens are revoked (RFC 7009), and the same for a client that authenticates by TLS.
    pub(crate) revocation_endpoint: Option<String>,
    pub(crate) mtls_revocation_endpoint: Option<String>,
    /// The authentication methods of the server, if it lists them.
    pub(crate) methods: Option<Vec<String>>,
}

/// The URLs that the metadata of an issuer may have. Most servers have the first, of `OpenID` Connect.
/// RFC 8414 §3.1 has the second, in front of the issuer's path.
pub(crate) fn documents(issuer: &Uri) -> [String; 2] {
    let path = issuer.path().trim_end_matches('/');
    let scheme = issuer.scheme_str().unwrap_or_default();
    let authority = issuer
        .authority()
        .map_or("", |authority| authority.as_str());
    [
        format!("{scheme}://{authority}{path}/.well-known/openid-configuration"),
        format!("{scheme}://{authority}/.well-known/oauth-authorization-server{path}"),
    ]
}

/// Whether it is a JSON document, of any content.
pub(crate) fn is_json(response: &Response<Bytes>) -> bool {
    serde_json::from_slice::<serde_core::de::IgnoredAny>(&text::json(response.body())).is_ok()
}

/// Reads the metadata of `issuer`. The error is its problem.
pub(crate) fn decode(response: &Response<Bytes>, issuer: &str) -> Result<Metadata, String> {
    if response.status() != StatusCode::OK {
        let status = response.status();
        let status = status.as_str();
        return Err(match redirect_target(response) {
            Some(target) => {
                let target = shown(&target);
                format!("status {status}, a redirect to {target}, which is not followed")
            }
            None => format!("status {status}"),
        });
    }
    let Ok(document) = serde_json::from_slice::<Value>(&text::json(response.body())) else {
        return Err("it is not JSON, or it is truncated".to_owned());
    };
    if !document.is_object() {
        return Err("it is not a JSON object".to_owned());
    }
    let text = |pointer| document.pointer(pointer).and_then(Value::as_str);
    match text("/issuer") {
        Some(named) if named == issuer => {}
        // RFC 8414 §3.3: it must be identical, or another server could pose as the issuer.
        Some(named) => {
            let named = shown(named);
            return Err(format!(
                "it belongs to the issuer {named:?}; if that is right, set exactly this issuer (with \
                 discover_at, if only this URL has its metadata)"
            ));
        }
        None => return Err("it has no issuer".to_owned()),
    }
    let Some(token_endpoint) = text("/token_endpoint") else {
        return Err("it has no token_endpoint".to_owned());
    };
    let methods = document.get("token_endpoint_auth_methods_supported");
    Ok(Metadata {
        token_endpoint: token_endpoint.to_owned(),
        mtls_token_endpoint: text("/mtls_endpoint_aliases/token_endpoint").map(str::to_owned),
        revocation_endpoint: text("/revocation_endpoint").map(str::to_owned),
        mtls_revocation_endpoint: text("/mtls_endpoint_aliases/revocation_endpoint")
            .map(str::to_owned),
        methods: methods.and_then(Value::as_array).map(|methods| {
            let names = methods.iter().filter_map(Value::as_str);
            names.map(str::to_owned).collect()
        }),
    })
}

/// A text of the server's as an error shows it (T4): without control characters, and short.
pub(crate) fn shown(text: &str) -> String {
    cut(without_controls(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://as.example";

    fn of(body: &str) -> Result<Metadata, String> {
        decode(
            &Response::new(Bytes::copy_from_slice(body.as_bytes())),
            ISSUER,
        )
    }

    #[test]
    fn t10_an_issuer_has_two_urls() {
        for (issuer, openid, rfc8414) in [
            (
                "https://as.example",
                "https://as.example/.well-known/openid-configuration",
                "https://as.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://as.example/",
                "https://as.example/.well-known/openid-configuration",
                "https://as.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://as.example:8443/realms/one",
                "https://as.example:8443/realms/one/.well-known/openid-configuration",
                "https://as.example:8443/.well-known/oauth-authorization-server/realms/one",
            ),
        ] {
            assert_eq!(documents(&issuer.parse().unwrap()), [openid, rfc8414]);
        }
    }

    #[test]
    fn members_are_read() {
        let metadata = of(
            r#"{"issuer":"https://as.example","token_endpoint":"https://as.example/t",
            "token_endpoint_auth_methods_supported":["private_key_jwt",7,"none"],
            "mtls_endpoint_aliases":{"token_endpoint":"https://mtls.as.example/t","other":1},
            "unknown":[{}]}"#,
        )
        .unwrap();
        assert_eq!(metadata.token_endpoint, "https://as.example/t");
        let mtls = metadata.mtls_token_endpoint.as_deref();
        assert_eq!(mtls, Some("https://mtls.as.example/t"));
        assert_eq!(metadata.methods.unwrap(), ["private_key_jwt", "none"]);

        let bare = of(r#"{"issuer":"https://as.example","token_endpoint":"https://as.example/t"}"#);
        let bare = bare.unwrap();
        assert_eq!((bare.mtls_token_endpoint, bare.methods), (None, None));
    }

    #[test]
    fn t10_metadata_need_not_be_exact_json() {
        let body = b"\xef\xbb\xbf{\"issuer\":\"https://as.example\",\"x\":\"caf\xe9\n\",\
            \"token_endpoint\":\"https://as.example/t\"}\0";
        let response = Response::new(Bytes::from_static(body));
        assert!(is_json(&response));
        let metadata = decode(&response, ISSUER).unwrap();
        assert_eq!(metadata.token_endpoint, "https://as.example/t");
    }

    #[test]
    fn t10_redirect_of_the_metadata_says_where_to() {
        let response = Response::builder().status(301);
        let response = response.header("location", "https://sso.example/a?b");
        let error = decode(&response.body(Bytes::new()).unwrap(), ISSUER).unwrap_err();
        let to = "https://sso.example/a, which is not followed";
        assert_eq!(error, format!("status 301, a redirect to {to}"));
    }

    #[test]
    fn an_error_names_the_problem() {
        for (body, problem) in [
            ("", "not JSON"),
            ("<html>", "not JSON"),
            ("[]", "not a JSON object"),
            ("{}", "no issuer"),
            (r#"{"issuer":7}"#, "no issuer"),
            (r#"{"issuer":"https://as.example"}"#, "no token_endpoint"),
            (
                r#"{"issuer":"https://as.example/","token_endpoint":"x"}"#,
                "the issuer \"https://as.example/\"; if",
            ),
            (
                r#"{"issuer":"HTTPS://as.example","token_endpoint":"x"}"#,
                "the issuer \"HTTPS://as.example\"; if",
            ),
        ] {
            let error = of(body).unwrap_err();
            assert!(error.contains(problem), "{body}: {error}");
        }
    }
}
