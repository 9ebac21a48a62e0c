//! [`HttpLibrary`]: the values of `--transport`.

use std::str::FromStr;

/// An HTTP library that alf has an adapter for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an example that does not support one of them should not compile"
)]
pub enum HttpLibrary {
    /// reqwest, async.
    Reqwest,
    /// isahc, async.
    Isahc,
    /// surf.
    Surf,
}

impl HttpLibrary {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reqwest, Self::Isahc, Self::Surf];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reqwest => "reqwest",
            Self::Isahc => "isahc",
            Self::Surf => "surf",
        }
    }
}

impl FromStr for HttpLibrary {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|library| library.name() == name)
            .ok_or_else(|| format!("unknown transport {name}; use reqwest, isahc or surf"))
    }
}
