//! A wrong setting is a clear error before anything is sent. No error and no `Debug` shows a secret
//! (T1, T2, T6, T8, X1 to X3).

mod bad_input;

use async_trait::async_trait;
use bytes::Bytes;

use crate::authentication::ClientIdOnly;
use crate::builder::CustomTransport;
use crate::{
    Client, ClientAssertion, ClientBuilder, ClientSecretBasic, ClientSecretPost, Credential,
    ExchangeError, ExchangeErrorKind, ExchangeOptions, Redirects, TokenTransport, from_fn,
};

use super::*;

const ENDPOINT: &str = "https://as.example/token";
const SECRET: &str = "s3cr3t-of-the-client";

type Builder = ClientBuilder<CustomTransport>;

struct Nowhere;

#[async_trait]
impl TokenTransport for Nowhere {
    async fn exchange(
        &self,
        _request: http::Request<Bytes>,
        _options: &ExchangeOptions,
    ) -> Result<http::Response<Bytes>, ExchangeError> {
        Err(ExchangeErrorKind::Connect.into())
    }
}

fn at(endpoint: &str) -> Builder {
    Client::builder(endpoint).client_secret("me", SECRET)
}

fn refused(builder: Builder) -> ConfigError {
    match builder.build_tokens(Nowhere) {
        Ok(_) => panic!("it was built"),
        Err(error) => error,
    }
}

fn settings() -> Settings {
    let mut settings = Settings::new(NamedBy::TokenEndpoint(ENDPOINT.to_owned()));
    let authentication = Box::new(ClientIdOnly { method: "none" });
    settings.authentication = Some(("me".to_owned(), authentication));
    settings
}

fn config(change: impl FnOnce(&mut Settings)) -> Config {
    let mut settings = settings();
    change(&mut settings);
    match Config::parse(settings) {
        Ok(config) => config,
        Err(error) => panic!("{error}"),
    }
}

fn allow(config: &Config, origin: OriginRef<'_>) -> Result<(), NotAllowed> {
    config.allow(origin, &config.target)
}

#[test]
fn t8_https_loopback_or_allowed_by_the_user() {
    for endpoint in [
        "https://as.example",
        "HTTPS://as.example:8443/token?tenant=1",
        " https://as.example/token\n",
        "http://127.0.0.1:8080/token",
        "http://127.255.0.9/token",
        "http://[::1]:8080/token",
        "http://localhost/token",
        "http://LOCALHOST:80/token",
    ] {
        config(|settings| settings.server = NamedBy::TokenEndpoint(endpoint.to_owned()));
    }
    for endpoint in ["http://as.example/token", "http://10.0.0.1/"] {
        config(|settings| {
            settings.server = NamedBy::TokenEndpoint(endpoint.to_owned());
            settings.insecure_http = InsecureHttp::Allowed;
        });
    }
}

#[test]
fn t2_the_endpoint_is_remembered_as_it_was_written() {
    for (url, written) in [
        ("https://as.example", "https://as.example"),
        ("https://as.example/", "https://as.example/"),
        ("https://as.example?tenant=1", "https://as.example?tenant=1"),
        (" HTTPS://AS.example/token\n", "HTTPS://AS.example/token"),
    ] {
        let config = config(|settings| settings.server = NamedBy::TokenEndpoint(url.to_owned()));
        let Server::Endpoint(endpoint) = &config.server else {
            panic!("{url}: an endpoint was set");
        };
        assert_eq!(endpoint.written, written);
    }
}

#[test]
fn t1_an_empty_scope_resource_or_audience_is_left_out() {
    for empty in ["", " ", "\t"] {
        let config = config(|settings| {
            settings.for_target(|target| target.with_scope(empty).with_resource(empty));
        });
        assert_eq!(config.target.scope, None);
        assert!(config.target.resources.is_empty());
    }
    let config = config(|settings| {
        settings.for_target(|target| target.with_scope("read write").with_audience(" "));
    });
    assert_eq!(config.target.scope.as_deref(), Some("read write"));
    assert_eq!(config.target.audience, None);
}

#[test]
fn t1_resources_and_extra_parameters_are_not_changed() {
    let resources = [
        "https://api.example/?x=1",
        "urn:x:y",
        "api:x",
        "api:x",
        "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",
    ];
    let resources = resources.map(str::to_owned);
    let parameters = [("tenant", "t"), ("Scope", ""), ("Tenant", "u")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = config(|settings| {
        settings.target.resources = resources.to_vec();
        settings.target.parameters = parameters.to_vec();
    });
    assert_eq!(config.target.resources, resources);
    assert_eq!(config.target.parameters, parameters);
}

#[test]
fn s5_an_acquisition_ends_a_little_before_its_waiters_give_up() {
    let ends = |millis| {
        let timeout = Duration::from_millis(millis);
        let config = config(|settings| settings.acquire_timeout = timeout);
        assert_eq!(config.acquire_timeout, timeout);
        config.policy.acquisition_timeout
    };
    for (waited, lasted) in [(10_000, 9800), (4000, 3800), (2000, 1900), (100, 95)] {
        assert_eq!(ends(waited), Duration::from_millis(lasted), "{waited} ms");
    }
    let longest = config(|settings| settings.acquire_timeout = Duration::MAX);
    assert!(longest.policy.acquisition_timeout < Duration::MAX);
    let shortest = config(|settings| settings.acquire_timeout = Duration::from_nanos(1));
    assert_eq!(shortest.policy.acquisition_timeout, Duration::from_nanos(1));
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = config(|_| {});
    assert_eq!(config.acquire_timeout, Duration::from_secs(10));
    assert_eq!(config.attempt_timeout, Duration::from_secs(5));
    assert_eq!(config.policy.leeway, Duration::from_secs(10));
    assert_eq!(config.policy.default_lifetime, None);
    assert_eq!(config.replays, Replays::Once);
    for status in 400..500 {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(config.rejects(status), status == 401, "{status}");
    }
}

#[test]
fn r1_which_statuses_reject_is_settable() {
    let config = config(|settings| settings.rejecting = vec![401, 403]);
    for (status, rejects) in [(401, true), (403, true), (404, false), (200, false)] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(config.rejects(status), rejects, "{status}");
    }
}

#[test]
fn x2_a_token_is_sent_unencrypted_only_to_loopback_or_if_allowed() {
    let strict = config(|_| {});
    let loose = config(|settings| settings.insecure_http = InsecureHttp::Allowed);
    for (url, by_default, if_allowed) in [
        ("https://api.example", true, true),
        ("http://127.0.0.1:1", true, true),
        ("http://api.example", false, true),
        ("ftp://api.example", false, false),
        ("ftp://localhost", false, false),
    ] {
        let origin = OriginRef::parse(url).unwrap();
        assert_eq!(allow(&strict, origin).is_ok(), by_default, "{url}");
        assert_eq!(allow(&loose, origin).is_ok(), if_allowed, "{url}");
    }
    let error = allow(&strict, OriginRef::new("http", "api.example", None)).unwrap_err();
    assert_eq!(error.reason(), NotAllowedReason::InsecureHttp);
}

#[test]
fn x2_a_url_that_is_not_an_absolute_http_url_is_not_allowed() {
    for settings in [InsecureHttp::Refused, InsecureHttp::Allowed] {
        let config = config(|set| set.insecure_http = settings);
        for (origin, shown) in [
            (OriginRef::NOWHERE, "the request was not sent: "),
            (
                OriginRef::new("ftp", "a.example", None),
                "the request to ftp://a.example was not ",
            ),
            (
                OriginRef::new("ws", "localhost", None),
                "the request to ws://localhost was not ",
            ),
        ] {
            let error = allow(&config, origin).unwrap_err();
            assert_eq!(error.reason(), NotAllowedReason::UnsupportedScheme);
            assert!(error.to_string().starts_with(shown), "{error}");
        }
    }
}

#[test]
fn x3_a_token_goes_to_allowed_origins_only() {
    let allowed = |urls: &[&str]| {
        let urls = urls.iter().map(|url| (*url).to_owned()).collect();
        config(|settings| settings.target.allowed_origins = Some(urls))
    };
    let some = allowed(&["https://API.example/", "http://localhost:8080"]);
    for (url, may) in [
        ("https://api.example/other", true),
        ("https://api.example:443/", true),
        ("http://localhost:8080/", true),
        ("https://api.example:8443/", false),
        ("https://sub.api.example/", false),
        ("https://evil.example/", false),
        ("http://localhost:8081/", false),
    ] {
        let origin = OriginRef::parse(url).unwrap();
        assert_eq!(allow(&some, origin).is_ok(), may, "{url}");
    }
    let evil = OriginRef::new("https", "evil.example", None);
    let error = allow(&some, evil).unwrap_err();
    assert_eq!(error.reason(), NotAllowedReason::OriginNotAllowed);
    assert_eq!(error.origin().as_ref(), evil);
    assert!(
        allow(&allowed(&[]), evil).is_err(),
        "an empty list allows none"
    );
    assert!(allow(&config(|_| {}), evil).is_ok(), "no list allows all");
}

#[test]
fn t6_a_token_type_is_compared_case_insensitively() {
    let presentation = config(|_| {}).presentation;
    for token_type in [
        "Bearer",
        "bearer",
        "BEARER",
        "",
        " ",
        "Bearer ",
        " bearer\n",
        "BearerToken",
        "bearer token",
    ] {
        let value = presentation.credentials(token_type, "abc").unwrap();
        assert_eq!(value, "Bearer abc");
        assert!(value.is_sensitive(), "X1");
    }
    for token_type in ["N_A", "DPoP", "mac", "Beare", "the bearer", "JWT"] {
        assert_eq!(presentation.credentials(token_type, "abc"), None);
    }
}

#[test]
fn f2_t6_a_scheme_that_is_set_presents_every_type() {
    for (scheme, expected) in [
        ("token", "token abc"),
        ("Bearer", "Bearer abc"),
        ("", "abc"),
    ] {
        let presentation = config(|settings| {
            settings.token_header = "X-Auth-Token".to_owned();
            settings.token_scheme = Some(scheme.to_owned());
        });
        let presentation = presentation.presentation;
        assert_eq!(presentation.header, "x-auth-token");
        for token_type in ["Bearer", "JWT", "mac", ""] {
            let value = presentation.credentials(token_type, "abc").unwrap();
            assert_eq!(value, expected, "{token_type}");
            assert!(value.is_sensitive(), "X1");
        }
    }
}

#[test]
fn x1_the_endpoint_is_shown_without_its_query() {
    let config = config(|settings| {
        let endpoint = "https://as.example:8443/token?code=s3cr3t".to_owned();
        settings.server = NamedBy::TokenEndpoint(endpoint);
    });
    let Server::Endpoint(endpoint) = &config.server else {
        panic!("it was named");
    };
    assert_eq!(
        shown_endpoint(&endpoint.uri),
        "https://as.example:8443/token"
    );
}

#[test]
fn x1_no_debug_output_shows_a_secret() {
    let manager = at(ENDPOINT).build_tokens(Nowhere).unwrap();
    let transport = from_fn(Redirects::NotFollowed, |_: http::Request<Bytes>| async {
        Ok::<_, std::io::Error>(http::Response::new(http_body_util::Full::<Bytes>::default()))
    });
    let builder: ClientBuilder<CustomTransport> =
        Client::builder("https://as.example/?code=s3cr3t").client_secret("me", SECRET);
    let shown = [
        format!("{:?}", at(ENDPOINT)),
        format!("{builder:?}"),
        format!("{:?}", builder.build(transport).unwrap()),
        format!("{manager:?}"),
        format!("{:?}", Credential::value(SECRET)),
        format!("{:?}", Credential::from(SECRET)),
        format!("{:?}", Credential::from(SECRET.to_owned())),
        format!(
            "{:?}",
            Credential::from_fn(|| async { Ok::<_, std::io::Error>(SECRET) })
        ),
        format!("{:?}", ClientSecretBasic::new(SECRET)),
        format!("{:?}", ClientSecretBasic::new(SECRET).raw()),
        format!("{:?}", ClientSecretPost::new(SECRET)),
        format!("{:?}", ClientAssertion::new(Credential::value(SECRET))),
    ];
    for shown in shown {
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
}
