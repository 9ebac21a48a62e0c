//! Answers that no client expects, each with a description.

use crate::server::Answer;

/// Returns answers that break the rules of HTTP, or nearly do.
pub(super) fn malformed() -> Vec<Answer> {
    let no_gzip = Answer::status(200).header("Content-Encoding", "gzip");
    let mut answers = vec![
        with_headers(Answer::status(200), 300),
        Answer::status(999)
            .body("?")
            .described_as("a status of 999"),
        Answer::status(301).described_as("a redirect without Location"),
        no_gzip
            .body("no gzip")
            .described_as("a body that is not gzip"),
        Answer::reset(),
        header(&Answer::status(200), "X-Huge", &[b'x'; 300_000]),
    ];
    for (status, name, value) in MALFORMED_HEADERS {
        answers.push(header(&Answer::status(*status), name, value));
    }
    for interim in [
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        let end = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
        answers.push(raw(format!("{}{end}", interim.repeat(2000)).as_bytes()));
    }
    answers.extend(MALFORMED_BYTES.iter().map(|bytes| raw(bytes)));
    answers
}

/// Returns answers with this status and body that are valid HTTP, and rare. Libraries panic on some
/// of them.
pub(super) fn unusual(status: u16, body: &str) -> Vec<Answer> {
    let plain = Answer::status(status).body(body);
    let mut answers = vec![
        plain.clone(),
        with_headers(plain.clone(), 90),
        header(&plain, "X-Case", &[b'x'; 7000]),
        raw("HTTP/1.1 100 Continue\r\n\r\n".repeat(20_000).as_bytes()),
    ];
    for (name, value) in UNUSUAL_HEADERS {
        answers.push(header(&plain, name, value));
    }
    // Each is the last answer of its connection.
    let length = format!("Content-Length: {}\r\nConnection: close", body.len());
    for head in UNUSUAL_HEADS {
        let head = head.replace("STATUS", &status.to_string());
        answers.push(raw((head.replace("LENGTH", &length) + body).as_bytes()));
    }
    answers
}

/// Returns answers with statuses that are not in use.
pub(super) fn unusual_statuses() -> Vec<Answer> {
    let statuses = [299, 418, 499, 599, 600, 999];
    let answer = |status| {
        let answer = Answer::status(status).body("?");
        answer.described_as(format!("a status of {status}"))
    };
    statuses.map(answer).to_vec()
}

fn header(answer: &Answer, name: &str, value: &[u8]) -> Answer {
    let answer = answer.clone().header(name, value);
    answer.described_as(format!("{name}: {}", beginning(value)))
}

fn raw(bytes: &[u8]) -> Answer {
    Answer::raw(bytes).described_as(beginning(bytes))
}

fn beginning(bytes: &[u8]) -> String {
    let beginning = bytes.get(..80).unwrap_or(bytes);
    beginning.escape_ascii().to_string()
}

fn with_headers(answer: Answer, count: usize) -> Answer {
    let answer = (0..count).fold(answer, |answer, number| {
        answer.header(format!("X-Header-{number}"), "value")
    });
    answer.described_as(format!("{count} headers"))
}

const MALFORMED_HEADERS: &[(u16, &str, &[u8])] = &[
    (200, "X-Case", b"\xff\xfe\x80"),
    (200, "Content-Type", b"\xc3\x28"),
    (200, "Content-Type", b"application/json; charset=utf-16"),
    (302, "Location", b"\xff://?"),
    (307, "Location", b"//"),
    (401, "WWW-Authenticate", b"Bearer \xff\"=,,"),
    (503, "Retry-After", b"\xff"),
    (599, "Retry-After", b"99999999999999999999"),
];

const MALFORMED_BYTES: &[&[u8]] = &[
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nmore than two",
    b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nless",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    b"HTTP/1.1 20",
    b"HTTP/9.9 200 OK\r\n\r\n",
    b"\r\n\r\n\r\n",
    b"{\"access_token\":\"no HTTP\"}",
    b"",
];

const UNUSUAL_HEADERS: &[(&str, &[u8])] = &[
    ("X-Case", "é, 日本語 🔑".as_bytes()),
    ("X-Case", b"Latin-1: caf\xe9"),
    ("X-Case", b"\xff\xfe\x80"),
    ("X-Case", b""),
    ("X-Case", b"  \t "),
    ("X-Case", b"a\tb"),
    ("WWW-Authenticate", "Bearer realm=\"é 日本語\"".as_bytes()),
    ("WWW-Authenticate", b"Bearer realm=\"caf\xe9\""),
    ("WWW-Authenticate", b""),
    ("Date", b"Tue, 15 Nov 1994 08:12:31 GMT"),
    ("Date", b"yesterday"),
    ("Set-Cookie", "é=\"\u{1f511}\"; Path=/".as_bytes()),
    ("Content-Type", "text/plain; charset=\"é\"".as_bytes()),
    ("Retry-After", "é".as_bytes()),
];

const UNUSUAL_HEADS: &[&str] = &[
    // RFC 9110 §15.2: an interim response before the final one.
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 STATUS X\r\nLENGTH\r\n\r\n",
    "HTTP/1.1 100\r\n\r\nHTTP/1.1 STATUS X\r\nLENGTH\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </é>\r\n\r\nHTTP/1.1 STATUS X\r\nLENGTH\r\n\r\n",
    // RFC 9112 §6.3: without a length the body ends with the connection.
    "HTTP/1.1 STATUS X\r\n\r\n",
    "HTTP/1.0 STATUS X\r\n\r\n",
    "HTTP/1.0 STATUS X\r\nLENGTH\r\n\r\n",
    "HTTP/1.1 STATUS \r\nLENGTH\r\n\r\n",
    "HTTP/1.1 STATUS ça ne va pas\r\nLENGTH\r\n\r\n",
];
