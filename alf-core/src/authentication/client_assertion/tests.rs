//! Assertions that someone else has signed, and errors of files that do not hold one.

use std::path::Path;

use super::super::tests::TemporaryFile;
use super::super::tests::{ENDPOINT, attempt, context, sent};
use super::*;

fn from(text: &'static str) -> ClientAssertion {
    Credential::from_fn(move || async move { Ok::<_, std::io::Error>(text) }).into()
}

fn in_file(path: impl AsRef<Path>) -> ClientAssertion {
    Credential::file(path).into()
}

#[test]
fn t2_the_assertion_is_sent_as_a_jwt_beside_the_client_id() {
    let request = sent(&from("aaa.bbb.ccc"), "me");
    assert_eq!(
        request.body,
        "grant_type=client_credentials&client_id=me\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
         &client_assertion=aaa.bbb.ccc"
    );
    assert!(request.headers.get("authorization").is_none());
}

#[test]
fn t2_type_and_client_id_are_settable() {
    let method = from("PHNhbWw")
        .assertion_type(ClientAssertion::SAML2_BEARER)
        .without_client_id();
    let request = sent(&method, "me");
    assert_eq!(
        request.body,
        "grant_type=client_credentials\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Asaml2-bearer\
         &client_assertion=PHNhbWw"
    );
    let error = from("x").assertion_type(" ").check().unwrap_err();
    assert_eq!(error.setting(), "client_assertion");
}

#[test]
fn b3_white_space_around_an_assertion_is_not_part_of_it() {
    for contents in ["a.b.c", "a.b.c\n", "\u{feff}a.b.c\r\n", "\n a.b.c\n\n"] {
        let file = TemporaryFile::new(contents.as_bytes());
        let request = sent(&in_file(file.path()), "me");
        assert_eq!(request.parameter("client_assertion"), "a.b.c");
    }
    assert_eq!(
        sent(&from(" a.b.c\n"), "me").parameter("client_assertion"),
        "a.b.c"
    );
}

#[test]
fn b3_a_file_without_an_assertion_is_a_permanent_failure_that_names_it() {
    for (contents, word) in [
        (&b""[..], "empty"),
        (b" \r\n", "empty"),
        (b"h1dden.b c", "white space"),
        (b"h1dden.b\nc", "white space"),
        (b"h1dden\xff", "UTF-8"),
    ] {
        let file = TemporaryFile::new(contents);
        let endpoint = http::Uri::from_static(ENDPOINT);
        let context = context(&endpoint, "me");
        let Err(error) = attempt(&in_file(file.path()), &context) else {
            panic!("{contents:?}");
        };
        assert!(!error.is_transient());
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(word), "{shown}");
        assert!(shown.contains("client_assertion "), "{shown}");
        assert!(shown.contains(file.path().to_str().unwrap()), "{shown}");
        assert!(!shown.contains("h1dden"), "{shown}");
    }
}
