//! Fingerprints match their credentials and show nothing of them.

use super::*;

#[test]
fn b3_a_fingerprint_matches_its_own_credentials_only() {
    let secret = CredentialsFingerprint::of("s3cr3t");
    assert!(secret.matches("s3cr3t"));
    assert!(secret.clone().matches("s3cr3t"));
    assert!(!secret.matches("s3cr3t2"));
    let pair = CredentialsFingerprint::of(&("ab", Some("c")));
    assert!(pair.matches(&("ab", Some("c"))));
    assert!(!pair.matches(&("a", Some("bc"))));
    assert!(CredentialsFingerprint::unchanging().matches("s3cr3t"));
}

#[test]
fn x1_a_fingerprint_does_not_print() {
    let shown = format!("{:?}", CredentialsFingerprint::of("s3cr3t"));
    assert_eq!(shown, "CredentialsFingerprint { .. }");
}
