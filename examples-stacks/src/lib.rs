//! The examples are in `src/bin`. This compiles the programs in the pages of `docs` that need what they need.

#[cfg(doctest)]
#[doc = include_str!("../../docs/metrics.md")]
struct Metrics;

#[cfg(doctest)]
#[doc = include_str!("../../docs/stacks.md")]
struct Stacks;
