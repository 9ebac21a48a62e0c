//! Fingerprints match their credentials and show nothing of them.

use super::*;

#[test]
fn b3_a_fingerprint_matches_its_own_credentials_only() {
    let secret = CredentialsFingerprint::of("s3cr3t");
    assert!(!secret.differs_from(&CredentialsFingerprint::of("s3cr3t")));
    assert!(!secret.differs_from(&secret.clone()));
    assert!(secret.differs_from(&CredentialsFingerprint::of("s3cr3t2")));
    let pair = CredentialsFingerprint::of(&("ab", Some("c")));
    assert!(!pair.differs_from(&CredentialsFingerprint::of(&("ab", Some("c")))));
    assert!(pair.differs_from(&CredentialsFingerprint::of(&("a", Some("bc")))));
    let unchanging = CredentialsFingerprint::unchanging();
    assert!(!unchanging.differs_from(&secret) && !secret.differs_from(&unchanging));
}

#[test]
fn x1_a_fingerprint_does_not_print() {
    let shown = format!("{:?}", CredentialsFingerprint::of("s3cr3t"));
    assert_eq!(shown, "CredentialsFingerprint { .. }");
}
