//! How the client authenticates, by what was given for it.

use crate::secret::SecretText;
use crate::{
    ClientAssertion, ClientBuilder, ClientSecret, ClientSecretBasic, ClientSecretJwt, Library,
    MacAlgorithm, PrivateKey, PrivateKeyJwt, SigningAlgorithm,
};

use super::Place;
use super::keys::{Basic, Credential, Given};
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
            let proofs = ["client_secret", "private_key", "client_assertion_file"];
            let [secret, key, file] = proofs.map(|key| place.name_of(key));
            let problem =
                format!("is not set, and there is no {secret}, {key} or {file} that would tell");
            return Err(("token_endpoint_auth_method", problem));
        };
        if !METHODS.contains(&method) {
            return Err(no_method(method));
        }
        self.nothing_else_than(method)?;
        self.each_in_one_way(place)?;
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
            Some(key) => {
                let mut problem = format!("is set, but {method} does not use it");
                if is_shown_by_tls(key, method) {
                    problem.push_str(BY_TLS);
                }
                Err((key, problem))
            }
            None => Ok(()),
        }
    }

    /// Nothing is there twice, where only one of them could be meant.
    fn each_in_one_way(&self, place: &Place) -> Result<(), Wrong> {
        for ways in WAYS {
            let mut set = ways.iter().copied().filter(|key| self.is_set(key));
            let Some(key) = set.next() else { continue };
            let others: Vec<_> = set.map(|key| place.name_of(key)).collect();
            if !others.is_empty() {
                let verb = if others.len() == 1 { "is" } else { "are" };
                let others = others.join(", ");
                return Err((key, format!("is set, and so {verb} {others}; keep one")));
            }
        }
        Ok(())
    }

    fn is_set(&self, key: &str) -> bool {
        match key {
            "with_certificate" => self.certificate.is_beside_the_key,
            "thumbprint_as_key_id" => self.key_id.is_thumbprint,
            key => self.seen.contains(key),
        }
    }

    fn secret(&self, method: &str) -> Result<ClientSecret, Wrong> {
        self.client_secret.read(
            SECRET,
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
        // Whether it is beside the key, the key says.
        if let Some(pem) = &self.certificate.value {
            proof = proof.certificate(pem.expose());
        }
        if let Some(file) = &self.certificate.file {
            proof = proof.certificate_file(file);
        }
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
            KEY,
            method,
            |text| PrivateKey::value(text.expose()),
            |file| PrivateKey::file(file),
        )?;
        if let Some(name) = self.signing_algorithm.as_deref() {
            key = key.algorithm(one_of(name, &SIGNING_ALGORITHMS)?);
        }
        if self.key_id.is_thumbprint {
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

    /// By value, file, or variable: the `keys` of each, of which one is set at most.
    fn read<C>(
        &self,
        keys: [&'static str; 3],
        method: &str,
        by_value: impl FnOnce(&SecretText) -> C,
        by_file: impl FnOnce(&std::path::Path) -> C,
    ) -> Result<C, Wrong> {
        let [by_value_key, _, by_variable_key] = keys;
        if let Some(value) = &self.value {
            Ok(by_value(value))
        } else if let Some(file) = &self.file {
            Ok(by_file(file))
        } else if let Some(variable) = &self.variable {
            // X1: neither its error, which shows a value that is not UTF-8, nor its name, in whose
            // place somebody may have written the secret.
            match std::env::var(variable) {
                Ok(value) => Ok(by_value(&SecretText::from(value))),
                Err(_) => Err((by_variable_key, NO_VARIABLE.to_owned())),
            }
        } else {
            Err((by_value_key, format!("is not set, for {method}")))
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

/// What a client of these methods has on its HTTP clients.
fn is_shown_by_tls(key: &str, method: &str) -> bool {
    matches!(method, "tls_client_auth" | "self_signed_tls_client_auth")
        && (key.contains("certificate") || key.starts_with("private_key"))
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
const SECRET: [&str; 3] = ["client_secret", "client_secret_file", "client_secret_env"];
const KEY: [&str; 3] = ["private_key", "private_key_file", "private_key_env"];
/// Keys of which one is set at most.
const WAYS: [&[&str]; 4] = [
    &SECRET,
    &KEY,
    &["key_id", "thumbprint_as_key_id"],
    &["certificate_file", "certificate", "with_certificate"],
];
const NO_VARIABLE: &str = "the variable that it names is not set, or is not UTF-8";
const BY_TLS: &str =
    "; the HTTP clients hold it: ClientCertificate, with token_http_client and http_client";
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
