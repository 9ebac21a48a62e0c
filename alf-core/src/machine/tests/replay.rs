//! R3, R4, R7, X4: what becomes of one request.

use super::*;

const ANSWERS: [Answer; 3] = [
    Answer::NotRejected,
    Answer::Rejected,
    Answer::RejectedElsewhere,
];

fn after_a_renewal() -> Replay {
    let mut replay = Replay::new(true);
    assert_eq!(replay.answered(Answer::Rejected), Step::Renew);
    replay
}

#[test]
fn r3_a_rejected_request_is_replayed_once() {
    let mut replay = after_a_renewal();
    assert_eq!(
        replay.answered(Answer::Rejected),
        Step::ReturnRejectedAgain,
        "the answer to the replay is handed back as it is, a 401 too"
    );
}

#[test]
fn r3_the_answer_to_a_replay_is_always_handed_back() {
    for answer in ANSWERS {
        let mut replay = after_a_renewal();
        for _ in 0..3 {
            let step = replay.answered(answer);
            assert!(
                !matches!(step, Step::Renew | Step::ReturnAndRenew),
                "{answer:?} told {step:?}"
            );
        }
    }
}

#[test]
fn r4_a_body_that_cannot_be_sent_again_is_not_replayed_but_the_token_is_renewed() {
    let mut replay = Replay::new(false);
    assert_eq!(replay.answered(Answer::Rejected), Step::ReturnAndRenew);
}

#[test]
fn r4_what_was_not_rejected_is_handed_back_whether_or_not_it_could_be_sent_again() {
    for can_be_sent_again in [true, false] {
        for answer in [Answer::NotRejected, Answer::RejectedElsewhere] {
            let mut replay = Replay::new(can_be_sent_again);
            assert_eq!(replay.answered(answer), Step::Return);
        }
    }
}

#[test]
fn r6_the_machine_is_told_whether_a_replay_was_accepted() {
    for (answer, step) in [
        (Answer::NotRejected, Step::ReturnAccepted),
        (Answer::Rejected, Step::ReturnRejectedAgain),
    ] {
        assert_eq!(after_a_renewal().answered(answer), step);
    }
}

#[test]
fn r7_what_does_not_reject_is_never_replayed() {
    // Every other status, and `insufficient_scope`, is classified as that.
    let mut replay = Replay::new(true);
    assert_eq!(replay.answered(Answer::NotRejected), Step::Return);
}

#[test]
fn x4_a_401_from_another_origin_rejects_nothing_and_is_told_nobody() {
    assert_eq!(
        Replay::new(true).answered(Answer::RejectedElsewhere),
        Step::Return
    );
    assert_eq!(
        after_a_renewal().answered(Answer::RejectedElsewhere),
        Step::Return,
        "neither accepted nor rejected by the origin that the replay went to"
    );
}
