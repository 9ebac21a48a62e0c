//! How the client authenticates, by what was given for it.

use crate::secret::SecretText;
use crate::{
    ClientAssertion, ClientBuilder, ClientSecret, ClientSecretBasic, ClientSecretJwt, Library,
    MacAlgorithm, PrivateKey, PrivateKeyJwt, SigningAlgorithm,
};

use super::Place;
use super::keys::{Basic, Certificate, Credential, Given};
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
        if !METHODS.contains(&method) {
            return Err(no_method(method));
        }
        self.nothing_else_than(method)?;
        Ok(match method {
            "client_secret_basic" => builder.client_authentication(id, self.basic(method)?),
            "client_secret_post" => builder.client_secret_post(id, self.secret(method)?),
            "client_secret_jwt" => builder.client_authentication(id, self.by_mac(method)?),
            "private_key_jwt" => builder.client_authentication(id, self.signed(method)?),
            "tls_client_auth" => builder.tls_client_auth(id),
            "self_signed_tls_client_auth" => builder.self_signed_tls_client_auth(id),
            "client_assertion" => builder.client_assertion(id, self.by_another(method)?),
            "none" => builder.no_client_authentication(id),
            other => return Err(no_method(other)),
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
        let is_idle = |key: &&str| {
            METHODS_BY_KEY
                .iter()
                .any(|(keys, methods)| keys.contains(key) && !methods.contains(&method))
        };
        match self.seen.iter().copied().find(is_idle) {
            Some(key) => Err((key, format!("is set, but {method} does not use it"))),
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

    fn basic(&self, method: &str) -> Result<ClientSecretBasic, Wrong> {
        let basic = ClientSecretBasic::new(self.secret(method)?);
        Ok(match self.basic {
            Basic::Encoded => basic,
            Basic::Raw => basic.raw(),
        })
    }

    fn by_mac(&self, method: &str) -> Result<ClientSecretJwt, Wrong> {
        let mut proof = ClientSecretJwt::new(self.secret(method)?);
        if let Some(name) = self.signing_algorithm.as_deref() {
            proof = proof.algorithm(one_of(name, &MAC_ALGORITHMS)?);
        }
        if let Some(typ) = &self.jwt_typ {
            proof = proof.typ(typ);
        }
        if let Some(audience) = &self.jwt_audience {
            proof = proof.audience(audience);
        }
        Ok(proof)
    }

    fn signed(&self, method: &str) -> Result<PrivateKeyJwt, Wrong> {
        let mut proof = PrivateKeyJwt::new(self.key(method)?);
        if let Some(key_id) = &self.key_id.value {
            proof = proof.key_id(key_id);
        }
        let Certificate {
            value,
            file,
            is_beside_the_key,
        } = &self.certificate;
        proof = match (value, file, is_beside_the_key) {
            // What is beside the key, the key says.
            (None, None, _) => proof,
            (Some(pem), None, false) => proof.certificate(pem),
            (None, Some(file), false) => proof.certificate_file(file),
            _ => return Err(("certificate", IN_MORE_THAN_ONE_WAY.to_owned())),
        };
        if let Some(typ) = &self.jwt_typ {
            proof = proof.typ(typ);
        }
        if let Some(audience) = &self.jwt_audience {
            proof = proof.audience(audience);
        }
        Ok(proof)
    }

    fn key(&self, method: &str) -> Result<PrivateKey, Wrong> {
        let mut key = self.private_key.read(
            "private_key",
            method,
            |text| PrivateKey::value(text.expose()),
            |file| PrivateKey::file(file),
        )?;
        if let Some(name) = self.signing_algorithm.as_deref() {
            key = key.algorithm(one_of(name, &SIGNING_ALGORITHMS)?);
        }
        if self.key_id.is_thumbprint {
            if self.key_id.value.is_some() {
                return Err(("key_id", IN_MORE_THAN_ONE_WAY.to_owned()));
            }
            key = key.thumbprint_as_key_id();
        }
        if self.certificate.is_beside_the_key {
            key = key.with_certificate();
        }
        Ok(key)
    }

    fn by_another(&self, method: &str) -> Result<ClientAssertion, Wrong> {
        let Some(file) = &self.client_assertion_file else {
            return Err(("client_assertion_file", format!("is not set, for {method}")));
        };
        let mut assertion = ClientAssertion::file(file);
        if let Some(assertion_type) = &self.client_assertion_type {
            assertion = assertion.assertion_type(assertion_type);
        }
        if self.without_client_id {
            assertion = assertion.without_client_id();
        }
        Ok(assertion)
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
            _ => Err((key, IN_MORE_THAN_ONE_WAY.to_owned())),
        }
    }
}

fn no_method(name: &str) -> Wrong {
    let problem = format!("{name:?} is none of {}", METHODS.join(", "));
    ("token_endpoint_auth_method", problem)
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
/// Keys that only some methods use, and those.
const METHODS_BY_KEY: [(&[&str], &[&str]); 5] = [
    (
        &["client_secret", "client_secret_file", "client_secret_env"],
        &[
            "client_secret_basic",
            "client_secret_post",
            "client_secret_jwt",
        ],
    ),
    (&["client_secret_raw"], &["client_secret_basic"]),
    (
        &[
            "private_key",
            "private_key_file",
            "private_key_env",
            "key_id",
            "thumbprint_as_key_id",
            "certificate",
            "certificate_file",
            "with_certificate",
        ],
        &["private_key_jwt"],
    ),
    (
        &["signing_algorithm", "jwt_typ", "jwt_audience"],
        &["client_secret_jwt", "private_key_jwt"],
    ),
    (
        &[
            "client_assertion_file",
            "client_assertion_type",
            "without_client_id",
        ],
        &["client_assertion"],
    ),
];
const IN_MORE_THAN_ONE_WAY: &str = "is set in more than one way; keep one";
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
