use zeroize::Zeroizing;

use super::*;

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Layer(String, #[source] Option<Box<Self>>);

fn shown(innermost: &str) -> String {
    let bottom = Layer(innermost.to_owned(), None);
    let middle = Layer("tcp".to_owned(), Some(Box::new(bottom)));
    let top = Layer("could not connect".to_owned(), Some(Box::new(middle)));
    let redactor = Redactor::new(vec![Zeroizing::new("s3cr3t".to_owned())]);
    innermost_cause(&top, &redactor)
}

#[test]
fn t4_the_innermost_cause_is_shown() {
    for text in [
        "refused by peer",
        "invalid peer certificate: UnknownIssuer",
        "a://, b and c://d/e:",
    ] {
        assert_eq!(shown(text), text);
    }
}

#[test]
fn x1_no_secret_and_no_query_of_a_url_is_shown() {
    for (text, cleaned) in [
        ("it was s3cr3t", "it was [masked]"),
        (
            "url (https://as.example/t?key=hush)",
            "url (https://as.example/t",
        ),
        ("https://as.example/t#hush no", "https://as.example/t no"),
        (
            "via http://me:hush@proxy:80/, no",
            "via http://[masked]@proxy:80/, no",
        ),
        ("a://b,c://me:hush@d/ e", "a://[masked]@d/ e"),
        ("https://as.example?s3cr3t\nno", "https://as.example no"),
        (
            "to http://svc:hu#sh@proxy:80/ no",
            "to http://[masked]@proxy:80/ no",
        ),
        ("http://svc:hu?sh@proxy/", "http://[masked]@proxy/"),
        ("svc:hush@proxy:3128", "[masked]@proxy:3128"),
        ("/token?key=hush failed", "/token failed"),
        ("https:/as/t?key=hush", "https:/as/t"),
        ("why? really", "why? really"),
        ("a\u{1b}[31mred", "a [31mred"),
    ] {
        assert_eq!(shown(text), cleaned);
    }
    assert!(shown(&"x".repeat(1000)).len() <= 256);
}
