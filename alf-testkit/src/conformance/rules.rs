//! The rules that the suite tests on a transport, one line each.

/// Returns the sentences of a rule, for the message of a failed case.
pub(super) fn sentence(rule: &str) -> &'static str {
    let mut rules = RULES.lines().filter_map(|line| line.split_once(": "));
    rules
        .find(|(name, _)| *name == rule)
        .map_or("", |(_, sentence)| sentence)
}

/// Returns the rule that a case is named after: `T7` for `t7_a_redirect_…`.
pub(super) fn rule_of(case: &str) -> String {
    let rule = case.split('_').next().unwrap_or_default();
    rule.to_ascii_uppercase()
}

const RULES: &str = "\
F1: A request without a usable token acquires one first. Before the first request nothing is sent.
F2: `Authorization` is set in place of every value that the request had there.
F3: A 401 causes one renewal and one replay. The answer to the replay is returned.
F4: If the authorization server refuses, the user gets its answer as an error, and the request is \
    not sent.
T1: The token request is a POST of a form, with its content type and length, `Accept: \
    application/json`, a `User-Agent`, and every parameter that was set.
T2: The client authenticates in one way, never by Basic and in the body together.
T3: Ids and secrets of any characters arrive unchanged, percent-encoded where needed.
T4: Success is a 2xx with a JSON object that has an access_token, whatever its content type. \
    Everything else is an error of its own kind, whose text ends with its innermost cause. A server \
    with a wrong certificate gets no secret.
T5: `expires_in` may be an integer, a float or a numeric string, absent, null, zero, negative or huge.
T7: At most 1 MiB of the authorization server's answer is read, and none of its redirects is \
    followed: a 307 must not carry the secret elsewhere. What was not read never becomes the next \
    answer.
T8: The token endpoint is https, or loopback, or the user allowed otherwise; else the client is not \
    built.
T9: A lifetime is counted from before its request was sent.
E2: While a token is due, callers use it without waiting, and one renewal runs beside them, also if \
    the request that noticed it has ended or was dropped.
E3: When the token is expired, callers wait for the one acquisition.
E4: A renewal that fails before the token's stated expiry is invisible to callers.
E7: A token that expired while the machine was suspended is not used.
S1: However many callers need a token, at most one token request runs at a time.
S2: All callers that wait for an acquisition share its outcome, success or error.
S3: An acquisition belongs to no caller. Dropping a caller causes no failure, no delay and no second \
    token request.
S4: An acquisition that is aborted wakes its waiters, and one of them starts another, once. A second \
    one in a row is an error of kind Aborted.
S5: No caller waits longer than acquire_timeout, whatever the authorization server does.
B1: Failures that may pass are tried again within the acquisition, after a pause. Retry-After \
    lengthens it.
B2: After a failed acquisition alf backs off, and callers get the last error at once: a wrong secret \
    costs one request.
B3: Credentials that can be read again are read again: rotating a secret needs no restart.
R1: A 401 rejects the token that was sent. Of many requests that meet a revoked token, one causes a \
    renewal. The challenge may be absent or malformed.
R2: If the current token is a different one already, the replay uses it without a token request.
R3: A request is replayed once. The answer to the replay is returned unchanged, also a 401.
R4: A request whose body cannot be sent again is not replayed: its 401 is returned untouched, and the \
    token is renewed for the next caller. Another body is sent again byte for byte.
R5: If the renewal after a 401 fails, the user gets the token error, with the 401's status and \
    challenge.
R6: An API that always answers 401, to all requests or to some, causes no load on the authorization \
    server, and hides no real revocation.
R7: Statuses other than 401 are never replayed.
R8: A rejected response is discarded before the renewal, so that a pool of one connection still works, \
    and its remainder never becomes the next answer.
R9: A token that an API rejects in its first seconds is not renewed: the previous one is used \
    meanwhile. If both are rejected, the token is renewed.
X1: No error, event, log line or Debug contains a secret, a token or an `Authorization` value.
X2: A token is not sent over plain http except to loopback.
X3: With allowed_origins set, a request to any other origin is refused before it is sent.
X4: No redirect carries `Authorization` to another origin, and a 401 from another origin rejects \
    nothing.
X5: No answer of a server makes alf panic, wait past its deadline, or grow without bound. If the \
    library panics, the caller gets an error.
P1: Every method of the transport returns what its documentation states.
P3: Requests and responses are the library's own: bodies stream in both directions, no faster than \
    the slower side takes them; headers and status are untouched; TLS and the connection pool are as \
    the user set them.
";

#[cfg(test)]
mod tests {
    use super::super::cases::ALL;
    use super::*;

    #[test]
    fn p1_every_case_is_named_after_a_rule_and_every_rule_has_a_case() {
        for case in ALL {
            assert_ne!(sentence(&rule_of(case.name)), "", "{}", case.name);
        }
        for rule in RULES.lines() {
            let (rule, _) = rule.split_once(": ").unwrap();
            assert!(ALL.iter().any(|case| rule_of(case.name) == rule), "{rule}");
        }
    }
}
