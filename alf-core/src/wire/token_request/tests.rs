//! T1: the form, its order, its encoding, its headers.

use super::*;

const ENDPOINT: &str = "https://as.example/token?tenant=1";

fn body_of(request: TokenRequest) -> String {
    let (request, _) = request.encode(&Uri::from_static(ENDPOINT));
    String::from_utf8(request.into_body().to_vec()).unwrap()
}

fn redactor_of(request: TokenRequest) -> Redactor {
    request.encode(&Uri::from_static(ENDPOINT)).1
}

fn bare() -> TokenRequest {
    TokenRequest::new("client_credentials", &TokenTarget::new(), &[])
}

#[test]
fn t1_it_is_a_post_of_a_form_that_accepts_json() {
    let (request, _) = bare().encode(&Uri::from_static(ENDPOINT));
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri(), ENDPOINT);
    let headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    assert_eq!(
        headers,
        [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "application/json"),
            ("user-agent", concat!("alf/", env!("CARGO_PKG_VERSION"))),
        ]
    );
}

#[test]
fn t1_parameters_that_are_not_set_are_left_out() {
    assert_eq!(body_of(bare()), "grant_type=client_credentials");
}

#[test]
fn t1_parameters_come_in_order_and_a_resource_may_repeat() {
    let target = TokenTarget {
        scope: Some("read write".to_owned()),
        resources: vec![
            "https://a.example/".to_owned(),
            "https://b.example/?x=1&y=2".to_owned(),
        ],
        audience: Some("api".to_owned()),
        parameters: vec![
            ("tenant".to_owned(), "t".to_owned()),
            ("region".to_owned(), "u".to_owned()),
        ],
        allowed_origins: None,
    };
    let mut request = TokenRequest::new("client_credentials", &target, &[]);
    request.parameter("client_id", "me");
    request.secret_parameter("client_secret", "s");
    assert_eq!(
        body_of(request),
        "grant_type=client_credentials\
         &scope=read%20write\
         &resource=https%3A%2F%2Fa.example%2F\
         &resource=https%3A%2F%2Fb.example%2F%3Fx%3D1%26y%3D2\
         &audience=api\
         &tenant=t\
         &region=u\
         &client_id=me\
         &client_secret=s"
    );
}

#[test]
fn t1_names_and_values_are_form_encoded() {
    for (text, encoded) in [
        ("aZ09-._*", "aZ09-._*"),
        ("a b", "a%20b"),
        ("a+b&c=d", "a%2Bb%26c%3Dd"),
        ("100%", "100%25"),
        ("~", "%7E"),
        ("\r\n\0", "%0D%0A%00"),
        ("é€", "%C3%A9%E2%82%AC"),
        ("", ""),
    ] {
        let mut request = bare();
        request.parameter(text, text);
        let body = body_of(request);
        assert_eq!(
            body,
            format!("grant_type=client_credentials&{encoded}={encoded}")
        );
    }
}

#[test]
fn t1_a_form_of_any_size_is_whole() {
    for size in [1, 400, 480, 481, 482, 483, 1000, 100_000] {
        let mut request = bare();
        let value = "é".repeat(size);
        request.secret_parameter("client_secret", &value);
        request.parameter("last", "1");
        assert_eq!(
            body_of(request),
            format!(
                "grant_type=client_credentials&client_secret={}&last=1",
                "%C3%A9".repeat(size)
            )
        );
    }
}

#[test]
fn t1_a_header_replaces_one_of_its_name_and_is_sensitive() {
    let mut request = bare();
    request.authorization(HeaderValue::from_static("Basic b25l"));
    request.authorization(HeaderValue::from_static("Basic dHdv"));
    request.header(ACCEPT, HeaderValue::from_static("application/jwt"));
    let (request, _) = request.encode(&Uri::from_static(ENDPOINT));
    for (name, value) in [(AUTHORIZATION, "Basic dHdv"), (ACCEPT, "application/jwt")] {
        let values: Vec<_> = request.headers().get_all(name).iter().collect();
        assert_eq!(values, [value]);
        assert!(values[0].is_sensitive());
    }
}

#[test]
fn t4_a_secret_is_masked_in_each_form_in_which_it_is_sent() {
    let mut request = bare();
    request.secret_parameter("client_secret", "p+q&r");
    request.authorization(HeaderValue::from_static("Basic bWU6c2VjcmV0"));
    request.header(
        HeaderName::from_static("x-api-key"),
        HeaderValue::from_static("key of mine"),
    );
    request.mask("in-another-form");
    let redactor = redactor_of(request);
    for (text, shown) in [
        ("bad p+q&r", "bad [masked]"),
        ("bad p%2Bq%26r", "bad [masked]"),
        ("bad Basic bWU6c2VjcmV0", "bad [masked]"),
        ("bad basic bWU6c2VjcmV0", "bad basic [masked]"),
        ("bad bWU6c2VjcmV0", "bad [masked]"),
        ("bad key of mine", "bad [masked]"),
        ("bad of mine", "bad [masked]"),
        ("bad in-another-form", "bad [masked]"),
        ("bad client_credentials", "bad client_credentials"),
    ] {
        assert_eq!(redactor.show(text), shown);
    }
}

#[test]
fn x1_a_token_request_does_not_print_itself() {
    let mut request = bare();
    request.secret_parameter("client_secret", "s3cret");
    request.authorization(HeaderValue::from_static("Basic s3cret"));
    request.mask("s3cret");
    let shown = format!("{request:?}");
    assert_eq!(shown, "TokenRequest { .. }");
    let (request, _) = request.encode(&Uri::from_static(ENDPOINT));
    let headers = format!("{:?}", request.headers());
    assert!(!headers.contains("s3cret"), "{headers}");
}
