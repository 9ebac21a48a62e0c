//! A test that every adapter's `ClientCertificate` shares.

use std::path::Path;

use alf_core::ConfigError;

use crate::key_file;

/// X1: an error names the file that cannot be used. `errors_of` returns the error of each of the adapter's methods for a
/// certificate and a key in these files.
///
/// # Panics
///
/// If an error does not, or if the methods return different errors.
pub fn errors_name_the_file(errors_of: impl Fn(&Path, &Path) -> Vec<ConfigError>) {
    let missing = ("missing.crt", "client.pem");
    let swapped = ("client.pem", "client.crt");
    let keyless = ("client.crt", "client.crt");
    for ((certificate, key), setting, words) in [
        (missing, "client_certificate", "missing.crt"),
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
        assert!(!errors.is_empty(), "expected an error from every method");
        for error in &errors {
            assert_eq!(error.setting(), setting, "{error}");
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!(error.to_string(), errors[0].to_string());
        }
    }
}
