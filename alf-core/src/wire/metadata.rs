//! What an authorization server says of itself (RFC 8414 §2, `OpenID` Connect Discovery 1.0 §3).

use bytes::Bytes;
use http::{Response, StatusCode, Uri};
use serde_json::{Map, Value};

use super::redact::cut;

/// As much of it as matters here.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) token_endpoint: String,
    /// Where a client goes that authenticates by TLS (RFC 8705 §5).
    pub(crate) mtls_token_endpoint: Option<String>,
    /// `None`: it does not say.
    pub(crate) methods: Option<Vec<String>>,
}

/// Where the metadata of an issuer may be. Most servers have the first, which is of `OpenID`
/// Connect; the second is of RFC 8414 §3.1, before the issuer's own path.
pub(crate) fn documents(issuer: &Uri) -> [String; 2] {
    let path = issuer.path().trim_end_matches('/');
    let scheme = issuer.scheme_str().unwrap_or_default();
    let authority = issuer
        .authority()
        .map_or("", |authority| authority.as_str());
    let origin = format!("{scheme}://{authority}");
    [
        format!("{origin}{path}/.well-known/openid-configuration"),
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
    ]
}

/// Whether it is a document at all, of whatever.
pub(crate) fn is_json(response: &Response<Bytes>) -> bool {
    serde_json::from_slice::<serde_core::de::IgnoredAny>(response.body()).is_ok()
}

/// Reads a document; `issuer` is the one that was asked for. The error says what is wrong.
pub(crate) fn decode(response: &Response<Bytes>, issuer: &str) -> Result<Metadata, String> {
    if response.status() != StatusCode::OK {
        return Err(format!("status {}", response.status().as_str()));
    }
    let body: Value = serde_json::from_slice(response.body())
        .map_err(|_| "it is no JSON, or ends too early".to_owned())?;
    let Value::Object(members) = body else {
        return Err("it is no JSON object".to_owned());
    };
    // RFC 8414 §3.3: identical, or somebody poses as that issuer.
    match text(&members, "issuer") {
        Some(named) if named == issuer => {}
        Some(named) => {
            let named: String = shown(&named);
            return Err(format!(
                "it is of the issuer {named:?}; set the issuer exactly so, if it is the one"
            ));
        }
        None => return Err("it names no issuer".to_owned()),
    }
    let Some(token_endpoint) = text(&members, "token_endpoint") else {
        return Err("it names no token_endpoint".to_owned());
    };
    let mtls_token_endpoint = members
        .get("mtls_endpoint_aliases")
        .and_then(Value::as_object)
        .and_then(|aliases| text(aliases, "token_endpoint"));
    let methods = members
        .get("token_endpoint_auth_methods_supported")
        .and_then(Value::as_array)
        .map(|methods| {
            let methods = methods.iter().filter_map(Value::as_str);
            methods.map(str::to_owned).collect()
        });
    Ok(Metadata {
        token_endpoint,
        mtls_token_endpoint,
        methods,
    })
}

fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name)?.as_str().map(str::to_owned)
}

/// A text of the server's as an error may show it (T4): free of control characters, and short.
pub(crate) fn shown(text: &str) -> String {
    cut(text.chars().filter(|c| !c.is_control()).collect())
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
    fn documents_of_an_issuer() {
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
    fn what_matters_is_read() {
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
    fn what_is_wrong_is_said() {
        for (body, problem) in [
            ("", "no JSON"),
            ("<html>", "no JSON"),
            ("[]", "no JSON object"),
            ("{}", "no issuer"),
            (r#"{"issuer":7}"#, "no issuer"),
            (r#"{"issuer":"https://as.example"}"#, "no token_endpoint"),
            (
                r#"{"issuer":"https://as.example/","token_endpoint":"x"}"#,
                "the issuer \"https://as.example/\"; set",
            ),
            (
                r#"{"issuer":"HTTPS://as.example","token_endpoint":"x"}"#,
                "the issuer \"HTTPS://as.example\"; set",
            ),
        ] {
            let error = of(body).unwrap_err();
            assert!(error.contains(problem), "{body}: {error}");
        }
    }
}
