//! The command line.

use std::path::PathBuf;

use alf_core::Credential;
use examples::HttpLibrary;
use lexopt::{Arg, Parser, ValueExt as _};

/// The parsed command line.
pub(crate) struct Arguments {
    pub(crate) transport: HttpLibrary,
    pub(crate) command: Command,
}

/// What the program does.
pub(crate) enum Command {
    Demo,
    OneCall(OneCall),
    Help,
}

/// One call of a real API, with a token of a real authorization server.
pub(crate) struct OneCall {
    pub(crate) server: AuthorizationServer,
    pub(crate) client_id: String,
    /// Without a secret, the client sends only its id.
    pub(crate) client_secret: Option<Credential>,
    pub(crate) scope: Option<String>,
    pub(crate) url: String,
}

/// How the authorization server is given.
pub(crate) enum AuthorizationServer {
    /// The token endpoint is read from its metadata.
    Issuer(String),
    TokenEndpoint(String),
}

/// Printed on `--help`, and after an error.
pub(crate) const USAGE: &str = "\
usage: quickstart [--transport reqwest|isahc|surf]
       quickstart [--transport reqwest|isahc|surf]
                  (--issuer URL | --token-endpoint URL) --client-id ID [--scope S]
                  [--client-secret-env VAR | --client-secret-file FILE] URL

Without a URL it shows what alf does, with servers that it starts itself.
With a URL it makes one real call: it obtains a token from your authorization
server, sends a GET to the URL, and prints the response. The client secret is
read from an environment variable or a file, because every user of the machine
can read a command line.

isahc and surf are compiled only if they are enabled:
       cargo run --features isahc,surf --bin quickstart -- --transport isahc";

impl Arguments {
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
        let mut parser = Parser::from_env();
        let mut given = Given::default();
        let mut transport = HttpLibrary::Reqwest;
        let mut any = false;
        while let Some(argument) = parser.next()? {
            if argument == Arg::Long("transport") {
                transport = parser.value()?.string()?.parse()?;
                continue;
            }
            any = true;
            match argument {
                Arg::Short('h') | Arg::Long("help") => {
                    let command = Command::Help;
                    return Ok(Self { transport, command });
                }
                Arg::Long("issuer") => {
                    let issuer = parser.value()?.string()?;
                    given.servers.push(AuthorizationServer::Issuer(issuer));
                }
                Arg::Long("token-endpoint") => {
                    let url = parser.value()?.string()?;
                    given.servers.push(AuthorizationServer::TokenEndpoint(url));
                }
                Arg::Long("client-id") => given.client_id = Some(parser.value()?.string()?),
                Arg::Long("scope") => given.scope = Some(parser.value()?.string()?),
                Arg::Long("client-secret-env") => {
                    given.secrets.push(from_env(&parser.value()?.string()?)?);
                }
                Arg::Long("client-secret-file") => {
                    let file = PathBuf::from(parser.value()?);
                    given.secrets.push(Credential::file(file));
                }
                Arg::Value(url) if given.url.is_none() => given.url = Some(url.string()?),
                Arg::Short(_) | Arg::Long(_) | Arg::Value(_) => return Err(argument.unexpected()),
            }
        }
        let command = if any {
            Command::OneCall(given.one_call()?)
        } else {
            Command::Demo
        };
        Ok(Self { transport, command })
    }
}

#[derive(Default)]
struct Given {
    servers: Vec<AuthorizationServer>,
    client_id: Option<String>,
    secrets: Vec<Credential>,
    scope: Option<String>,
    url: Option<String>,
}

impl Given {
    fn one_call(mut self) -> Result<OneCall, lexopt::Error> {
        let server = self.servers.pop();
        if !self.servers.is_empty() {
            return Err("give one --issuer or one --token-endpoint, not several".into());
        }
        let client_secret = self.secrets.pop();
        if !self.secrets.is_empty() {
            return Err("give one client secret, not several".into());
        }
        Ok(OneCall {
            server: server.ok_or("--issuer or --token-endpoint is missing")?,
            client_id: self.client_id.ok_or("--client-id is missing")?,
            client_secret,
            scope: self.scope,
            url: self.url.ok_or("the URL to call is missing")?,
        })
    }
}

fn from_env(variable: &str) -> Result<Credential, lexopt::Error> {
    match std::env::var(variable) {
        Ok(secret) => Ok(Credential::value(secret)),
        // Without the error of `var`: if the value is not UTF-8, the error shows it, and the value is the secret.
        Err(_) => {
            Err(format!("--client-secret-env: {variable} is not set, or is not UTF-8").into())
        }
    }
}
