//! The request has the client's id, and no credentials.

use super::super::tests::sent;
use super::*;

#[test]
fn t2_the_body_names_the_client_and_the_connection_authenticates_it() {
    let methods: [&dyn ClientAuthentication; 2] =
        [&TlsClientAuth::new(), &SelfSignedTlsClientAuth::new()];
    for method in methods {
        let request = sent(method, "me");
        assert_eq!(request.body, "grant_type=client_credentials&client_id=me");
        assert_eq!(request.headers.get("authorization"), None);
    }
}
