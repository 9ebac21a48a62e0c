//! Errors of redis-rs as alf's. They never show the password of a URL.

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
    ) || match error.code() {
        Some("NOAUTH" | "WRONGPASS") => true,
        // A user who may run scripts, but not the commands in this one. The words differ between servers and versions.
        Some("ERR") => error
            .detail()
            .is_some_and(|detail| detail.contains("script")),
        _ => false,
    }
}

/// A server may repeat the arguments of a command that it does not know, and one of AUTH is the password. So what the server
/// says is not shown.
fn of_connect(error: &RedisError) -> String {
    let kind = error.kind();
    if kind == ErrorKind::AuthenticationFailed {
        "it rejects the user name or the password".to_owned()
    } else if let Some(code) = error.code() {
        format!("it answers {code}")
    } else if kind == ErrorKind::Extension || error.detail().is_some() {
        error.category().to_owned()
    } else {
        error.to_string()
    }
}

fn of_command(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("the server answers {code} {detail}"),
        _ => error.to_string(),
    }
}
