//! The README's programs, compiled as doc tests, so that they stay true.

#[cfg(all(doctest, feature = "reqwest"))]
#[doc = include_str!("../../README.md")]
struct Readme;
