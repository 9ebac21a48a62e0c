//! Every bad input gets an error that names the setting and shows no secret.

use super::*;

/// A description, the builder, the setting that the error names, and a word of its text.
fn check(cases: Vec<(&str, Builder, &str, &str)>) {
    for (wrong, builder, setting, word) in cases {
        let error = refused(builder);
        assert_eq!(error.setting(), setting, "{wrong}");
        let shown = error.to_string();
        assert!(shown.starts_with(setting), "{wrong}: {shown}");
        assert!(shown.contains(word), "{wrong}: {shown}");
        let shown = format!("{shown} {error:?}");
        assert!(!shown.contains("s3cr3t"), "{wrong}: {shown}");
    }
}

#[test]
fn t8_an_endpoint_that_is_not_safe_or_not_valid() {
    let insecure = at("ftp://as.example/").allow_insecure_http();
    check(vec![
        ("empty", at(""), "token_endpoint", "is empty"),
        ("white space", at(" \n"), "token_endpoint", "is empty"),
        (
            "no URL",
            at("https://a b"),
            "token_endpoint",
            "not a valid https URL",
        ),
        (
            "no host",
            at("https:///token"),
            "token_endpoint",
            "not a valid https URL",
        ),
        ("relative", at("/token"), "token_endpoint", "absolute"),
        ("a host", at("as.example"), "token_endpoint", "absolute"),
        ("port", at("https://a:99999/"), "token_endpoint", "port"),
        ("port", at("https://a:x/"), "token_endpoint", "port"),
        ("IPv6", at("https://[::1]x/"), "token_endpoint", "host"),
        ("only a port", at("https://:80/"), "token_endpoint", "host"),
        (
            "fragment",
            at("https://a/t#x"),
            "token_endpoint",
            "fragment",
        ),
        (
            "empty one",
            at("https://a/t#"),
            "token_endpoint",
            "fragment",
        ),
        (
            "plain",
            at("http://as.example/"),
            "token_endpoint",
            "plain http",
        ),
        (
            "ftp",
            at("ftp://as.example/"),
            "token_endpoint",
            "not a valid https URL",
        ),
        ("ftp", insecure, "token_endpoint", "not a valid https URL"),
        (
            "user name",
            at("https://me:s3cr3t@as.example/"),
            "token_endpoint",
            "user name",
        ),
        (
            "user name in an invalid URL",
            at("https://me:s3cr3t word@as.example/"),
            "token_endpoint",
            "not a valid https URL",
        ),
        (
            "similar to loopback",
            at("http://localhost.example/"),
            "token_endpoint",
            "plain http",
        ),
    ]);
}

#[test]
fn t8_a_url_without_a_scheme() {
    for url in [
        "as.example",
        "as.example:8443",
        "as.example/token",
        " as.example:8443/oauth/token?x=1\n",
        "//as.example/token",
        "/token",
    ] {
        let issuer = Builder::discover(url.trim()).client_secret("me", SECRET);
        let revocation = at(ENDPOINT).revocation_endpoint(url);
        check(vec![
            (url, at(url), "token_endpoint", "add https:// in front"),
            (url, issuer, "issuer", "add https:// in front"),
            (
                url,
                revocation,
                "revocation_endpoint",
                "add https:// in front",
            ),
        ]);
    }
    for url in ["https:/as.example/token", "https:as.example"] {
        check(vec![(
            url,
            at(url),
            "token_endpoint",
            "not a valid https URL",
        )]);
    }
}

#[test]
fn t8_a_placeholder_in_a_url_is_named() {
    for (url, placeholder) in [
        ("https://as.example/{tenant}/token", "{tenant}"),
        ("https://<tenant-id>.as.example/token", "<tenant-id>"),
        ("https://as.example/${TENANT}/token", "${TENANT}"),
        ("https://as.example/{{ tenant }}/token", "{{ tenant }}"),
        ("https://as.example/<Your Tenant>/token", "<Your Tenant>"),
        ("{host}/token", "{host}"),
    ] {
        let issuer = Builder::discover(url).client_secret("me", SECRET);
        let origins = at(ENDPOINT).allowed_origins([url]);
        let word = format!("contains the placeholder {placeholder}; ");
        check(vec![
            (url, at(url), "token_endpoint", &word),
            (url, issuer, "issuer", &word),
            (url, origins, "allowed_origins", &word),
        ]);
    }
    // X1: it may be a password.
    for url in ["https://me:<s3cr3t>@as.example/", "https://a/{s3cr3t?}"] {
        check(vec![(url, at(url), "token_endpoint", "")]);
    }
}

#[test]
fn t8_a_host_that_is_not_ascii_is_named_in_its_ascii_form() {
    for (host, ascii) in [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.Example:8443", "xn--bcher-kva.Example"),
        ("auth.日本語.jp", "auth.xn--wgv71a119e.jp"),
        ("faß.example", "xn--fa-hia.example"),
        ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
    ] {
        let url = format!("https://{host}/token");
        let word = format!("write it as {ascii}");
        let origins = at(ENDPOINT).allowed_origins([format!("https://{host}")]);
        check(vec![
            (host, at(&url), "token_endpoint", &word),
            (host, origins, "allowed_origins", &word),
        ]);
    }
    // Its form depends on a normalization that alf does not have.
    let decomposed = at("https://bu\u{308}cher.example/");
    check(vec![(
        "decomposed",
        decomposed,
        "token_endpoint",
        "write it in its ASCII form (xn--…)",
    )]);
}

#[test]
fn t2_client_authentication_exactly_one() {
    let none = Client::builder(ENDPOINT);
    let two = at(ENDPOINT).client_secret_post("me", SECRET);
    let twice = at(ENDPOINT).client_secret("me", SECRET);
    let and_none = at(ENDPOINT).no_client_authentication("me");
    let own = at(ENDPOINT).client_authentication("me", ClientSecretBasic::new(SECRET).raw());
    let tls = at(ENDPOINT).tls_client_auth("me");
    let self_signed = at(ENDPOINT).self_signed_tls_client_auth("me");
    let assertion = at(ENDPOINT).client_assertion("me", Credential::file("/x"));
    let setting = "client_authentication";
    check(vec![
        ("TLS too", tls, setting, "more than once"),
        ("TLS too", self_signed, setting, "more than once"),
        ("assertion too", assertion, setting, "more than once"),
        ("none", none, setting, "not set"),
        ("two", two, setting, "more than once; keep one"),
        ("twice", twice, setting, "more than once"),
        ("none too", and_none, setting, "more than once"),
        ("own too", own, setting, "more than once"),
    ]);
}

#[cfg(feature = "jwt")]
#[test]
fn t2_a_signed_assertion_and_another_method_are_two() {
    let secret_jwt = at(ENDPOINT).client_secret_jwt("me", SECRET);
    let key_jwt = at(ENDPOINT).private_key_jwt("me", Credential::file("/x"));
    let no_key = Client::builder(ENDPOINT).private_key_jwt("me", "s3cr3t");
    check(vec![
        ("two", secret_jwt, "client_authentication", "more than once"),
        ("two", key_jwt, "client_authentication", "more than once"),
        ("no key", no_key, "private_key", "BEGIN PRIVATE KEY"),
    ]);
}

#[test]
fn t2_an_issuer_that_is_not_valid() {
    for (issuer, word) in [
        ("", "empty"),
        ("https://as.example\n", "white space"),
        (" https://as.example", "white space"),
    ] {
        let builder = at(ENDPOINT).issuer(issuer);
        check(vec![(issuer, builder, "issuer", word)]);
    }
    for path in ["openid-configuration", "oauth-authorization-server/tenant"] {
        let document = format!("https://as.example/.well-known/{path}");
        let builder = Builder::discover(&document).client_secret("me", SECRET);
        check(vec![(
            &document,
            builder,
            "issuer",
            "before `/.well-known/`",
        )]);
    }
    let twice = Builder::discover("https://as.example")
        .client_secret("me", SECRET)
        .issuer("https://as.example");
    check(vec![("known already", twice, "issuer", "remove one")]);
}

#[test]
fn t2_an_id_or_a_secret_that_is_not_valid() {
    let basic = |id: &str, secret: &str| {
        Client::builder(ENDPOINT).client_secret(id.to_owned(), secret.to_owned())
    };
    let post = |secret: &str| Client::builder(ENDPOINT).client_secret_post("me", secret.to_owned());
    let own =
        Client::builder(ENDPOINT).client_authentication("me", ClientSecretPost::new("s3cr3t\n"));
    let no_id = Client::builder(ENDPOINT).no_client_authentication("");
    let file = Client::builder(ENDPOINT).client_secret("me", Credential::file(""));
    check(vec![
        ("empty id", basic("", SECRET), "client_id", "empty"),
        ("blank id", basic("  ", SECRET), "client_id", "empty"),
        ("id of none", no_id, "client_id", "empty"),
        ("id", basic("m\ne", SECRET), "client_id", "line break"),
        ("id", basic("me\r", SECRET), "client_id", "line break"),
        ("empty", basic("me", ""), "client_secret", "empty"),
        ("empty", post(""), "client_secret", "empty"),
        ("LF", basic("me", "s3cr3t\n"), "client_secret", "line break"),
        ("CR", basic("me", "\rs3cr3t"), "client_secret", "line break"),
        ("inside", post("s3cr3t\nx"), "client_secret", "line break"),
        ("own", own, "client_secret", "line break"),
        ("no path", file, "client_secret", "path"),
    ]);
}

#[test]
fn t1_an_extra_parameter_that_alf_sets_itself() {
    for name in [
        "grant_type",
        "scope",
        "resource",
        "audience",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "access_token",
    ] {
        let builder = at(ENDPOINT)
            .parameter("tenant", "t")
            .parameter(name, SECRET);
        check(vec![(name, builder, "parameter", name)]);
    }
    let unnamed = at(ENDPOINT).parameter("", SECRET);
    check(vec![("no name", unnamed, "parameter", "empty")]);
}

#[test]
fn t1_a_parameter_that_is_set_twice() {
    let builder = || {
        at(ENDPOINT)
            .parameter("tenant", "t")
            .parameter("Tenant", "t")
    };
    assert!(builder().build_tokens(Nowhere).is_ok());
    let other = builder().parameter("tenant", SECRET);
    let same = builder().parameter("tenant", "t");
    check(vec![
        ("other", other, "parameter", "\"tenant\" is set more than"),
        ("same", same, "parameter", "RFC 6749 §3.2"),
    ]);
}

#[test]
fn t1_a_scope_or_an_audience_that_is_set_twice() {
    for (builder, setting) in [
        (at(ENDPOINT).scope("read").scope("write"), "scope"),
        (at(ENDPOINT).scope("").scope("read"), "scope"),
        (at(ENDPOINT).audience("a").audience("a"), "audience"),
    ] {
        let error = refused(builder);
        assert_eq!(error.setting(), setting);
        assert!(
            error.to_string().contains("more than once; keep one"),
            "{error}"
        );
        let is_about_scopes = error.to_string().contains("scopes");
        assert_eq!(is_about_scopes, setting == "scope", "{error}");
    }
    let once = at(ENDPOINT).scope("read").audience("a");
    once.resource("urn:a")
        .resource("urn:b")
        .build_tokens(Nowhere)
        .unwrap();
}

#[test]
fn a_token_transport_that_is_set_twice() {
    let with = || at(ENDPOINT).token_transport(Nowhere);
    assert_eq!(refused(with()).setting(), "token_transport");
}

/// It compiles.
#[test]
fn t2_an_id_and_a_secret_by_reference() {
    let (id, secret) = (String::from("me"), String::from(SECRET));
    let builders: [Builder; 2] = [
        Client::builder(ENDPOINT).client_secret(&id, &secret),
        Client::builder(ENDPOINT).client_secret_post(&id, &secret),
    ];
    for builder in builders {
        builder.build_tokens(Nowhere).unwrap();
    }
}

#[test]
fn t1_a_header_that_alf_or_the_library_sets() {
    for name in [
        "Accept",
        "Accept-Encoding",
        "Authorization",
        "Connection",
        "Content-Length",
        "Content-Type",
        "Expect",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    ] {
        let builder = at(ENDPOINT)
            .token_request_header("X-Api-Key", "k")
            .token_request_header(name, SECRET);
        let problem = format!(
            "{} is set by alf or the HTTP library",
            name.to_ascii_lowercase()
        );
        check(vec![(name, builder, "token_request_header", &problem)]);
    }
}

#[test]
fn a_duration_of_zero_is_an_error_except_for_leeway() {
    let zero = Duration::ZERO;
    check(vec![
        (
            "acquire",
            at(ENDPOINT).acquire_timeout(zero),
            "acquire_timeout",
            "zero",
        ),
        (
            "attempt",
            at(ENDPOINT).attempt_timeout(zero),
            "attempt_timeout",
            "zero",
        ),
        (
            "lifetime",
            at(ENDPOINT).default_lifetime(zero),
            "default_lifetime",
            "zero",
        ),
    ]);
    assert!(
        at(ENDPOINT).leeway(zero).build_tokens(Nowhere).is_ok(),
        "it may be"
    );
}

#[test]
fn x3_an_allowed_origin_that_is_not_an_origin() {
    for (origin, word) in [
        ("", "not an origin"),
        ("api.example", "not an origin"),
        ("api.example:443", "not an origin"),
        ("/x", "not an origin"),
        ("https://", "not an origin"),
        ("https://a b/", "not an origin"),
        ("https://a:99999", "not an origin"),
        ("https://[::1]x", "not an origin"),
        (" https://a", "not an origin"),
        ("*", "`*`"),
        ("https://*.example", "`*`"),
        ("ftp://a", "not an origin"),
        ("https://a/v1", "path"),
        ("https://a//", "path"),
        ("https://a/?x=1", "query"),
        ("https://a?x", "query"),
        ("https://a#x", "fragment"),
    ] {
        let builder = at(ENDPOINT).allowed_origins(["https://good.example", origin]);
        check(vec![(origin, builder, "allowed_origins", word)]);
        let builder = at(ENDPOINT).allowed_origins([origin]);
        let shown = refused(builder).to_string();
        assert!(
            shown.contains(&format!("{origin:?}")),
            "it is named: {shown}"
        );
    }
    for origin in [
        "https://me:s3cr3t@a",
        "https://s3cr3t@a/*",
        "s3cr3t@",
        "https://me:s3cr3t word@a",
    ] {
        let builder = at(ENDPOINT).allowed_origins([origin]);
        check(vec![(origin, builder, "allowed_origins", "user name")]);
    }
}

#[test]
fn r1_a_rejecting_status_that_is_not_from_300_to_599() {
    for status in [0, 99, 100, 200, 299, 600, 999, 1000] {
        let builder = at(ENDPOINT).rejecting_statuses([401, status]);
        check(vec![(
            "status",
            builder,
            "rejecting_statuses",
            "300 to 599",
        )]);
    }
    let builder = at(ENDPOINT).rejecting_statuses([300, 302, 401, 403, 501, 599]);
    builder.build_tokens(Nowhere).unwrap();
}

#[test]
fn f2_a_header_or_a_scheme_that_cannot_present_a_token() {
    for header in [
        "",
        "X Auth",
        "X-Auth-Token:",
        "Host",
        "content-length",
        "TE",
    ] {
        let builder = at(ENDPOINT).token_header(header);
        check(vec![(header, builder, "token_header", "header")]);
    }
    for scheme in ["Token token=", "bear\ner", "é", "token:"] {
        let builder = at(ENDPOINT).token_scheme(scheme);
        check(vec![(
            scheme,
            builder,
            "token_scheme",
            "send the token alone",
        )]);
    }
    for header in ["Authorization", "X-Auth-Token"] {
        let builder = at(ENDPOINT).token_header(header).token_scheme("");
        builder.build_tokens(Nowhere).unwrap();
    }
}

#[test]
fn t1_a_grant_type_that_is_empty() {
    for empty in ["", " "] {
        let builder = at(ENDPOINT).grant_type(empty);
        check(vec![("empty", builder, "grant_type", "client_credentials")]);
    }
}

#[test]
fn t10_a_url_or_an_issuer_that_is_not_valid() {
    let at =
        |url: &str, issuer: &str| Builder::discover_at(url, issuer).client_secret("me", SECRET);
    let document = "https://as.example/metadata?tenant=1";
    let issuer = "https://as.example";
    check(vec![
        (
            "plain",
            at("http://as.example", issuer),
            "metadata_url",
            "plain http",
        ),
        (
            "host",
            at("as.example/m", issuer),
            "metadata_url",
            "https:// in",
        ),
        ("empty", at(document, ""), "issuer", "empty"),
        ("space", at(document, " x"), "issuer", "white space"),
        (
            "twice",
            at(document, "x").issuer("x"),
            "issuer",
            "remove one",
        ),
    ]);
    // It is compared, and need not be a URL.
    at(document, "accounts.example")
        .build_tokens(Nowhere)
        .unwrap();
}
