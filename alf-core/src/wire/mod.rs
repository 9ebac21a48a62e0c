//! Requests and answers as bytes: no clock, no socket, nothing async.

pub(crate) mod challenge;
mod failure;
mod members;
pub(crate) mod metadata;
mod redact;
mod redirect;
mod server_clock;
mod text;
pub(crate) mod token_request;
pub(crate) mod token_response;

pub(crate) use failure::{failure, may_pass};
pub(crate) use redact::Redactor;
pub(crate) use server_clock::clock_difference;
