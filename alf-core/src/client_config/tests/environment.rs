//! The settings from variables, and variables of other programs with the same prefix.

use std::ffi::OsString;

use super::*;

#[test]
fn variables_are_named_as_they_are_written() {
    let endpoint = ("ALF_TOKEN_ENDPOINT", "https://as.example/token");
    let id = ("ALF_CLIENT_ID", "me");
    let secret = ("ALF_CLIENT_SECRET", SECRET);
    let good = variables(&[
        endpoint,
        id,
        secret,
        ("ALF_SCOPE", "read  write"),
        ("ALF_AUDIENCE", ""),
        ("OTHER_CLIENTID", "whatever"),
    ]);
    assert_eq!(built(good), Ok(()));
    for (set, problem) in [
        (
            vec![endpoint, id],
            "ALF_TOKEN_ENDPOINT_AUTH_METHOD: is not set; set it, or ALF_CLIENT_SECRET, \
             ALF_PRIVATE_KEY or ALF_CLIENT_ASSERTION_FILE",
        ),
        (vec![endpoint], "ALF_CLIENT_ID: is not set"),
        (
            vec![id],
            "ALF_TOKEN_ENDPOINT: is not set; set it, or ALF_ISSUER",
        ),
        (
            vec![("ALF_LEEWAY", "3")],
            "ALF_LEEWAY: should be a time with its unit",
        ),
        (
            vec![("ALF_REPLAYS", "yes")],
            "ALF_REPLAYS: should be true or false",
        ),
        (
            vec![("ALF_OTHER_URL", "x")],
            "ALF_OTHER_URL: is not a key; if Kubernetes",
        ),
        (
            vec![("ALF_PARAMETERS", "a")],
            "ALF_PARAMETERS: should be a table of texts, or a text name=value&name=value",
        ),
        (
            vec![endpoint, id, secret, ("ALF_PARAMETERS", "a=1&a=2")],
            "ALF_PARAMETERS: \"a\" is set more than once",
        ),
        (
            vec![endpoint, id, secret, ("ALF_TOKEN_REQUEST_HEADERS", "te=a")],
            "ALF_TOKEN_REQUEST_HEADERS: te is set by alf or the HTTP library",
        ),
        (
            vec![endpoint, id, secret, ("ALF_ALLOWED_ORIGINS", "none")],
            "ALF_ALLOWED_ORIGINS: \"none\" is not an origin",
        ),
        (
            vec![
                endpoint,
                id,
                secret,
                ("ALF_TOKEN_ENDPOINT_AUTH_METHOD", "client_secret_jwt"),
            ],
            "ALF_CLIENT_SECRET: it is shorter than the 32 bytes",
        ),
        (
            vec![
                endpoint,
                id,
                ("ALF_PRIVATE_KEY_FILE", "/k"),
                ("ALF_CERTIFICATE_FILE", "/c"),
                ("ALF_WITH_CERTIFICATE", "true"),
            ],
            "ALF_CERTIFICATE_FILE: conflicts with ALF_WITH_CERTIFICATE; keep one",
        ),
        (
            vec![("ALF_TOKEN_ENDPOINT", "http://as.example"), id, secret],
            "ALF_TOKEN_ENDPOINT: is plain http",
        ),
    ] {
        let error = built(variables(&set)).unwrap_err();
        assert!(error.starts_with(problem), "{set:?}: {error}");
    }
}

#[test]
fn empty_prefix_is_an_error() {
    let error = ClientConfig::from_env("").unwrap_err();
    assert_eq!(error.setting(), "prefix");
    assert!(error.to_string().contains("is empty"), "{error}");
}

#[cfg(unix)]
#[test]
fn x1_variable_that_is_not_utf8_is_not_shown() {
    use std::os::unix::ffi::OsStringExt;

    let value = OsString::from_vec(b"s3cr3t\xff".to_vec());
    let set = [(OsString::from("ALF_CLIENT_SECRET"), value)];
    let error = ClientConfig::from_variables("ALF_", set).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ALF_CLIENT_SECRET: its value is not UTF-8"
    );
    assert!(!format!("{error:?}").contains(SECRET));
}

#[cfg(unix)]
#[test]
fn variable_whose_name_is_not_utf8_is_an_error_if_it_has_the_prefix() {
    use std::os::unix::ffi::OsStringExt;

    let read = |name: &[u8], value: &str| {
        let name = OsString::from_vec(name.to_vec());
        ClientConfig::from_variables("ALF_", [(name, value.into())])
    };
    let error = read(b"ALF_CLIENT_\xffID", SECRET).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ALF_CLIENT_\u{fffd}ID: is not a key; did you mean ALF_CLIENT_ID?"
    );
    assert!(!format!("{error:?}").contains(SECRET));
    assert!(read(b"ALF_CLIENT_\xffID", "").is_ok(), "is not set");
    assert!(read(b"\xffALF_CLIENT_ID", SECRET).is_ok(), "no prefix");
    assert!(read(b"ALF\xff_CLIENT_ID", SECRET).is_ok(), "no prefix");
}

#[test]
fn variable_that_kubernetes_sets_for_a_service_is_an_error_with_advice() {
    for name in [
        "ALF_PORT",
        "ALF_SERVICE_HOST",
        "ALF_SERVICE_PORT_HTTP",
        "ALF_PORT_443_TCP",
        "ALF_PORT_443_TCP_PROTO",
        "ALF_PORT_53_UDP",
        "ALF_GATEWAY_PORT_80_TCP_ADDR",
    ] {
        let error = variables(&[(name, "tcp://10.0.0.1:443")]).map(|_| ());
        let error = error.unwrap_err();
        let expected = format!("{name}: is not a key; if Kubernetes sets this variable");
        assert!(error.starts_with(&expected), "{error}");
        assert!(error.contains("enableServiceLinks: false"), "{error}");
        assert!(!error.contains("10.0.0.1"), "{error}");
    }
}
