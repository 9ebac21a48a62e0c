//! X1 to X3, and what the transport says of a request: nothing goes where it must not.

use std::time::Duration;

use alf_core::{Error, NotAllowedReason, OriginRef, Transport};
use http::Method;

use crate::{Answer, AuthorizationServer};

use super::case::{CLIENT_ID, SECRET};
use super::expect::everything_shown;
use super::reply::Reply;
use super::{Body, Call, Case, Client, Expect, Subject, fail, get, request};

pub(super) fn x1_no_token_error_shows_a_secret<S: Subject>(case: &Case<S>) {
    let authorization = &case.servers.authorization;
    let repeats = format!("no {SECRET} of {CLIENT_ID}");
    let other = AuthorizationServer::start();
    let answers = [
        Answer::oauth_error(400, "invalid_client", &repeats),
        Answer::status(401).body(format!("<p>{repeats}</p>")),
        Answer::status(200).body(format!("<p>{repeats}</p>")),
        Answer::json(200, format!(r#"{{"access_token":7,"token":"{SECRET}"}}"#)),
        Answer::status(307).header("Location", format!("{}?s={SECRET}", other.url("/"))),
        Answer::token().token_type("MAC").into(),
        Answer::status(200).body_of_length(2_000_000),
    ];
    for answer in answers {
        authorization.answer_next(answer);
        token_error_shows_nothing(case, &case.client());
        let post = case.client_with(|builder| builder.client_secret_post(CLIENT_ID, SECRET));
        authorization.answer_next(Answer::oauth_error(400, "invalid_client", &repeats));
        token_error_shows_nothing(case, &post);
    }
    let endpoint = authorization.url(&format!("/token?secret={SECRET}"));
    for answer in [
        Answer::hang_up(),
        Answer::garbage(),
        Answer::redirect(308, "/other"),
    ] {
        authorization.answer_always(answer);
        token_error_shows_nothing(case, &case.client_at(endpoint.clone()));
    }
    authorization.refuse_connections();
    token_error_shows_nothing(case, &case.client_at(endpoint));
}

pub(super) fn x1_no_transport_error_shows_the_token<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    for answer in [Answer::hang_up(), Answer::garbage()] {
        case.servers.resource.answer_always(answer);
        match case.get(&client, "/things") {
            Err(error) => case.shows_no_secret("an error", &everything_shown(&error)),
            Ok(reply) => fail(&format!("an error, but: a response, {}", reply.status)),
        }
    }
    case.servers.resource.refuse_connections();
    let error = case.get(&client, "/things").expect_transport_error();
    case.shows_no_secret("an error", &everything_shown(&error));
}

pub(super) fn x1_a_client_shows_no_secret<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let shown = format!("{client:?} {client:#?} {:?}", client.tokens());
    case.shows_no_secret("a client", &shown);
    let tokens = client.tokens().clone();
    let token = Call::start::<S, _>(move || async move { tokens.token().await }).wait();
    case.shows_no_secret("a token", &format!("{token:?}"));
}

pub(super) fn x2_no_token_goes_out_in_the_clear<S: Subject>(case: &Case<S>) {
    let client = case.client();
    for url in ["http://192.0.2.1/things", "http://api.example.com:8080/"] {
        blocked(case.send(&client, get(url)), NotAllowedReason::InsecureHttp);
    }
    assert_eq!(case.token_requests(), 0, "expected nothing to be sent");
}

pub(super) fn x3_a_request_to_another_origin_is_not_sent<S: Subject>(case: &Case<S>) {
    let other = case.servers.another_resource_server();
    let client = case.client_with(|builder| {
        builder
            .client_secret(CLIENT_ID, SECRET)
            .allowed_origins([case.servers.resource.origin()])
    });
    let urls = [
        other.url("/things"),
        case.servers.resource.localhost_url("/things"),
    ];
    for url in urls {
        blocked(
            case.send(&client, get(&url)),
            NotAllowedReason::OriginNotAllowed,
        );
    }
    assert_eq!(case.token_requests(), 0, "expected nothing to be sent");
    case.get(&client, "/things").expect_status(200);
    assert_eq!(case.requests(), 1);
    assert_eq!(other.request_count(), 0, "expected nothing there");
}

pub(super) fn x3_the_origin_is_where_the_request_goes<S: Subject>(case: &Case<S>) {
    for (url, scheme, host, port) in [
        ("http://127.0.0.1:8080/a?b=c", "http", "127.0.0.1", 8080),
        ("https://api.example.com/", "https", "api.example.com", 443),
        (
            "https://API.Example.com:443/a",
            "https",
            "api.example.com",
            443,
        ),
        ("http://api.example.com", "http", "api.example.com", 80),
        ("http://[::1]:81/", "http", "::1", 81),
        (
            "https://127.0.0.1@api.example.com:8443/",
            "https",
            "api.example.com",
            8443,
        ),
    ] {
        let mut request = S::request(&case.transport, get(url));
        let expected = OriginRef::new(scheme, host, Some(port));
        assert_eq!(case.transport.origin(&request), expected, "of {url}");
        if let Some(copy) = case.transport.try_clone(&mut request) {
            let origin = case.transport.origin(&copy);
            assert_eq!(origin, expected, "of the copy for {url}");
        }
    }
}

pub(super) fn p1_the_head_of_a_request_is_told<S: Subject>(case: &Case<S>) {
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let url = "https://api.example.com:8443/things/a%20b?q=1";
        let request = S::request(&case.transport, request(method.clone(), url, Body::Empty));
        let (told, uri) = case.transport.head(&request);
        assert_eq!((told, uri.to_string().as_str()), (method, url));
    }
}

fn token_error_shows_nothing<S: Subject>(case: &Case<S>, client: &Client<S>) {
    let error = case
        .outlast(case.start_get(client, "/things"))
        .expect_token_error();
    case.shows_no_secret("an error", &everything_shown(&error));
    // Transient failures rest; the next client has nothing to do with that.
    case.time.advance(Duration::from_secs(10));
}

fn blocked<E: std::error::Error + 'static>(
    outcome: Result<Reply, Error<E>>,
    reason: NotAllowedReason,
) {
    match outcome {
        Err(Error::NotAllowed(blocked)) => assert_eq!(blocked.reason(), reason),
        Err(error) => fail(&format!(
            "it not to be sent, but: {}",
            everything_shown(&error)
        )),
        Ok(reply) => fail(&format!("it not to be sent, but: {}", reply.status)),
    }
}
