//! The machines, for benchmarks and for the loops of our own adapters. Outside of semver.

pub use crate::machine::*;
