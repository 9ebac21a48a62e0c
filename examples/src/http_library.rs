//! [`HttpLibrary`]: the values of `--transport`.

use std::str::FromStr;

/// An HTTP library that alf has an adapter for, and that the features of this crate enable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an example that does not support one of them should not compile"
)]
pub enum HttpLibrary {
    /// reqwest, async.
    Reqwest,
    /// isahc, async.
    #[cfg(feature = "isahc")]
    Isahc,
    /// surf.
    #[cfg(feature = "surf")]
    Surf,
}

impl HttpLibrary {
    /// All that are enabled.
    pub const ENABLED: &[Self] = &[
        Self::Reqwest,
        #[cfg(feature = "isahc")]
        Self::Isahc,
        #[cfg(feature = "surf")]
        Self::Surf,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reqwest => "reqwest",
            #[cfg(feature = "isahc")]
            Self::Isahc => "isahc",
            #[cfg(feature = "surf")]
            Self::Surf => "surf",
        }
    }
}

impl FromStr for HttpLibrary {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let enabled = Self::ENABLED.iter().find(|library| library.name() == name);
        match (enabled, name) {
            (Some(library), _) => Ok(*library),
            (None, "isahc" | "surf") => Err(format!(
                "the transport {name} is not part of this build: add --features {name} to `cargo run`"
            )),
            (None, _) => Err(format!(
                "unknown transport {name}; use reqwest, isahc or surf"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_not_enabled_names_its_feature() {
        for name in ["isahc", "surf"] {
            match name.parse::<HttpLibrary>() {
                Ok(library) => assert_eq!(library.name(), name),
                Err(error) => assert!(error.contains(&format!("--features {name}")), "{error}"),
            }
        }
    }
}
