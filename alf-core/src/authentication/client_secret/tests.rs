//! Id and secret as they are sent by `client_secret_basic` and `client_secret_post`.

use http::header::AUTHORIZATION;

use super::super::client_id_only::ClientIdOnly;
use super::super::tests::sent;
use super::*;

/// What the server reads in the `Authorization` header, after base64.
fn credentials(method: &dyn ClientAuthentication, id: &str) -> String {
    let headers = sent(method, id).headers;
    let value = headers.get(AUTHORIZATION).unwrap();
    assert!(value.is_sensitive(), "X1");
    let encoded = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
    String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
}

#[test]
fn t3_only_what_every_server_must_see_encoded_is_encoded() {
    for (id, secret, sent) in [
        ("me", "secret", "me:secret"),
        ("me", "100%", "me:100%25"),
        ("me", "a+b", "me:a%2Bb"),
        ("me", "a b", "me:a%20b"),
        ("me", "a:b", "me:a:b"),
        ("https://me:1", "x", "https%3A//me%3A1:x"),
        ("m%e + u", "x", "m%25e%20%2B%20u:x"),
        ("me", "é€", "me:%C3%A9%E2%82%AC"),
        ("mé", "x", "m%C3%A9:x"),
        ("me", "\t\0\u{7f}", "me:%09%00%7F"),
        (
            "me",
            "!\"#$&'()*,-./09:;<=>?@AZ[\\]^_`az{|}~",
            "me:!\"#$&'()*,-./09:;<=>?@AZ[\\]^_`az{|}~",
        ),
        ("me", "c2VjcmV0/w==", "me:c2VjcmV0/w=="),
    ] {
        let method = ClientSecretBasic::new(secret);
        assert_eq!(credentials(&method, id), sent);
    }
}

#[test]
fn t3_a_switch_sends_all_raw() {
    for (id, secret) in [("me", "100% a+b :é"), ("m:e %+", "x"), ("mé", "\t")] {
        let method = ClientSecretBasic::new(secret).raw();
        assert_eq!(credentials(&method, id), format!("{id}:{secret}"));
    }
}

#[test]
fn t2_basic_is_in_the_header_alone_and_post_in_the_body_alone() {
    let basic = sent(&ClientSecretBasic::new("s3cr3t"), "me");
    assert_eq!(basic.headers.get_all(AUTHORIZATION).iter().count(), 1);
    assert_eq!(basic.body, "grant_type=client_credentials");

    let post = sent(&ClientSecretPost::new("s3 cr3t"), "m e");
    assert_eq!(post.headers.get(AUTHORIZATION), None);
    assert_eq!(
        post.body,
        "grant_type=client_credentials&client_id=m%20e&client_secret=s3%20cr3t"
    );

    let none = sent(&ClientIdOnly { method: "none" }, "me");
    assert_eq!(none.headers.get(AUTHORIZATION), None);
    assert_eq!(none.body, "grant_type=client_credentials&client_id=me");
}

#[test]
fn t4_every_form_in_which_the_secret_was_sent_is_masked() {
    let secret = "top %:e";
    let basic = ClientSecretBasic::new(secret);
    let raw = ClientSecretBasic::new(secret).raw();
    let post = ClientSecretPost::new(secret);
    let cases: [(&dyn ClientAuthentication, [&str; 3]); 3] = [
        (&basic, ["top %:e", "top%20%25:e", "bWU6dG9wJTIwJTI1OmU="]),
        (&raw, ["top %:e", "me:top %:e", "bWU6dG9wICU6ZQ=="]),
        (&post, ["top %:e", "top%20%25%3Ae", "client_secret=top %:e"]),
    ];
    for (method, echoes) in cases {
        let redactor = sent(method, "me").redactor;
        for echo in echoes {
            let shown = redactor.show(&format!("the secret is {echo}"));
            let prefix = shown.strip_prefix("the secret is ");
            assert!(shown.ends_with("[masked]"), "{echo}: {shown}");
            assert!(prefix.is_some(), "and nothing else is: {shown}");
        }
    }
}
