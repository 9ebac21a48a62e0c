//! Whether each caller gets its own answer, and bodies that would pass for another's.

use bytes::Bytes;

use crate::Answer;

use super::{Case, Client, Expect, Subject, post};

/// Rejects everybody, in some rounds, and looks whether each gets its own answer in the end.
pub(super) fn answers_stay_apart<S: Subject>(
    case: &Case<S>,
    client: &Client<S>,
    rejection: Answer,
    rounds: usize,
) {
    case.servers.resource.reject_with(rejection);
    for round in 0..rounds {
        case.servers.revoke_all();
        echo(case, client, round);
        case.servers.revoke_all();
        let calls: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let id = format!("round {round}, caller {caller}");
                let request = post(&case.servers.url("/echo"), Bytes::from(id.clone()));
                (id, case.start(client, request))
            })
            .collect();
        for (id, call) in calls {
            let reply = call.wait().expect_status(200);
            assert_eq!(reply.text(), id, "expected each caller's own answer");
        }
        // What a pool took back by mistake is met by those who come later.
        for later in 0..3 {
            echo(case, client, later);
        }
    }
    let answered = case.servers.resource.counts();
    let rejected = answered.answered(401);
    assert!(rejected >= rounds, "expected some to be rejected");
}

/// A call that gets its own body back.
pub(super) fn echo<S: Subject>(case: &Case<S>, client: &Client<S>, number: usize) {
    let id = format!("number {number}");
    let request = post(&case.servers.url("/echo"), Bytes::from(id.clone()));
    let reply = case.send(client, request).expect_status(200);
    assert_eq!(reply.text(), id, "expected the caller's own answer");
}

/// `count` responses of 64 bytes each that no server ever gave to anybody.
pub(super) fn stolen_answers(count: usize) -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\nX-Padding: 0123456\r\nContent-Length: 6\r\n\r\nstolen".repeat(count)
}

/// `count` token responses of 64 bytes each.
pub(super) fn stolen_tokens(count: usize) -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{\"access_token\":\"stolen\"}".repeat(count)
}

/// The answer with a header that makes the length of its head a multiple of 64: so whoever stops
/// reading after some KiB, and reads on as if the next response began there, finds one.
pub(super) fn aligned(answer: Answer) -> Answer {
    let padding = 64 - (answer.head_length() + "X: \r\n".len()) % 64;
    answer.header("X", "x".repeat(padding))
}

const CALLERS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stolen_fits() {
        assert_eq!(stolen_answers(10).len(), 640);
        assert_eq!(stolen_tokens(10).len(), 640);
        let answer = aligned(Answer::unauthorized().body(stolen_tokens(4000)));
        assert_eq!(answer.head_length() % 64, 0);
    }
}
