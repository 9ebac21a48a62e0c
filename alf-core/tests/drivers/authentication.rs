//! B3 for every method whose credential can be read again: a secret, a key, an assertion are rotated while the
//! program runs, and errors name an unusable file.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alf_core::{Client, ClientBuilder, Credential, CustomTransport, TokenErrorKind};

use crate::assertions::assertion_in;
use crate::support::{Api, CLIENT_ID, DUE, Harness, LIFETIME, Reply, access_token, seconds};

pub(crate) const P256: &str =
    include_str!("../../src/authentication/key_pair/testdata/p256_pkcs8.pem");
pub(crate) const P384: &str =
    include_str!("../../src/authentication/key_pair/testdata/p384_pkcs8.pem");
const MADE_BY_OLD: &str = "ES256";
const MADE_BY_NEW: &str = "ES384";

/// A method, and two credentials for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    SecretBasic,
    SecretPost,
    SecretJwt,
    KeyJwt,
    Assertion,
}

const METHODS: [Method; 5] = [
    Method::SecretBasic,
    Method::SecretPost,
    Method::SecretJwt,
    Method::KeyJwt,
    Method::Assertion,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Old,
    New,
}

impl Method {
    fn credential(self, which: Which) -> &'static str {
        match (self, which) {
            (Self::KeyJwt, Which::Old) => P256,
            (Self::KeyJwt, Which::New) => P384,
            (_, Which::Old) => "old.credential-of-32-bytes-or-more",
            (_, Which::New) => "new.credential-of-32-bytes-or-more",
        }
    }

    /// What the credential is called in errors.
    fn name(self) -> &'static str {
        match self {
            Self::SecretBasic | Self::SecretPost | Self::SecretJwt => "client_secret",
            Self::KeyJwt => "private_key",
            Self::Assertion => "client_assertion",
        }
    }

    fn by_callback(
        self,
        builder: ClientBuilder<CustomTransport>,
        current: &Arc<Mutex<&'static str>>,
    ) -> ClientBuilder<CustomTransport> {
        let current = Arc::clone(current);
        let read = move || {
            let text = *current.lock().unwrap();
            async move { Ok::<_, String>(text) }
        };
        match self {
            Self::SecretBasic => builder.client_secret(CLIENT_ID, Credential::from_fn(read)),
            Self::SecretPost => builder.client_secret_post(CLIENT_ID, Credential::from_fn(read)),
            Self::SecretJwt => builder.client_secret_jwt(CLIENT_ID, Credential::from_fn(read)),
            Self::KeyJwt => builder.private_key_jwt(CLIENT_ID, Credential::from_fn(read)),
            Self::Assertion => builder.client_assertion(CLIENT_ID, Credential::from_fn(read)),
        }
    }

    fn by_file(
        self,
        builder: ClientBuilder<CustomTransport>,
        path: &PathBuf,
    ) -> ClientBuilder<CustomTransport> {
        match self {
            Self::SecretBasic => builder.client_secret(CLIENT_ID, Credential::file(path)),
            Self::SecretPost => builder.client_secret_post(CLIENT_ID, Credential::file(path)),
            Self::SecretJwt => builder.client_secret_jwt(CLIENT_ID, Credential::file(path)),
            Self::KeyJwt => builder.private_key_jwt(CLIENT_ID, Credential::file(path)),
            Self::Assertion => builder.client_assertion(CLIENT_ID, Credential::file(path)),
        }
    }

    /// Which credentials the token requests so far were made with.
    fn used(self, harness: &Harness) -> Vec<Which> {
        let exchanges = harness.endpoint.exchanges();
        let used = exchanges.iter().map(|exchange| {
            let made_by = |which| {
                let credential = self.credential(which);
                match self {
                    Self::SecretBasic => {
                        let pair = format!("{CLIENT_ID}:{credential}");
                        exchange.header("authorization") == format!("Basic {}", base64(&pair))
                    }
                    Self::SecretPost => exchange.body.contains(credential),
                    Self::SecretJwt => assertion_in(exchange).is_by_secret(credential),
                    Self::KeyJwt => {
                        let alg = match which {
                            Which::Old => MADE_BY_OLD,
                            Which::New => MADE_BY_NEW,
                        };
                        assertion_in(exchange).header["alg"] == alg
                    }
                    Self::Assertion => exchange
                        .body
                        .ends_with(&format!("client_assertion={credential}")),
                }
            };
            match (made_by(Which::Old), made_by(Which::New)) {
                (true, false) => Which::Old,
                (false, true) => Which::New,
                _ => panic!("{self:?}: {exchange:?}"),
            }
        });
        used.collect()
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// A client of that method, with the old credential from a callback.
fn rotating(harness: &Harness, method: Method) -> (Client<Api>, Arc<Mutex<&'static str>>) {
    let current = Arc::new(Mutex::new(method.credential(Which::Old)));
    let builder = method.by_callback(harness.builder(), &current);
    (harness.build(builder), current)
}

#[test]
fn b3_a_rotated_credential_is_tried_at_once_and_no_call_fails() {
    for method in METHODS {
        let harness = Harness::new();
        let (client, current) = rotating(&harness, method);
        assert_eq!(harness.get_now(&client), 200);
        harness.advance(DUE);
        let renewal = harness.endpoint.hold();
        assert_eq!(harness.get_now(&client), 200, "E2: with the old token");
        *current.lock().unwrap() = method.credential(Which::New);
        renewal.answer(Reply::refuse(401, "invalid_client"));
        harness.runtime.run_until_stalled();
        assert_eq!(harness.token_now(client.tokens()), "token-2", "{method:?}");
        assert_eq!(method.used(&harness), [Which::Old, Which::Old, Which::New]);
        assert_eq!(harness.time().elapsed(), DUE, "without a pause");
    }
}

#[test]
fn b3_if_the_server_rotates_first_the_old_token_is_used_until_the_secret_follows() {
    for method in METHODS {
        let harness = Harness::new();
        let (client, current) = rotating(&harness, method);
        assert_eq!(harness.get_now(&client), 200);
        harness.advance(DUE);
        harness
            .endpoint
            .otherwise(Reply::refuse(401, "invalid_client"));
        while harness.time().elapsed() < DUE + seconds(60) {
            assert_eq!(harness.get_now(&client), 200, "E4: no caller sees it");
            harness.advance(seconds(1));
        }
        let refused = harness.endpoint.requests();
        assert!(refused < 12, "B2: {refused} requests in a minute");
        *current.lock().unwrap() = method.credential(Which::New);
        harness.endpoint.otherwise(Reply::Issue);
        while harness.token_now(client.tokens()) == "token-1" {
            assert!(
                harness.time().elapsed() < LIFETIME,
                "B2: after a minute at most"
            );
            harness.advance(seconds(1));
        }
        assert_eq!(
            method.used(&harness).last(),
            Some(&Which::New),
            "{method:?}"
        );
    }
}

#[test]
fn b3_a_credential_that_has_not_changed_costs_one_request() {
    for method in METHODS {
        let harness = Harness::new();
        let (client, _) = rotating(&harness, method);
        harness
            .endpoint
            .otherwise(Reply::refuse(401, "invalid_client"));
        let error = harness.ask_now(client.tokens()).unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Refused);
        assert_eq!(harness.endpoint.requests(), 1, "{method:?}");
    }
}

/// A path for a temporary file, which is removed at the end of the test.
struct TemporaryPath(PathBuf);

impl TemporaryPath {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("alf-credential-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn write(&self, contents: impl AsRef<[u8]>) {
        std::fs::write(&self.0, contents).unwrap();
    }

    /// As secret managers and Kubernetes do it: the new file takes the old one's name.
    fn replace(&self, contents: impl AsRef<[u8]>) {
        let next = self.0.with_extension("next");
        std::fs::write(&next, contents).unwrap();
        std::fs::rename(next, &self.0).unwrap();
    }

    fn remove(&self) {
        if self.0.is_dir() {
            std::fs::remove_dir(&self.0).unwrap();
        } else {
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

impl Drop for TemporaryPath {
    fn drop(&mut self) {
        self.remove();
    }
}

#[test]
fn b3_a_rotated_file_needs_no_restart_whatever_the_method() {
    for method in METHODS {
        let harness = Harness::new();
        let path = TemporaryPath::new();
        path.write(format!("{}\n", method.credential(Which::Old)));
        let client = harness.build(method.by_file(harness.builder(), &path.0));
        let attempt = harness.endpoint.hold();
        let mut call = harness.ask(client.tokens());
        path.replace(format!("\u{feff}{}\r\n", method.credential(Which::New)));
        attempt.answer(Reply::refuse(401, "invalid_client"));
        harness.runtime.run_until_stalled();
        assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
        assert_eq!(method.used(&harness), [Which::Old, Which::New]);
        assert_eq!(harness.time().elapsed(), Duration::ZERO, "{method:?}");
    }
}

/// What is wrong with a file, how to make one, and a word of the error.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    Missing,
    Directory,
    NotPermitted,
    Empty,
    NotText,
}

impl Wrong {
    fn make(self, path: &TemporaryPath) {
        match self {
            Self::Missing => {}
            Self::Directory => std::fs::create_dir(&path.0).unwrap(),
            Self::NotPermitted => {
                path.write("hush");
                forbid(&path.0);
            }
            Self::Empty => path.write("\n"),
            Self::NotText => path.write(b"hush\xff"),
        }
    }

    /// A word of the chain of errors.
    fn word(self) -> &'static str {
        match self {
            Self::Missing | Self::Directory | Self::NotPermitted => "cannot be read from",
            Self::Empty => "it is empty",
            Self::NotText => "it is not",
        }
    }
}

#[cfg(unix)]
fn forbid(path: &PathBuf) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o000)).unwrap();
}

#[cfg(not(unix))]
fn forbid(_: &PathBuf) {}

#[test]
fn b3_an_error_names_an_unusable_file_and_a_repaired_one_is_used() {
    for method in METHODS {
        for wrong in [
            Wrong::Missing,
            Wrong::Directory,
            Wrong::NotPermitted,
            Wrong::Empty,
            Wrong::NotText,
        ] {
            let harness = Harness::new();
            let path = TemporaryPath::new();
            wrong.make(&path);
            if matches!(wrong, Wrong::NotPermitted) && std::fs::read(&path.0).is_ok() {
                // The tests run as a user who may read every file.
                continue;
            }
            let client = harness.build(method.by_file(harness.builder(), &path.0));
            let error = harness.ask_now(client.tokens()).unwrap_err();
            assert_eq!(error.kind(), TokenErrorKind::Authentication, "{wrong:?}");
            assert!(!error.is_transient(), "{wrong:?}: B1");
            let chain = std::iter::successors(error.source(), |error| (*error).source());
            let causes: String = chain.map(ToString::to_string).collect();
            assert!(causes.contains(method.name()), "{causes}");
            assert!(causes.contains(path.0.to_str().unwrap()), "{causes}");
            assert!(causes.contains(wrong.word()), "{causes}");
            assert!(!causes.contains("hush"), "{causes}");
            assert_eq!(harness.endpoint.requests(), 0, "nothing was sent");

            path.remove();
            path.write(method.credential(Which::Old));
            harness.advance(seconds(1));
            assert_eq!(harness.token_now(client.tokens()), "token-1");
        }
    }
}
