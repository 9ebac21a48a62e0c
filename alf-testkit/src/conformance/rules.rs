//! The rules that the suite holds a transport to, one sentence each.

/// The sentence of a rule, for the message of a failed case.
pub(super) fn sentence(rule: &str) -> &'static str {
    RULES
        .iter()
        .find(|(name, _)| *name == rule)
        .map_or("", |(_, sentence)| sentence)
}

/// The rule that a case is named after: `T7` for `t7_a_redirect_…`.
pub(super) fn rule_of(case: &str) -> String {
    let rule = case.split('_').next().unwrap_or_default();
    rule.to_ascii_uppercase()
}

const RULES: &[(&str, &str)] = &[
    (
        "F1",
        "A request without a usable token gets one from the authorization server first; before the \
         first request nothing is sent.",
    ),
    (
        "F2",
        "`Authorization` is set in place of every value that the request had there.",
    ),
    (
        "F3",
        "A 401 has the token renewed and the request replayed once; what comes then is handed back.",
    ),
    (
        "F4",
        "Where the authorization server says no, the user gets its answer as an error, and the \
         request is never sent.",
    ),
    (
        "T1",
        "The token request is a POST of a form, with its content type and length, `Accept: \
         application/json`, and every parameter that was set.",
    ),
    (
        "T2",
        "The client authenticates in one way: never by Basic and in the body together.",
    ),
    (
        "T3",
        "Ids and secrets of any characters arrive as they are, percent-encoded where needed.",
    ),
    (
        "T4",
        "Success is a 200 with a JSON object that has an access_token, whatever its content type; \
         everything else is an error of its own kind. Whoever shows a wrong certificate is no \
         connection, and gets no secret.",
    ),
    (
        "T5",
        "`expires_in` may be an integer, a float or a numeric string, absent, null, zero, negative \
         or huge.",
    ),
    (
        "T7",
        "At most 1 MiB of the authorization server's answer is read, and none of its redirects is \
         followed: a 307 must not carry the secret elsewhere. What was not read never becomes the \
         next answer.",
    ),
    (
        "T8",
        "The token endpoint is https, or loopback, or the user allowed otherwise: else building the \
         client fails.",
    ),
    (
        "T9",
        "A lifetime is counted from before its request was sent.",
    ),
    (
        "E2",
        "While a token is due nobody waits: requests go out with it, and one renewal runs beside \
         them, also when the request that noticed it is finished or dropped.",
    ),
    (
        "E3",
        "When the token is expired, callers wait for the one acquisition.",
    ),
    (
        "E4",
        "A renewal that fails before the token's stated expiry is invisible to callers.",
    ),
    (
        "E7",
        "A machine that slept does not go on with a dead token.",
    ),
    (
        "S1",
        "However many callers need a token, one token request is under way.",
    ),
    (
        "S2",
        "All callers that wait for an acquisition share its outcome, success or error.",
    ),
    (
        "S3",
        "An acquisition belongs to no caller: dropping any of them fails nobody, delays nobody and costs \
         no second token request.",
    ),
    (
        "S4",
        "An acquisition that dies wakes its waiters, and one of them begins another, once; a second death \
         in a row is an error of kind Aborted.",
    ),
    (
        "S5",
        "No caller waits longer than acquire_timeout, whatever the authorization server does.",
    ),
    (
        "B1",
        "Failures that may pass are tried again within the acquisition, after a pause; Retry-After \
         lengthens it.",
    ),
    (
        "B2",
        "After a failed acquisition alf rests, and callers get the last error at once: a wrong secret is \
         one request, never a storm.",
    ),
    (
        "B3",
        "Credentials that can be read again are: rotating a secret needs no restart.",
    ),
    (
        "R1",
        "A 401 rejects the token that was sent: of many requests that meet a revoked token one \
         causes a renewal, and the challenge need not be there or be well-formed.",
    ),
    (
        "R2",
        "Where the token is another one already, the replay takes it without asking.",
    ),
    (
        "R3",
        "A request is replayed once; the answer to the replay is handed back as it is, a 401 too.",
    ),
    (
        "R4",
        "A request whose body cannot be sent again is not replayed: its 401 is handed back \
         untouched, and the token is renewed for the next caller. A body that can be is sent again \
         byte for byte.",
    ),
    (
        "R5",
        "If renewing after a 401 fails, the user gets the token error, with the 401's status and \
         challenge.",
    ),
    (
        "R6",
        "An API that always says 401 does not turn alf into a load on the authorization server, nor \
         hide a real revocation from others.",
    ),
    ("R7", "Other statuses than 401 are never replayed."),
    (
        "R8",
        "A rejected response is discarded before the renewal, so that a pool of one connection \
         survives it, and its rest never becomes the next answer.",
    ),
    (
        "X1",
        "No secret, token or `Authorization` value appears in an error, an event, a log line or a \
         Debug.",
    ),
    (
        "X2",
        "A token is not sent over plain http except to loopback.",
    ),
    (
        "X3",
        "With allowed_origins set, a request to any other origin is refused before it is sent.",
    ),
    (
        "X4",
        "No redirect carries `Authorization` to another origin, and a 401 from another origin \
         rejects nothing.",
    ),
    (
        "X5",
        "Nothing that a server answers makes alf panic, hang past its deadline, or grow without \
         bound. Where the library panics, the caller gets an error.",
    ),
    ("P1", "Every method of the transport says what is so."),
    (
        "P3",
        "Requests and responses are the library's own: bodies stream in both directions, no faster \
         than the slower side takes them; headers and status are untouched; TLS and the connection \
         pool are as the user set them.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p1_every_case_is_named_after_a_rule_and_every_rule_has_a_case() {
        let cases = super::super::cases::NAMES;
        for case in cases {
            assert_ne!(sentence(&rule_of(case)), "", "{case}");
        }
        for (rule, _) in RULES {
            let prefix = format!("{}_", rule.to_ascii_lowercase());
            assert!(cases.iter().any(|case| case.starts_with(&prefix)), "{rule}");
        }
    }
}
