//! What is wrong with the certificate of a server, and what to do about it (T4).

use std::error::Error as StdError;
use std::iter::successors;

/// Returns both, for the text of an error. `error` is that of the transport.
///
/// The libraries say it in their texts alone: curl and native-tls have no codes for it, and rustls has some of the causes as
/// `Other`. A text that is not known here is shown behind the advice, like every cause.
pub(super) fn problem_and_advice(error: Option<&(dyn StdError + 'static)>) -> &'static str {
    // native-tls says it above the innermost error, which is that of OpenSSL.
    let texts = successors(error, |error| (*error).source()).map(ToString::to_string);
    let texts: String = texts.collect();
    let known = PROBLEMS.iter().find(|(parts, _)| {
        let is_said = |part: &&str| texts.contains(part);
        parts.iter().any(is_said)
    });
    known.map_or(OTHER, |(_, problem)| problem)
}

/// Parts of the texts of rustls and of OpenSSL, and what they mean.
const PROBLEMS: &[(&[&str], &str)] = &[
    (
        &["CaUsedAsEndEntity"],
        "is that of a certificate authority, which rustls does not accept for a server; let the CA \
         issue one for the server, and add the CA with configure_http or token_http_client",
    ),
    // Before the others: only these texts have a host, in which any word may be.
    (
        &[
            "NotValidForName",
            "not valid for name",
            "mismatch",
            "subject name",
        ],
        "is for another name; use a host name that it contains, or get one for this host name",
    ),
    (
        &["NotValidYet", "not valid yet", "not yet valid"],
        "is not valid yet; check the clock of this machine",
    ),
    (
        &["Expired", "expired"],
        "has expired; renew it at the server, or check the clock of this machine",
    ),
    (
        &["UnknownIssuer", "issuer", "self-signed", "self signed"],
        "has an unknown issuer; if that is a CA of your own, add it with configure_http or \
         token_http_client",
    ),
];

const OTHER: &str = "was not accepted: its issuer is unknown, it has expired, or it is for another \
                     name; if the issuer is a CA of your own, add it with configure_http or \
                     token_http_client";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t4_texts_of_the_libraries_say_what_is_wrong_with_a_certificate() {
        for (text, expected) in [
            ("invalid peer certificate: UnknownIssuer", "unknown issuer"),
            ("invalid peer certificate: NotValidForName", "another name"),
            (
                "invalid peer certificate: certificate not valid for name \"a\"; certificate is only \
                 valid for DnsName(\"b\")",
                "another name",
            ),
            ("invalid peer certificate: Expired", "expired"),
            (
                "invalid peer certificate: certificate expired: verification time 2 (UNIX)",
                "expired",
            ),
            (
                "invalid peer certificate: certificate not valid yet: verification time 2 (UNIX)",
                "not valid yet",
            ),
            (
                "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
                "of a certificate authority",
            ),
            (
                "certificate verify failed: (self-signed certificate)",
                "unknown issuer",
            ),
            ("(unable to get local issuer certificate)", "unknown issuer"),
            (
                "certificate not valid for name \"expired.example\"; certificate is only valid for \
                 DnsName(\"issuer.example\")",
                "another name",
            ),
            (
                "SSL: no alternative certificate subject name matches target host name \
                 'expired.example'",
                "another name",
            ),
            ("(certificate has expired)", "expired"),
            ("(certificate is not yet valid)", "not valid yet"),
            ("(hostname mismatch)", "another name"),
            ("(IP address mismatch)", "another name"),
            (
                "SSL: no alternative certificate subject name matches target host name 'a'",
                "another name",
            ),
            (
                "[60] SSL peer certificate or SSH remote key was not OK",
                "not accepted",
            ),
        ] {
            let error = std::io::Error::other(text);
            let problem = problem_and_advice(Some(&error));
            assert!(problem.contains(expected), "{text}: {problem}");
        }
    }
}
