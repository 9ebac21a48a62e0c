//! Client authentication at the token endpoint (RFC 6749 §2.3).

mod certificate_and_key;
mod client_assertion;
mod client_authentication;
mod client_id_only;
mod client_secret;
#[cfg(feature = "jwt")]
mod client_secret_jwt;
mod credential;
mod file;
mod fingerprint;
mod jwt;
#[cfg(feature = "jwt")]
mod key_pair;
mod pem;
mod private_key_jwt;
mod signer;
#[cfg(feature = "jwt")]
mod thumbprint;

pub use certificate_and_key::{CertificateAndKey, CertificatePem};
pub use client_assertion::ClientAssertion;
pub use client_authentication::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, SecretError,
};
pub(crate) use client_id_only::ClientIdOnly;
pub use client_secret::{ClientSecretBasic, ClientSecretPost};
pub use credential::Credential;
pub use fingerprint::CredentialsFingerprint;
pub use private_key_jwt::PrivateKeyJwt;
pub use signer::Signer;

#[cfg(feature = "jwt")]
pub use client_secret_jwt::{ClientSecretJwt, MacAlgorithm};
#[cfg(feature = "jwt")]
pub use key_pair::SigningAlgorithm;

#[cfg(test)]
pub(crate) mod tests;
