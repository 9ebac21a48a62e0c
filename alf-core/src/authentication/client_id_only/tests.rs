//! The request has the client's id, and no credentials.

use super::super::tests::sent;
use super::*;

#[test]
fn t2_the_body_names_the_client_and_the_connection_authenticates_it() {
    for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
        let request = sent(&ClientIdOnly { method }, "me");
        assert_eq!(request.body, "grant_type=client_credentials&client_id=me");
        assert_eq!(request.headers.get("authorization"), None);
    }
}
