//! What several examples have in common. Their stories are in `src/bin`.

mod http_library;

pub use http_library::HttpLibrary;

/// The README's programs, compiled as doc tests, so that they stay true.
#[cfg(all(doctest, feature = "reqwest"))]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The pages of `docs`, in the same way.
#[cfg(all(doctest, feature = "reqwest"))]
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
        Recipes: "recipes.md",
    }
}
