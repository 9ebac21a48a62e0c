//! T1 to T3, T8: the token request, as the server receives it.

use alf_core::{ConfigError, USER_AGENT};

use crate::server::{Recorded, body_hash};

use super::case::{CLIENT_ID, Case, CaseClient, SECRET};
use super::failure::fail;

pub(super) fn t1_the_form_and_its_headers_arrive(case: &Case) {
    let builder = case
        .builder()
        .scope("read write")
        .resource("https://api.example.com/a?b=c&d")
        .resource("https://other.example.com/")
        .audience("things é")
        .parameter("tenant", "a=b&c d");
    let client = case.build(builder);
    client.get("/things").expect_status(200);
    let request = the_token_request(case);
    assert_eq!((request.method(), request.target()), ("POST", "/token"));
    let form = "application/x-www-form-urlencoded";
    assert_eq!(request.header_values("content-type"), [form]);
    assert_eq!(request.header_values("accept"), ["application/json"]);
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

pub(super) fn t1_a_query_of_the_token_endpoint_is_kept(case: &Case) {
    let client = case.client_at(case.authorization.url("/token?tenant=a%20b&x"));
    client.get("/things").expect_status(200);
    assert_eq!(the_token_request(case).target(), "/token?tenant=a%20b&x");
}

pub(super) fn t1_a_host_header_that_is_set_is_sent(case: &Case) {
    let host = "auth.internal.example";
    let client = case.build(case.builder().token_request_header("Host", host));
    client.get("/things").expect_status(200);
    assert_eq!(the_token_request(case).header_values("host"), [host]);
}

pub(super) fn t1_a_form_has_a_length_and_no_expect_header(case: &Case) {
    for client in [case.client(), case.client_with_post(CLIENT_ID, SECRET)] {
        case.authorization.forget();
        client.get("/things").expect_status(200);
        let request = the_token_request(case);
        // Some servers refuse a form in chunks, and some do not know `Expect`.
        let length = request.body_length().to_string();
        assert_eq!(request.header_values("content-length"), [length]);
        assert_eq!(request.header("transfer-encoding"), None);
        assert_eq!(request.header("expect"), None);
    }
}

pub(super) fn t2_basic_is_one_header_and_nothing_in_the_body(case: &Case) {
    case.client().get("/things").expect_status(200);
    let request = the_token_request(case);
    assert_eq!(request.header_values("authorization").len(), 1);
    let credentials = Some((CLIENT_ID.to_owned(), SECRET.to_owned()));
    assert_eq!(request.basic_credentials(), credentials);
    assert_eq!(request.parameter("client_id"), None);
    assert_eq!(request.parameter("client_secret"), None);
}

pub(super) fn t2_post_is_in_the_body_and_in_no_header(case: &Case) {
    let client = case.client_with_post(CLIENT_ID, SECRET);
    client.get("/things").expect_status(200);
    let request = the_token_request(case);
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.parameters("client_id"), [CLIENT_ID]);
    assert_eq!(request.parameters("client_secret"), [SECRET]);
}

pub(super) fn t3_unusual_secrets_arrive_by_basic(case: &Case) {
    for (id, secret) in UNUSUAL_SECRETS {
        case.authorization.set_client(id, secret);
        let client = case.client_with_basic(id, secret);
        client.get("/things").expect_status(200);
    }
}

pub(super) fn t3_unusual_secrets_arrive_in_the_body(case: &Case) {
    for (id, secret) in UNUSUAL_SECRETS {
        case.authorization.forget();
        case.authorization.set_client(id, secret);
        let client = case.client_with_post(id, secret);
        client.get("/things").expect_status(200);
        let sent = the_token_request(case).parameter("client_secret");
        assert_eq!(sent.as_deref(), Some(secret));
    }
}

pub(super) fn t1_the_user_agent_is_alf_unless_the_user_sets_one(case: &Case) {
    let user_agent = |client: CaseClient<'_>| {
        client.get("/things").expect_status(200);
        let request = case.authorization.requests().pop();
        request.map(|request| request.header_values("user-agent").join(" and "))
    };
    assert_eq!(user_agent(case.client()).as_deref(), Some(USER_AGENT));
    let set = case.builder().token_request_header("User-Agent", "ours/1");
    assert_eq!(user_agent(case.build(set)).as_deref(), Some("ours/1"));
}

pub(super) fn t8_an_insecure_token_endpoint_is_refused(case: &Case) {
    for endpoint in ["http://auth.example.com/token", "http://192.0.2.1/token"] {
        let tokens = case.transport.token_transport();
        let builder = case.builder_at(endpoint.to_owned());
        let built = case.transport.client(builder, tokens);
        let setting = built.as_ref().err().map(ConfigError::setting);
        assert_eq!(setting, Some("token_endpoint"), "for {endpoint}");
    }
    case.expect_token_requests(0);
}

fn the_token_request(case: &Case) -> Recorded {
    let requests = case.authorization.requests();
    match requests.as_slice() {
        [request] => request.clone(),
        others => fail(&format!(
            "one token request, but there were {}",
            others.len()
        )),
    }
}

/// Ids and secrets with characters that are special in a form or a header.
const UNUSUAL_SECRETS: [(&str, &str); 4] = [
    (CLIENT_ID, "odd %+&=:/?#\"'\\ end"),
    (CLIENT_ID, "percent%2Bencoded%20already"),
    (CLIENT_ID, "YmFzZTY0+/secret=="),
    ("client:id with é", "pass:wörd 🔑"),
];
