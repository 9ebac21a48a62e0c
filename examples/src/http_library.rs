//! [`HttpLibrary`]: what `--transport` chooses from.

use std::str::FromStr;

/// An HTTP library that the examples were compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a program that has nothing to say in the words of one should not compile"
)]
pub enum HttpLibrary {
    /// reqwest, async.
    #[cfg(feature = "reqwest")]
    Reqwest,
    /// isahc, async.
    #[cfg(feature = "isahc")]
    Isahc,
    /// surf.
    #[cfg(feature = "surf")]
    Surf,
}

impl HttpLibrary {
    /// All of them; the first is the default.
    pub const ALL: &[Self] = &[
        #[cfg(feature = "reqwest")]
        Self::Reqwest,
        #[cfg(feature = "isahc")]
        Self::Isahc,
        #[cfg(feature = "surf")]
        Self::Surf,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "reqwest")]
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
        let mut all = Self::ALL.iter().copied();
        all.find(|library| library.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|library| library.name()).collect();
            format!(
                "no such transport was compiled; there is: {}",
                names.join(", ")
            )
        })
    }
}
