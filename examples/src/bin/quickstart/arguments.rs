//! The command line.

use std::path::PathBuf;

use alf_core::ClientSecret;
use examples::HttpLibrary;
use lexopt::{Arg, Parser, ValueExt as _};

/// What to do, and on which HTTP library.
pub(crate) struct Arguments {
    pub(crate) transport: HttpLibrary,
    pub(crate) deed: Deed,
}

/// What to do.
pub(crate) enum Deed {
    Story,
    OneCall(OneCall),
    Help,
}

/// One call of a real API, with a token of a real authorization server.
pub(crate) struct OneCall {
    pub(crate) server: Server,
    pub(crate) client_id: String,
    /// Without one the client only names itself.
    pub(crate) client_secret: Option<ClientSecret>,
    pub(crate) scope: Option<String>,
    pub(crate) url: String,
}

/// What is known of the authorization server.
pub(crate) enum Server {
    /// Its metadata says where its token endpoint is.
    Issuer(String),
    TokenEndpoint(String),
}

/// What is said on `--help`, and after an error.
pub(crate) const USAGE: &str = "\
usage: quickstart [--transport reqwest|isahc|surf]
       quickstart [--transport reqwest|isahc|surf]
                  (--issuer URL | --token-endpoint URL) --client-id ID [--scope S]
                  [--client-secret-env VAR | --client-secret-file FILE] URL

Without an authorization server it tells what alf does, with servers that it brings along.
With one it makes one real call. A secret is never given on the command line,
where every user of the machine could read it.";

impl Arguments {
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
        let mut parser = Parser::from_env();
        let mut given = Given::default();
        let mut transport = *HttpLibrary::ALL
            .first()
            .ok_or("no transport was compiled")?;
        let mut any = false;
        while let Some(argument) = parser.next()? {
            if argument == Arg::Long("transport") {
                transport = parser.value()?.parse()?;
                continue;
            }
            any = true;
            match argument {
                Arg::Short('h') | Arg::Long("help") => {
                    let deed = Deed::Help;
                    return Ok(Self { transport, deed });
                }
                Arg::Long("issuer") => {
                    given
                        .servers
                        .push(Server::Issuer(parser.value()?.string()?));
                }
                Arg::Long("token-endpoint") => {
                    given
                        .servers
                        .push(Server::TokenEndpoint(parser.value()?.string()?));
                }
                Arg::Long("client-id") => given.client_id = Some(parser.value()?.string()?),
                Arg::Long("scope") => given.scope = Some(parser.value()?.string()?),
                Arg::Long("client-secret-env") => {
                    given.secrets.push(from_env(&parser.value()?.string()?)?);
                }
                Arg::Long("client-secret-file") => {
                    given
                        .secrets
                        .push(ClientSecret::file(PathBuf::from(parser.value()?)));
                }
                Arg::Value(url) if given.url.is_none() => given.url = Some(url.string()?),
                Arg::Short(_) | Arg::Long(_) | Arg::Value(_) => return Err(argument.unexpected()),
            }
        }
        let deed = if any {
            Deed::OneCall(given.one_call()?)
        } else {
            Deed::Story
        };
        Ok(Self { transport, deed })
    }
}

#[derive(Default)]
struct Given {
    servers: Vec<Server>,
    client_id: Option<String>,
    secrets: Vec<ClientSecret>,
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

fn from_env(variable: &str) -> Result<ClientSecret, lexopt::Error> {
    match std::env::var(variable) {
        Ok(secret) => Ok(ClientSecret::value(secret)),
        // Not the error: it shows the value where that is not UTF-8, and the value is the secret.
        Err(_) => {
            Err(format!("--client-secret-env: {variable} is not set, or is not UTF-8").into())
        }
    }
}
