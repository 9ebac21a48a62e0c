//! What alf is told of an error of redis-rs. Never the password of a URL.

use alf_core::StoreError;
use redis::{ErrorKind, RedisError, ServerErrorKind};

pub(crate) enum Failure {
    /// No connection could be opened.
    Connect(RedisError),
    /// A command failed.
    Command(RedisError),
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let (error, text) = match failure {
            Failure::Connect(error) => {
                let text = format!("could not connect to the server: {}", of_connect(&error));
                (error, text)
            }
            Failure::Command(error) => {
                let text = of_command(&error);
                (error, text)
            }
        };
        // The text alone: the chain of errors may show more than it.
        if is_denied(&error) {
            Self::denied(text)
        } else {
            Self::unavailable(text)
        }
    }
}

fn is_denied(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AuthenticationFailed
            | ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::NoPerm)
    ) || matches!(error.code(), Some("NOAUTH" | "WRONGPASS"))
}

/// A server may repeat the arguments of a command that it does not know, and one of AUTH is the password. So what the server
/// says is not shown.
fn of_connect(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::AuthenticationFailed => "it rejects the user name or the password".to_owned(),
        ErrorKind::Server(_) | ErrorKind::Extension => {
            format!("it answers {}", error.code().unwrap_or("with an error"))
        }
        _ if error.detail().is_none() => error.to_string(),
        _ => error.category().to_owned(),
    }
}

fn of_command(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("the server answers {code} {detail}"),
        _ => error.to_string(),
    }
}
