//! The examples are in `src/bin`. This file compiles the programs in two pages of `docs`, which need the same dependencies.

#[cfg(doctest)]
#[doc = include_str!("../../docs/metrics.md")]
struct Metrics;

#[cfg(doctest)]
#[doc = include_str!("../../docs/stacks.md")]
struct Stacks;
