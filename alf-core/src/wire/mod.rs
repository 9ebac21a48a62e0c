//! What goes over the wire and what comes back, as bytes: no clock, no socket, nothing async.

pub(crate) mod challenge;
pub(crate) mod metadata;
mod redact;
pub(crate) mod retry_after;
pub(crate) mod token_request;
pub(crate) mod token_response;

pub(crate) use redact::Redactor;
