//! X4, T7: `build()` accepts a client of the user's only if it carries the token nowhere else, or if the program says that it
//! is not to be checked.

use std::time::Duration;

use alf_reqwest::reqwest::{self, redirect::Policy};
use alf_reqwest::{Client, ClientBuilder, ConfigError, Error, UncheckedRedirects, guard_redirects};
use alf_testkit::{ResourceServer, Servers};

/// How a program may come to its client for requests.
#[derive(Clone, Copy, Debug)]
enum Way {
    Default,
    Configured,
    GivenWithTimeout,
    GivenWithLimit,
    GivenWithGuard,
    GivenWithoutRedirects,
    GivenWithLimitOfNone,
}

const WAYS: [Way; 7] = [
    Way::Default,
    Way::Configured,
    Way::GivenWithTimeout,
    Way::GivenWithLimit,
    Way::GivenWithGuard,
    Way::GivenWithoutRedirects,
    Way::GivenWithLimitOfNone,
];

#[tokio::test]
async fn x4_no_client_carries_the_token_elsewhere_unless_the_program_says_so() {
    for status in [301, 302, 303, 307, 308] {
        for way in WAYS {
            let servers = Servers::start();
            let other_server = servers.redirect_to_another_server(status);
            let built = build(&servers, way);
            match (way, built) {
                (Way::GivenWithTimeout | Way::GivenWithLimit | Way::GivenWithGuard, built) => {
                    names_the_ways_out(&built.unwrap_err());
                }
                (
                    Way::Default
                    | Way::Configured
                    | Way::GivenWithoutRedirects
                    | Way::GivenWithLimitOfNone,
                    built,
                ) => {
                    let result = built.unwrap().get(servers.url("/moved")).send().await;
                    match result {
                        Ok(response) => assert_eq!(response.status(), status, "{way:?}"),
                        Err(Error::Transport(error)) => assert!(error.is_redirect(), "{way:?}"),
                        Err(error) => panic!("{way:?}: {error}"),
                    }
                    got_no_token(&other_server, way, status);
                }
            }
        }
    }
}

/// The program has said it.
#[tokio::test]
async fn x4_unchecked_redirects_are_the_programs_own() {
    let servers = Servers::start();
    let other_server = servers.redirect_to_another_server(302);
    let unchecked = UncheckedRedirects(reqwest::Client::new());
    let client = builder(&servers).http_client(unchecked).build().unwrap();
    client.get(servers.url("/moved")).send().await.unwrap();
    assert_eq!(other_server.counts().with_authorization, 1);

    let guarded = reqwest::Client::builder().redirect(guard_redirects(Policy::default()));
    let guarded = UncheckedRedirects(guarded.build().unwrap());
    let client = builder(&servers).http_client(guarded).build().unwrap();
    let result = client.get(servers.url("/moved")).send().await;
    assert!(matches!(result, Err(Error::Transport(e)) if e.is_redirect()));
    assert_eq!(other_server.counts().with_authorization, 1);
}

#[test]
fn t7_unchecked_client_for_tokens_may_not_show_that_it_follows() {
    let servers = Servers::start();
    let build = |own| {
        let own = UncheckedRedirects(own);
        builder(&servers).token_http_client(own).build()
    };
    let error = build(reqwest::Client::new()).unwrap_err();
    assert_eq!(error.setting(), "token_http_client");
    let own = reqwest::Client::builder().redirect(Policy::none());
    build(own.build().unwrap()).unwrap();
}

#[test]
fn x1_debug_shows_no_default_header() {
    let headers = [("x-key".parse().unwrap(), "hidden".parse().unwrap())];
    let own = reqwest::Client::builder().default_headers(headers.into_iter().collect());
    let unchecked = UncheckedRedirects(own.build().unwrap());
    let shown = format!("{unchecked:?}");
    let given: alf_reqwest::HttpClient = unchecked.into();
    assert!(!format!("{given:?} {shown}").contains("hidden"));
}

fn build(servers: &Servers, way: Way) -> Result<Client, ConfigError> {
    let timeout = Duration::from_secs(30);
    let own = || reqwest::Client::builder().timeout(timeout);
    let given = match way {
        Way::Default => return builder(servers).build(),
        Way::Configured => {
            let configured = builder(servers).configure_http(move |http| http.timeout(timeout));
            return configured.build();
        }
        Way::GivenWithTimeout => own(),
        Way::GivenWithLimit => own().redirect(Policy::limited(5)),
        Way::GivenWithGuard => own().redirect(guard_redirects(Policy::default())),
        Way::GivenWithoutRedirects => own().redirect(Policy::none()),
        Way::GivenWithLimitOfNone => own().redirect(Policy::limited(0)),
    };
    let given = given
        .build()
        .map_err(|error| ConfigError::new("test", "").because(error))?;
    builder(servers).http_client(given).build()
}

fn names_the_ways_out(error: &ConfigError) {
    assert_eq!(error.setting(), "http_client");
    for way in [
        "configure_http",
        "Policy::none()",
        "UncheckedRedirects",
        "guard_redirects",
    ] {
        assert!(error.to_string().contains(way), "{error}");
    }
}

fn got_no_token(other_server: &ResourceServer, way: Way, status: u16) {
    let got = other_server.counts().with_authorization;
    assert_eq!(got, 0, "{way:?}, {status}: {}", other_server.report());
}

fn builder(servers: &Servers) -> ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}

#[cfg(feature = "blocking")]
mod on_blocking {
    use alf_reqwest::blocking::{Client, UncheckedRedirects};
    use alf_reqwest::reqwest::blocking;

    use super::*;

    /// reqwest does not show of a blocking client which redirects it follows.
    #[test]
    fn x4_t7_plain_client_is_an_error() {
        let servers = Servers::start();
        let builder =
            || Client::builder(servers.token_endpoint()).client_secret("client-id", "secret");
        let own = blocking::Client::builder().redirect(Policy::none()).build();
        let own = own.unwrap();
        let error = builder().http_client(own.clone()).build().unwrap_err();
        names_the_ways_out(&error);
        let error = builder().token_http_client(own.clone()).build();
        let error = error.unwrap_err();
        assert_eq!(error.setting(), "token_http_client");
        assert!(error.to_string().contains("UncheckedRedirects"), "{error}");

        let client = builder()
            .http_client(UncheckedRedirects(own.clone()))
            .token_http_client(UncheckedRedirects(own))
            .build()
            .unwrap();
        assert_eq!(client.get(servers.url("/")).send().unwrap().status(), 200);
    }

    #[test]
    fn x4_default_and_configured_client_carry_no_token_elsewhere() {
        for status in [301, 302, 303, 307, 308] {
            let servers = Servers::start();
            let other_server = servers.redirect_to_another_server(status);
            let builder =
                || Client::builder(servers.token_endpoint()).client_secret("client-id", "secret");
            let configured = builder().configure_http(|http| http.timeout(Duration::from_secs(30)));
            for (way, builder) in [(Way::Default, builder()), (Way::Configured, configured)] {
                let result = builder.build().unwrap().get(servers.url("/moved")).send();
                assert!(matches!(result, Err(Error::Transport(e)) if e.is_redirect()));
                got_no_token(&other_server, way, status);
            }
        }
    }
}
