//! T1 to T3, T8: the token request, as the server sees it.

use alf_core::ConfigError;

use crate::Recorded;
use crate::server::body_hash;

use super::case::{CLIENT_ID, ODD_SECRETS, SECRET};
use super::{Case, Expect, Subject, fail};

pub(super) fn t1_the_form_and_its_headers_arrive<S: Subject>(case: &Case<S>) {
    let client = case.client_with(|builder| {
        builder
            .client_secret(CLIENT_ID, SECRET)
            .scope("read write")
            .resource("https://api.example.com/a?b=c&d")
            .resource("https://other.example.com/")
            .audience("things é")
            .parameter("tenant", "a=b&c d")
    });
    case.get(&client, "/things").expect_status(200);
    let request = the_token_request(case);
    assert_eq!((request.method(), request.target()), ("POST", "/token"));
    let one = |name| match request.header_values(name).as_slice() {
        [value] => (*value).to_owned(),
        others => fail(&format!(
            "one {name} header, but there are {}",
            others.len()
        )),
    };
    assert_eq!(one("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(one("accept"), "application/json");
    assert_eq!(
        request.form(),
        [
            ("grant_type", "client_credentials"),
            ("scope", "read write"),
            ("resource", "https://api.example.com/a?b=c&d"),
            ("resource", "https://other.example.com/"),
            ("audience", "things é"),
            ("tenant", "a=b&c d"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(request.body_hash(), body_hash(request.body()));
}

pub(super) fn t1_a_query_of_the_token_endpoint_is_kept<S: Subject>(case: &Case<S>) {
    let endpoint = case.servers.authorization.url("/token?tenant=a%20b&x");
    let client = case.client_at(endpoint);
    case.get(&client, "/things").expect_status(200);
    assert_eq!(the_token_request(case).target(), "/token?tenant=a%20b&x");
}

pub(super) fn t1_a_form_has_a_length_and_waits_for_nothing<S: Subject>(case: &Case<S>) {
    let basic = case.client();
    let post = case.client_with(|builder| builder.client_secret_post(CLIENT_ID, SECRET));
    for client in [basic, post] {
        case.servers.authorization.forget();
        case.get(&client, "/things").expect_status(200);
        let request = the_token_request(case);
        // Some servers refuse a form in chunks, and some do not know `Expect`.
        let length = request.body_length().to_string();
        assert_eq!(request.header_values("content-length"), [length]);
        assert_eq!(request.header("transfer-encoding"), None);
        assert_eq!(request.header("expect"), None);
    }
}

pub(super) fn t2_basic_is_one_header_and_nothing_in_the_body<S: Subject>(case: &Case<S>) {
    let client = case.client_with(|builder| builder.client_secret(CLIENT_ID, SECRET));
    case.get(&client, "/things").expect_status(200);
    let request = the_token_request(case);
    let headers = request.header_values("authorization");
    assert_eq!(headers.len(), 1, "expected one Authorization header");
    let credentials = Some((CLIENT_ID.to_owned(), SECRET.to_owned()));
    assert_eq!(request.basic_credentials(), credentials);
    assert_eq!(request.parameter("client_id"), None);
    assert_eq!(request.parameter("client_secret"), None);
}

pub(super) fn t2_post_is_in_the_body_and_no_header<S: Subject>(case: &Case<S>) {
    let client = case.client_with(|builder| builder.client_secret_post(CLIENT_ID, SECRET));
    case.get(&client, "/things").expect_status(200);
    let request = the_token_request(case);
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.parameters("client_id"), [CLIENT_ID]);
    assert_eq!(request.parameters("client_secret"), [SECRET]);
}

pub(super) fn t3_odd_secrets_arrive_by_basic<S: Subject>(case: &Case<S>) {
    for (id, secret) in ODD_SECRETS {
        case.servers.authorization.set_client(*id, *secret);
        let client = case.client_with(|builder| builder.client_secret(*id, *secret));
        case.get(&client, "/things").expect_status(200);
    }
}

pub(super) fn t3_odd_secrets_arrive_in_the_body<S: Subject>(case: &Case<S>) {
    for (id, secret) in ODD_SECRETS {
        case.servers.authorization.set_client(*id, *secret);
        let client = case.client_with(|builder| builder.client_secret_post(*id, *secret));
        case.get(&client, "/things").expect_status(200);
        let request = case.servers.authorization.requests().pop();
        let sent = request.and_then(|request| request.parameter("client_secret"));
        assert_eq!(sent.as_deref(), Some(*secret));
    }
}

pub(super) fn t8_an_insecure_token_endpoint_is_refused<S: Subject>(case: &Case<S>) {
    for endpoint in ["http://auth.example.com/token", "http://192.0.2.1/token"] {
        let built = case.try_client_at(endpoint.to_owned());
        let setting = built.as_ref().err().map(ConfigError::setting);
        assert_eq!(
            setting,
            Some("token_endpoint"),
            "expected {endpoint} to be refused"
        );
    }
    assert_eq!(case.token_requests(), 0);
}

fn the_token_request<S: Subject>(case: &Case<S>) -> Recorded {
    let requests = case.servers.authorization.requests();
    match requests.as_slice() {
        [request] => request.clone(),
        others => fail(&format!(
            "one token request, but there were {}",
            others.len()
        )),
    }
}
