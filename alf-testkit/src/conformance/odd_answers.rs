//! X5: whatever a server answers, alf neither panics nor hangs, and works on.

use std::time::Duration;

use crate::Answer;

use super::{Capability, Case, Expect, Subject};

pub(super) fn x5_odd_answers_of_the_authorization_server_are_outlasted<S: Subject>(case: &Case<S>) {
    for answer in odd_answers() {
        let shown = format!("{answer:?}");
        case.servers.authorization.answer_normally();
        case.servers.authorization.answer_next(answer);
        let client = case.client();
        // Whether such an answer is one, the library says.
        drop(case.outlast(case.start_get(&client, "/things")));
        // A library that blocks may take longer than its caller has waited.
        case.time.wait_until_idle();
        // B2: the longest rest that a `Retry-After` can ask for.
        case.time.advance(Duration::from_secs(300));
        case.servers.authorization.answer_normally();
        let reply = case.ride_out(case.start_get(&client, "/things"));
        assert!(
            reply.is_ok(),
            "expected alf to work on after {shown}, but: {reply:?}"
        );
    }
}

pub(super) fn x5_an_answer_that_stops_is_outlasted<S: Subject>(case: &Case<S>) {
    // Longer than what comes, and the connection stays open.
    let answer = Answer::json(200, "{\"access_token\":").header("Content-Length", "1000");
    case.servers.authorization.answer_next(answer);
    let second = Duration::from_secs(1);
    let client = case.client_with(|builder| {
        builder
            .client_secret(super::case::CLIENT_ID, super::case::SECRET)
            .attempt_timeout(second)
    });
    let call = case.start_get(&client, "/things");
    case.servers.authorization.wait_for_requests(1);
    case.time.advance(second);
    case.ride_out(call).expect_status(200);
    assert_eq!(case.token_requests(), 2, "expected it to be tried again");
}

pub(super) fn x5_odd_answers_of_the_resource_server_are_outlasted<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    for answer in odd_answers() {
        let shown = format!("{answer:?}");
        case.servers.resource.answer_next_at("/odd", answer);
        // Whether such an answer is one, the library says.
        drop(case.outlast(case.start_get(&client, "/odd")));
        let reply = case.get(&client, "/things");
        assert!(
            reply.is_ok(),
            "expected alf to work on after {shown}, but: {reply:?}"
        );
    }
}

pub(super) fn x5_odd_rejections_are_outlasted<S: Subject>(case: &Case<S>) {
    let rejections = [
        Answer::unauthorized().body("half").hang_up_in_body(),
        Answer::unauthorized()
            .chunks_of_length(9000)
            .hang_up_in_body(),
        Answer::unauthorized().then_close(),
        Answer::unauthorized().header("X-Long", "x".repeat(30_000)),
        Answer::raw(with_body("401 ", "Content-Length: 2\r\n", "more than two")),
        Answer::raw(with_body(
            "401 No",
            "Content-Length: 20\r\n",
            "less than twenty",
        )),
    ];
    outlasted(case, &rejections);
}

pub(super) fn x5_a_rejection_that_breaks_off_before_its_body_is_outlasted<S: Subject>(
    case: &Case<S>,
) {
    outlasted(case, &[Answer::unauthorized().body("x").hang_up_in_body()]);
}

fn outlasted<S: Subject>(case: &Case<S>, rejections: &[Answer]) {
    let client = case.client_with_token();
    // Whoever gathers a response that breaks off has none.
    let gathers = !S::capabilities().contains(Capability::StreamingResponses);
    for rejection in rejections {
        let shown = format!("{rejection:?}");
        case.servers.resource.reject_with(rejection.clone());
        case.servers.revoke_all();
        let reply = case.get(&client, "/things");
        assert!(
            reply.is_ok() || gathers,
            "expected a replay after {shown}, but: {reply:?}"
        );
    }
    case.servers.resource.reject_with(Answer::unauthorized());
    case.get(&client, "/things").expect_status(200);
}

pub(super) fn x5_a_connection_that_closes_under_the_next_request_is_outlasted<S: Subject>(
    case: &Case<S>,
) {
    let client = case.client();
    case.servers
        .authorization
        .answer_next(Answer::normal().then_close_under_next_request());
    case.get(&client, "/things").expect_status(200);
    for rejection in [
        Answer::unauthorized().then_close_under_next_request(),
        Answer::unauthorized().then_close_unannounced(),
    ] {
        let issued = case.servers.authorization.issued_count();
        case.servers.revoke_all();
        case.servers.resource.reject_with(rejection);
        // The replay may meet the dying connection: that error is the library's, and its user's.
        drop(case.ride_out(case.start_get(&client, "/things")));
        case.ride_out(case.start_get(&client, "/things"))
            .expect_status(200);
        let now = case.servers.authorization.issued_count();
        assert_eq!(now, issued + 1, "expected one renewal");
    }
}

fn odd_answers() -> Vec<Answer> {
    let many = (0..300).fold(Answer::status(200), |answer, number| {
        answer.header(format!("X-Header-{number}"), "value")
    });
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(2000);
    let go_on = "HTTP/1.1 100 Continue\r\n\r\n".repeat(2000);
    let end = with_body("200 OK", "Content-Length: 2\r\nConnection: close\r\n", "{}");
    vec![
        Answer::status(200).header("X-Huge", "x".repeat(300_000)),
        many,
        Answer::status(200).header("X-Odd", &b"\xff\xfe\x80"[..]),
        Answer::status(200).header("Content-Type", &b"\xc3\x28"[..]),
        Answer::status(999).body("?"),
        Answer::status(599).header("Retry-After", "99999999999999999999"),
        Answer::status(503).header("Retry-After", &b"\xff"[..]),
        Answer::status(401).header("WWW-Authenticate", &b"Bearer \xff\"=,,"[..]),
        Answer::status(301),
        Answer::status(302).header("Location", &b"\xff://?"[..]),
        Answer::status(307).header("Location", "//"),
        Answer::status(200)
            .header("Content-Encoding", "gzip")
            .body("no gzip"),
        Answer::status(200).header("Content-Type", "application/json; charset=utf-16"),
        Answer::raw(
            early
                .into_bytes()
                .into_iter()
                .chain(end.clone())
                .collect::<Vec<_>>(),
        ),
        Answer::raw(
            go_on
                .into_bytes()
                .into_iter()
                .chain(end)
                .collect::<Vec<_>>(),
        ),
        Answer::raw(with_body(
            "200 OK",
            "Content-Length: 2\r\n",
            "more than two",
        )),
        Answer::raw(with_body("200 OK", "Content-Length: 20\r\n", "less")),
        Answer::raw(with_body("200 OK", "Content-Length: -1\r\n", "")),
        Answer::raw(with_body(
            "200 OK",
            "Content-Length: 1\r\nContent-Length: 2\r\n",
            "{}",
        )),
        Answer::raw(with_body(
            "200 OK",
            "Transfer-Encoding: chunked\r\n",
            "zz\r\n{}\r\n0\r\n\r\n",
        )),
        Answer::raw(with_body(
            "200 OK",
            "Transfer-Encoding: chunked\r\n",
            "ffffffffffffffffff\r\n",
        )),
        Answer::raw(&b"HTTP/1.1 20"[..]),
        Answer::raw(&b"HTTP/9.9 200 OK\r\n\r\n"[..]),
        Answer::raw(&b"\r\n\r\n\r\n"[..]),
        Answer::raw(&b"{\"access_token\":\"no HTTP\"}"[..]),
        Answer::raw(&b""[..]),
        Answer::reset(),
    ]
}

fn with_body(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}\r\n{body}").into_bytes()
}
