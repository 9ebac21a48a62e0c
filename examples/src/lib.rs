//! Code that several examples share. The examples are in `src/bin`.

mod checks;
mod http_library;

pub use checks::Checks;
pub use http_library::HttpLibrary;

/// Compiles the programs of the README as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Compiles those in alf-core's rustdoc that need an HTTP library, which alf-core does not have.
#[cfg(doctest)]
mod rustdoc {
    #[doc = include_str!("../../alf-core/src/transport/from_fn/hyper_util.md")]
    struct FromFn;

    #[doc = include_str!("../../alf-core/src/transport/from_blocking_fn/ureq.md")]
    struct FromBlockingFn;
}

/// Compiles those in the pages of `docs`.
#[cfg(doctest)]
mod docs {
    macro_rules! pages {
        ($($name:ident: $path:literal,)*) => {
            $(
                #[doc = include_str!(concat!("../../docs/", $path))]
                struct $name;
            )*
        };
    }

    pages! {
        ClientAssertion: "authentication/client_assertion.md",
        ClientSecretBasic: "authentication/client_secret_basic.md",
        ClientSecretJwt: "authentication/client_secret_jwt.md",
        ClientSecretPost: "authentication/client_secret_post.md",
        NoAuthentication: "authentication/none.md",
        PrivateKeyJwt: "authentication/private_key_jwt.md",
        SelfSignedTlsClientAuth: "authentication/self_signed_tls_client_auth.md",
        TlsClientAuth: "authentication/tls_client_auth.md",
        HttpSettings: "recipes/http_settings.md",
        Fleet: "fleet.md",
        Libraries: "libraries.md",
        LogsAndAlerts: "recipes/logs_and_alerts.md",
        ManyTenants: "recipes/many_tenants.md",
        OwnServers: "recipes/own_servers.md",
        ScopesAndAudiences: "recipes/scopes_and_audiences.md",
        Servers: "recipes/servers.md",
        StartAndShutdown: "recipes/start_and_shutdown.md",
        TokensForAnSdk: "recipes/tokens_for_an_sdk.md",
    }
}
