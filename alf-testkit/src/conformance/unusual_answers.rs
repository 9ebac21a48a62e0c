//! X5: answers that are HTTP, but not as one sees it every day. Libraries panic on some of them.

use std::time::Duration;

use crate::Answer;

use super::{Case, Client, Subject};

pub(super) fn x5_no_answer_of_the_resource_server_is_a_panic<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    for (shown, answer) in unusual(200, "the body").into_iter().chain(statuses()) {
        case.servers.resource.answer_next_at("/odd", answer);
        // An answer, or an error of the library.
        drop(case.outlast(case.start_get(&client, "/odd")));
        works_on(case, &client, shown);
    }
    assert_eq!(case.token_requests(), 1, "expected no renewal");
}

pub(super) fn x5_no_rejection_is_a_panic<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    for (shown, rejection) in unusual(401, "the body") {
        case.servers.resource.reject_with(rejection);
        case.servers.revoke_all();
        // The answer to the replay, or an error of the library, which has read no 401 then.
        drop(case.outlast(case.start_get(&client, "/things")));
        case.servers.resource.reject_with(Answer::unauthorized());
        let_rest_pass(case, Duration::from_secs(5));
        works_on(case, &client, shown);
    }
}

pub(super) fn x5_no_answer_of_the_authorization_server_is_a_panic<S: Subject>(case: &Case<S>) {
    let token = r#"{"access_token":"unusual","expires_in":60}"#;
    case.servers.authorization.accept_token("unusual");
    for (shown, answer) in unusual(200, token).into_iter().chain(statuses()) {
        case.servers.authorization.answer_next(answer);
        let client = case.client();
        // A token, another attempt, or an error.
        drop(case.outlast(case.start_get(&client, "/things")));
        let deaths = case.events.deaths();
        assert_eq!(deaths, 0, "expected an error, but no panic, of {shown}");
        let_rest_pass(case, Duration::from_secs(300));
        case.servers.authorization.answer_normally();
        works_on(case, &client, shown);
    }
}

/// B2: whatever it rests for, once the acquisition has ended. A library that blocks may take longer than
/// its caller has waited.
fn let_rest_pass<S: Subject>(case: &Case<S>, longest: Duration) {
    case.time.wait_until_idle();
    case.time.advance(longest);
}

fn works_on<S: Subject>(case: &Case<S>, client: &Client<S>, after: &str) {
    let reply = case.ride_out(case.start_get(client, "/things"));
    let status = reply.as_ref().map(|reply| reply.status).ok();
    assert_eq!(
        status,
        Some(200),
        "expected alf to work on after {after}, but: {reply:?}"
    );
}

/// Answers with this status and body, in odd clothes.
fn unusual(status: u16, body: &str) -> Vec<(&'static str, Answer)> {
    let plain = || Answer::status(status).body(body);
    let header = |value: &[u8]| plain().header("X-Case", value);
    let challenge = |value: &[u8]| plain().header("WWW-Authenticate", value);
    let many = (0..90).fold(plain(), |answer, number| {
        answer.header(format!("X-Header-{number}"), "value")
    });
    // Such an answer is the last one of its connection.
    let length = format!("Content-Length: {}\r\nConnection: close\r\n", body.len());
    let raw = |head: &str| {
        let head = head.replace("STATUS", &status.to_string());
        Answer::raw(format!("{}\r\n{body}", head.replace("LENGTH\r\n", &length)))
    };
    vec![
        ("nothing odd", plain()),
        ("a header in UTF-8", header("é, 日本語 🔑".as_bytes())),
        ("a header in Latin-1", header(b"caf\xe9")),
        ("a header in no charset", header(b"\xff\xfe\x80")),
        ("an empty header", header(b"")),
        ("a header of spaces", header(b"  \t ")),
        ("a header with a tab", header(b"a\tb")),
        ("a header of 7 kB", header(&[b'x'; 7000])),
        ("90 headers", many),
        (
            "a challenge in UTF-8",
            challenge("Bearer realm=\"é 日本語\"".as_bytes()),
        ),
        (
            "a challenge in Latin-1",
            challenge(b"Bearer realm=\"caf\xe9\""),
        ),
        ("an empty challenge", challenge(b"")),
        (
            "a date",
            plain().header("Date", "Tue, 15 Nov 1994 08:12:31 GMT"),
        ),
        ("a date that is none", plain().header("Date", "yesterday")),
        (
            "a cookie in UTF-8",
            plain().header("Set-Cookie", "é=\"\u{1f511}\"; Path=/"),
        ),
        (
            "a Content-Type in UTF-8",
            plain().header("Content-Type", "text/plain; charset=\"é\""),
        ),
        ("a Retry-After in UTF-8", plain().header("Retry-After", "é")),
        // RFC 9110 §15.2.
        (
            "a 100 before it",
            raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 STATUS X\r\nLENGTH\r\n"),
        ),
        (
            "a 103 with a header in UTF-8 before it",
            raw("HTTP/1.1 103 Early Hints\r\nLink: </é>\r\n\r\nHTTP/1.1 STATUS X\r\nLENGTH\r\n"),
        ),
        // RFC 9112 §6.3: it goes on until the connection is closed.
        (
            "a 100 without a reason before it",
            raw("HTTP/1.1 100\r\n\r\nHTTP/1.1 STATUS X\r\nLENGTH\r\n"),
        ),
        (
            "a long row of 100s",
            Answer::raw("HTTP/1.1 100 Continue\r\n\r\n".repeat(20_000)),
        ),
        ("no Content-Length", raw("HTTP/1.1 STATUS X\r\n")),
        ("HTTP/1.0", raw("HTTP/1.0 STATUS X\r\nLENGTH\r\n")),
        (
            "HTTP/1.0 without Content-Length",
            raw("HTTP/1.0 STATUS X\r\n"),
        ),
        (
            "an empty reason phrase",
            raw("HTTP/1.1 STATUS \r\nLENGTH\r\n"),
        ),
        (
            "a reason phrase in UTF-8",
            raw("HTTP/1.1 STATUS ça ne va pas\r\nLENGTH\r\n"),
        ),
    ]
}

/// Statuses that nobody has heard of.
fn statuses() -> [(&'static str, Answer); 6] {
    [
        ("a 299", 299),
        ("a 418", 418),
        ("a 499", 499),
        ("a 599", 599),
        ("a 600", 600),
        ("a 999", 999),
    ]
    .map(|(shown, status)| (shown, Answer::status(status).body("?")))
}
