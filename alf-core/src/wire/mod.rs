//! Requests and answers as bytes: no clock, no socket, nothing async.

pub(crate) mod challenge;
mod members;
pub(crate) mod metadata;
mod redact;
pub(crate) mod retry_after;
mod status;
pub(crate) mod token_request;
pub(crate) mod token_response;

pub(crate) use redact::Redactor;
pub(crate) use status::may_pass;
