//! The key with which records are sealed.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::ConfigError;
use crate::secret::{SecretText, ShownPath};

/// The key that encrypts and authenticates what alf writes to a store: 32 random bytes that all instances share.
///
/// Anyone who has the key and access to the store can read the tokens. A key in a file, an environment variable or a string is in
/// base64. To generate one, run `openssl rand -base64 32`. alf reads the key once, when this value is made. If the key
/// cannot be used, `build()` returns an error. 32 equal bytes cannot be used.
///
/// # Examples
///
/// ```
/// use alf_core::SealingKey;
///
/// let key = SealingKey::from_file("/run/secrets/alf-sealing-key");
/// // During a rotation, alf still reads what the old key has sealed.
/// let rotating = SealingKey::from_file("/run/secrets/new").with_previous(key);
/// # let _ = rotating;
/// ```
pub struct SealingKey {
    key: Result<KeyBytes, ConfigError>,
    previous: Option<Result<KeyBytes, ConfigError>>,
}

/// The bytes of a key.
pub(crate) type KeyBytes = Zeroizing<[u8; LENGTH]>;

impl SealingKey {
    /// Reads the key from a file that contains only the key, in base64.
    ///
    /// On Unix, only the owner of the file may write to it, and only its owner and its group may read it.
    pub fn from_file(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let text = read_file(path);
        Self::new(text.and_then(|text| decode(&text, &ShownPath(path).to_string())))
    }

    /// Reads the key from an environment variable, in base64.
    pub fn from_env(variable: impl AsRef<str>) -> Self {
        let text = SecretText::of_variable(variable.as_ref());
        let text = text.map_err(|problem| ConfigError::new(SETTING, problem));
        Self::new(
            text.and_then(|text| decode(text.expose().as_bytes(), "its environment variable")),
        )
    }

    /// Uses the key in this text, in base64.
    pub fn from_base64(text: impl Into<String>) -> Self {
        let text = Zeroizing::new(text.into());
        Self::new(decode(text.as_bytes(), "it"))
    }

    /// Uses these bytes as the key.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self::new(Ok(Zeroizing::new(bytes)))
    }

    /// Adds the previous key, for a rotation. Only one is allowed: a second one is an error of `build()`.
    ///
    /// As long as the store has no record that this key has sealed, alf uses the token in the record that the previous key has
    /// sealed. All writes use this key.
    #[must_use]
    pub fn with_previous(mut self, previous: Self) -> Self {
        self.previous = Some(if self.previous.is_some() || previous.previous.is_some() {
            let problem = "is set more than once; keep one";
            Err(ConfigError::new(PREVIOUS, problem))
        } else {
            let renamed = |error: ConfigError| error.renamed(PREVIOUS.to_owned());
            previous.key.map_err(renamed)
        });
        self
    }

    fn new(key: Result<KeyBytes, ConfigError>) -> Self {
        Self {
            key: key.and_then(not_of_equal_bytes),
            previous: None,
        }
    }

    /// The key, and the previous one.
    pub(crate) fn checked(self) -> Result<(KeyBytes, Option<KeyBytes>), ConfigError> {
        Ok((self.key?, self.previous.transpose()?))
    }
}

/// Shows no part of the key (X1).
impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey").finish_non_exhaustive()
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
    let cannot_read = |error: io::Error| {
        let path = ShownPath(path);
        let problem = if error.kind() == ErrorKind::NotFound && !path.is_hidden() {
            format!(
                "{path} cannot be read; to generate one, run `(umask 077; openssl rand -base64 32 > {path})`"
            )
        } else {
            format!("{path} cannot be read")
        };
        ConfigError::new(SETTING, problem).because(error)
    };
    let mut file = File::open(path).map_err(cannot_read)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        // Of the file that is read, not of one that has its name by now.
        let mode = file.metadata().map_err(cannot_read)?.permissions().mode();
        if mode & NOT_ALLOWED != 0 {
            let problem = format!(
                "other users have access to {}; run `chmod 640` or `chmod 600` on it",
                ShownPath(path)
            );
            return Err(ConfigError::new(SETTING, problem));
        }
    }
    let mut text = Zeroizing::new(Vec::new());
    file.read_to_end(&mut text).map_err(cannot_read)?;
    Ok(text)
}

fn decode(text: &[u8], place: &str) -> Result<KeyBytes, ConfigError> {
    let problem = |problem: &str| ConfigError::new(SETTING, format!("{place} {problem}; {ADVICE}"));
    let decoded = STANDARD.decode(text.trim_ascii()).map(Zeroizing::new);
    let decoded = decoded.map_err(|_| problem("is not base64 on one line, with its padding"))?;
    let bytes = <[u8; LENGTH]>::try_from(decoded.as_slice());
    bytes.map(Zeroizing::new).map_err(|_| {
        problem(&format!(
            "decodes to {} bytes, but a key has 32",
            decoded.len()
        ))
    })
}

fn not_of_equal_bytes(key: KeyBytes) -> Result<KeyBytes, ConfigError> {
    let [first, ..] = *key;
    if key.iter().all(|byte| *byte == first) {
        let problem = format!("is 32 times the same byte, so others can guess it; {ADVICE}");
        return Err(ConfigError::new(SETTING, problem));
    }
    Ok(key)
}

/// Any access of others, and writing by the group. The group may read, as it does a Kubernetes secret with `fsGroup`.
#[cfg(unix)]
const NOT_ALLOWED: u32 = 0o027;
const LENGTH: usize = 32;
const SETTING: &str = "sealing_key";
const PREVIOUS: &str = "previous_sealing_key";
const ADVICE: &str = "to generate one, run `openssl rand -base64 32`";

#[cfg(test)]
mod tests;
