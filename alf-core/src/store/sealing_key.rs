//! The key with which records are sealed.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::ConfigError;
use crate::secret::SecretText;

/// The key that encrypts and authenticates what alf writes to a store: 32 random bytes that all instances share.
///
/// Anyone who has the key and access to the store can read the tokens. A key in a file, an environment variable or a string is in
/// base64. To generate one, run `openssl rand -base64 32`. alf reads the key once, when the client is built. 32 equal bytes are an
/// error.
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
#[derive(Debug)]
pub struct SealingKey {
    source: Source,
    /// One, or the key is not valid.
    previous: Vec<Source>,
}

enum Source {
    Text(SecretText),
    Bytes(Zeroizing<[u8; LENGTH]>),
    File(PathBuf),
    Environment(String),
}

/// The bytes of a key.
pub(crate) type KeyBytes = Zeroizing<[u8; LENGTH]>;

impl SealingKey {
    /// Reads the key from a file that contains only the key, in base64.
    ///
    /// On Unix, only the owner of the file may write to it, and only its owner and its group may read it.
    pub fn from_file(path: impl AsRef<Path>) -> Self {
        Self::new(Source::File(path.as_ref().to_owned()))
    }

    /// Reads the key from an environment variable, in base64.
    pub fn from_env(variable: impl Into<String>) -> Self {
        Self::new(Source::Environment(variable.into()))
    }

    /// Uses the key in this text, in base64.
    pub fn from_base64(text: impl Into<String>) -> Self {
        Self::new(Source::Text(SecretText::from(text.into())))
    }

    /// Uses these bytes as the key.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self::new(Source::Bytes(Zeroizing::new(bytes)))
    }

    /// Adds the previous key, for a rotation. Only one is allowed: a second one is an error of `build()`.
    ///
    /// As long as the store has no record that this key has sealed, alf uses the token in the record that the previous key has
    /// sealed. All writes use this key.
    #[must_use]
    pub fn with_previous(mut self, previous: Self) -> Self {
        self.previous.push(previous.source);
        self.previous.extend(previous.previous);
        self
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            previous: Vec::new(),
        }
    }

    /// The key, and the previous one.
    pub(crate) fn read(&self) -> Result<(KeyBytes, Option<KeyBytes>), ConfigError> {
        let previous = match self.previous.as_slice() {
            [] => None,
            [previous] => Some(previous.read(PREVIOUS)?),
            [_, _, ..] => {
                return Err(ConfigError::new(
                    PREVIOUS,
                    "is set more than once; keep one",
                ));
            }
        };
        Ok((self.source.read(SETTING)?, previous))
    }
}

impl Source {
    fn read(&self, setting: &'static str) -> Result<KeyBytes, ConfigError> {
        let key = self.bytes(setting)?;
        let [first, ..] = *key;
        if key.iter().all(|byte| *byte == first) {
            let problem = format!("is 32 times the same byte, so others can guess it; {ADVICE}");
            return Err(ConfigError::new(setting, problem));
        }
        Ok(key)
    }

    fn bytes(&self, setting: &'static str) -> Result<KeyBytes, ConfigError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::Text(text) => decode(setting, text.expose().as_bytes(), "it"),
            Self::Environment(variable) => {
                let text = SecretText::of_variable(variable);
                let text = text.map_err(|problem| ConfigError::new(setting, problem))?;
                decode(
                    setting,
                    text.expose().as_bytes(),
                    "its environment variable",
                )
            }
            Self::File(path) => {
                let text = read_file(setting, path)?;
                decode(setting, &text, &path.display().to_string())
            }
        }
    }
}

fn read_file(setting: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
    let cannot_read = |error: io::Error| {
        let path = path.display();
        let problem = if error.kind() == ErrorKind::NotFound {
            format!(
                "{path} cannot be read; to generate one, run `(umask 077; openssl rand -base64 32 > {path})`"
            )
        } else {
            format!("{path} cannot be read")
        };
        ConfigError::new(setting, problem).because(error)
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
                path.display()
            );
            return Err(ConfigError::new(setting, problem));
        }
    }
    let mut text = Zeroizing::new(Vec::new());
    file.read_to_end(&mut text).map_err(cannot_read)?;
    Ok(text)
}

fn decode(setting: &'static str, text: &[u8], place: &str) -> Result<KeyBytes, ConfigError> {
    let problem = |problem: &str| ConfigError::new(setting, format!("{place} {problem}; {ADVICE}"));
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

/// Shows where the key comes from, but no part of it (X1).
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) | Self::Bytes(_) => f.write_str("by value"),
            Self::File(path) => write!(f, "from {}", path.display()),
            Self::Environment(_) => f.write_str("from an environment variable"),
        }
    }
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
