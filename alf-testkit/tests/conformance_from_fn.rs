//! The conformance suite on `from_fn`: a closure over hyper and hyper-util.

#![cfg(feature = "conformance")]

#[path = "support/hyper_fn.rs"]
mod hyper_fn;

alf_testkit::conformance!(hyper_fn::HyperFn);
