//! Unusual answers as data (T4 to T7, B1).

mod lossy;
mod masking;
mod random;
mod reasons;
mod refusal;
mod success;
mod unreadable;

use crate::TokenError;
use crate::error::{ErrorDetails, Rejection, RequestKind};
use http::HeaderValue;
use http::header::{CONTENT_TYPE, RETRY_AFTER};

use super::*;

const SECRET: &str = "s3cr3t-of-the-client";

fn redactor() -> Redactor {
    Redactor::new(vec![Zeroizing::new(SECRET.to_owned())])
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "text/x-anything")
        .body(Bytes::from(body.into()))
        .unwrap()
}

fn read(status: u16, body: impl Into<Vec<u8>>) -> Result<Grant, Cause> {
    decode(&answer(status, body), &redactor(), SystemTime::UNIX_EPOCH)
}

fn granted(body: &str) -> Grant {
    read(200, body).unwrap_or_else(|cause| panic!("{body}: {:?}", cause.answer))
}

fn failed(status: u16, body: impl Into<Vec<u8>>) -> Cause {
    match read(status, body) {
        Ok(_) => panic!("it is a success"),
        Err(cause) => cause,
    }
}

/// Everything that an error shows of an answer.
fn shown(cause: &Cause) -> String {
    format!("{} {:?}", cause.answer, cause.answer)
}
