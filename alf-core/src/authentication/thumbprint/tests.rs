//! Public keys that are malformed. The thumbprints of good ones are in the tests of `private_key`.

use super::*;

#[test]
fn x5_a_public_key_that_is_truncated_has_no_thumbprint() {
    for der in [
        &b""[..],
        b"\x30",
        b"\x30\x03\x02\x01",
        b"\x30\x85\xff\xff\xff\xff\xff",
        b"\x30\x89\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x30\x03\x02\x01\x05",
        b"\x02\x01\x05",
    ] {
        assert_eq!(of_rsa_key(der), None, "{der:x?}");
    }
    assert_eq!(of_ec_key("P-256", b"\x02\x01"), None, "compressed");
    assert_eq!(of_ec_key("P-256", b""), None);
}
