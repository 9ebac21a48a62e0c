//! What the tests of every adapter's `ClientCertificate` share.

use std::path::Path;

use alf_core::ConfigError;

use crate::key_file;

/// X1: each file that cannot be used is named. `errors_of` gives what each of the adapter's methods
/// says of a certificate and a key in those files.
///
/// # Panics
///
/// Where an error does not, or the methods do not agree.
pub fn errors_name_the_file(errors_of: impl Fn(&Path, &Path) -> Vec<ConfigError>) {
    let missing = ("nowhere.crt", "client.pem");
    let swapped = ("client.pem", "client.crt");
    let keyless = ("client.crt", "client.crt");
    for ((certificate, key), setting, words) in [
        (missing, "client_certificate", "nowhere.crt"),
        (
            swapped,
            "client_certificate",
            "client.pem: it holds a private key but no certificate",
        ),
        (
            keyless,
            "client_certificate_key",
            "client.crt: it holds a certificate but no private key",
        ),
    ] {
        let errors = errors_of(&key_file(certificate), &key_file(key));
        assert!(!errors.is_empty(), "expected an error of every method");
        for error in &errors {
            assert_eq!(error.setting(), setting, "{error}");
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!(error.to_string(), errors[0].to_string());
        }
    }
}
