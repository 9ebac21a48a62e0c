//! How the client authenticates, by what was given for it.

use crate::secret::SecretText;
use crate::{
    ClientAssertion, ClientBuilder, ClientSecret, ClientSecretJwt, Library, MacAlgorithm,
    PrivateKey, PrivateKeyJwt, SigningAlgorithm,
};

use super::Place;
use super::keys::{Credential, Given};
use super::value::Problem;

/// What is wrong, and with which key.
type Wrong = (&'static str, Problem);

impl Given {
    /// Sets the client's id and its proof on a builder.
    pub(super) fn authenticate<A: Library>(
        &self,
        builder: ClientBuilder<A>,
        place: &Place,
    ) -> Result<ClientBuilder<A>, Wrong> {
        let Some(id) = self.client_id.clone() else {
            return Err(("client_id", "is not set".to_owned()));
        };
        let method = self
            .method
            .as_deref()
            .or_else(|| self.method_by_what_is_there());
        let Some(method) = method else {
            let [secret, key] = [place.name_of("client_secret"), place.name_of("private_key")];
            let problem = format!("is not set, and there is no {secret} or {key} that would tell");
            return Err(("token_endpoint_auth_method", problem));
        };
        self.nothing_else_than(method)?;
        Ok(match method {
            "client_secret_basic" => builder.client_secret(id, self.secret(method)?),
            "client_secret_post" => builder.client_secret_post(id, self.secret(method)?),
            "client_secret_jwt" => {
                let proof = ClientSecretJwt::new(self.secret(method)?);
                let proof = match self.signing_algorithm.as_deref() {
                    None => proof,
                    Some(name) => proof.algorithm(one_of(name, &MAC_ALGORITHMS)?),
                };
                builder.client_authentication(id, proof)
            }
            "private_key_jwt" => builder.client_authentication(id, self.signed(method)?),
            "tls_client_auth" => builder.tls_client_auth(id),
            "self_signed_tls_client_auth" => builder.self_signed_tls_client_auth(id),
            "client_assertion" => {
                let Some(file) = &self.client_assertion_file else {
                    return Err(("client_assertion_file", format!("is not set, for {method}")));
                };
                builder.client_assertion(id, ClientAssertion::file(file))
            }
            "none" => builder.no_client_authentication(id),
            other => {
                let problem = format!("{other:?} is none of {}", METHODS.join(", "));
                return Err(("token_endpoint_auth_method", problem));
            }
        })
    }

    fn method_by_what_is_there(&self) -> Option<&'static str> {
        if !self.client_secret.is_empty() {
            Some("client_secret_basic")
        } else if !self.private_key.is_empty() {
            Some("private_key_jwt")
        } else if self.client_assertion_file.is_some() {
            Some("client_assertion")
        } else {
            None
        }
    }

    /// T2: exactly one; what another method would need was not meant to lie idle.
    fn nothing_else_than(&self, method: &str) -> Result<(), Wrong> {
        let by_secret = method.starts_with("client_secret_");
        let by_key = method == "private_key_jwt";
        let by_algorithm = by_key || method == "client_secret_jwt";
        let idle = [
            (
                "client_secret",
                !self.client_secret.is_empty() && !by_secret,
            ),
            ("private_key", !self.private_key.is_empty() && !by_key),
            ("key_id", self.key_id.is_some() && !by_key),
            (
                "signing_algorithm",
                self.signing_algorithm.is_some() && !by_algorithm,
            ),
            (
                "client_assertion_file",
                self.client_assertion_file.is_some() && method != "client_assertion",
            ),
        ];
        match idle.into_iter().find(|(_, is_idle)| *is_idle) {
            Some((key, _)) => Err((key, format!("is set, but {method} does not use it"))),
            None => Ok(()),
        }
    }

    fn secret(&self, method: &str) -> Result<ClientSecret, Wrong> {
        self.client_secret.read(
            "client_secret",
            method,
            |text| ClientSecret::value(text.expose()),
            |file| ClientSecret::file(file),
        )
    }

    fn signed(&self, method: &str) -> Result<PrivateKeyJwt, Wrong> {
        let mut key = self.private_key.read(
            "private_key",
            method,
            |text| PrivateKey::value(text.expose()),
            |file| PrivateKey::file(file),
        )?;
        if let Some(name) = self.signing_algorithm.as_deref() {
            key = key.algorithm(one_of(name, &SIGNING_ALGORITHMS)?);
        }
        let proof = PrivateKeyJwt::new(key);
        Ok(match &self.key_id {
            Some(key_id) => proof.key_id(key_id),
            None => proof,
        })
    }
}

impl Credential {
    fn is_empty(&self) -> bool {
        self.value.is_none() && self.file.is_none() && self.variable.is_none()
    }

    fn read<C>(
        &self,
        key: &'static str,
        method: &str,
        by_value: impl FnOnce(&SecretText) -> C,
        by_file: impl FnOnce(&std::path::Path) -> C,
    ) -> Result<C, Wrong> {
        match (&self.value, &self.file, &self.variable) {
            (Some(value), None, None) => Ok(by_value(value)),
            (None, Some(file), None) => Ok(by_file(file)),
            (None, None, Some(variable)) => {
                // Not its error: it shows the value where that is not UTF-8.
                let Ok(value) = std::env::var(variable) else {
                    let problem = format!("the variable {variable} is not set, or is not UTF-8");
                    return Err((key, problem));
                };
                Ok(by_value(&SecretText::from(value)))
            }
            (None, None, None) => Err((key, format!("is not set, for {method}"))),
            _ => Err((key, "is set in more than one way; keep one".to_owned())),
        }
    }
}

fn one_of<T: Copy>(name: &str, known: &[(&str, T)]) -> Result<T, Wrong> {
    let found = known.iter().find(|(known, _)| *known == name);
    found.map(|(_, algorithm)| *algorithm).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(known, _)| *known).collect();
        let problem = format!("{name:?} is none of {}", names.join(", "));
        ("signing_algorithm", problem)
    })
}

const METHODS: [&str; 8] = [
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
    "client_assertion",
    "none",
];
const MAC_ALGORITHMS: [(&str, MacAlgorithm); 3] = [
    ("HS256", MacAlgorithm::Hs256),
    ("HS384", MacAlgorithm::Hs384),
    ("HS512", MacAlgorithm::Hs512),
];
const SIGNING_ALGORITHMS: [(&str, SigningAlgorithm); 6] = [
    ("RS256", SigningAlgorithm::Rs256),
    ("PS256", SigningAlgorithm::Ps256),
    ("ES256", SigningAlgorithm::Es256),
    ("ES384", SigningAlgorithm::Es384),
    ("EdDSA", SigningAlgorithm::EdDsa),
    ("Ed25519", SigningAlgorithm::Ed25519),
];
