//! Public keys that are malformed. The thumbprints of good ones are in the tests of `private_key`.

use super::*;

#[test]
fn x5_a_public_key_that_is_truncated_has_no_thumbprint() {
    assert_eq!(of_ec_key("P-256", b"\x02\x01"), None, "compressed");
    assert_eq!(of_ec_key("P-256", b""), None);
}
