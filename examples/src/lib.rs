//! The README's programs, compiled as doc tests, so that they stay true.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
