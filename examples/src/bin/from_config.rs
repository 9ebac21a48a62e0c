//! A client whose settings come from TOML, YAML, JSON, or the environment.
//!
//!     cargo run --bin from_config
//!
//! makes the same call with settings in each format, and prints the status of the response. Then it prints the error of
//! settings with a mistake.
//!
//!     cargo run --bin from_config -- FILE URL
//!     cargo run --bin from_config -- --env PREFIX URL
//!
//! makes one real call with your file, or with variables such as `ALF_CLIENT_ID` for the prefix `ALF_`. It prints the status
//! and the body of the response.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::fs;
use std::path::Path;

use alf_reqwest::{Client, ClientConfig};
use alf_testkit::Servers;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => demo().await,
        ["--env", prefix, url] => call(Client::from_env(prefix)?, url).await,
        [file, url] => call(Client::from_config(read(Path::new(file))?)?, url).await,
        _ => Err("usage: from_config [FILE URL | --env PREFIX URL]".into()),
    }
}

async fn call(client: Client, url: &str) -> Result<(), AnyError> {
    let response = client.get(url).send().await?;
    println!("{}", response.status());
    println!("{}", response.text().await?);
    Ok(())
}

/// Reads a file whose extension names its format.
fn read(file: &Path) -> Result<ClientConfig, AnyError> {
    let extension = file.extension().unwrap_or_default();
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    parse(&extension.to_string_lossy(), &text)
        .map_err(|error| format!("{}: {error}", file.display()).into())
}

fn parse(format: &str, text: &str) -> Result<ClientConfig, AnyError> {
    match format {
        // The error itself would print the line, and there may be a secret in it.
        "toml" => toml::from_str(text).map_err(|error| {
            let before = text.bytes().take(error.span().unwrap_or_default().start);
            let line = before.filter(|byte| *byte == b'\n').count() + 1;
            format!("line {line}: {}", error.message()).into()
        }),
        "yaml" | "yml" => Ok(serde_yaml_ng::from_str(text)?),
        "json" => Ok(serde_json::from_str(text)?),
        _ => Err("the name of the file must end with .toml, .yaml or .json".into()),
    }
}

async fn demo() -> Result<(), AnyError> {
    let servers = Servers::start();
    for (format, text) in [("toml", TOML), ("yaml", YAML), ("json", JSON)] {
        let text = text.replace("https://auth.example.com/token", &servers.token_endpoint());
        let client = Client::from_config(parse(format, &text)?)?;
        let response = client.get(servers.url("/things")).send().await?;
        println!("{format}: {}", response.status());
    }
    if let Err(error) = parse("toml", MISTAKE) {
        println!("a mistake: {error}");
    }
    Ok(())
}

// Your own settings name a file or a variable instead: `client_secret_file`, `client_secret_env`.

const TOML: &str = r#"
token_endpoint = "https://auth.example.com/token"
client_id = "client-id"
client_secret = "secret"
scope = ["read", "write"]
acquire_timeout = "30s"
"#;

const YAML: &str = "
token_endpoint: https://auth.example.com/token
client_id: client-id
client_secret: secret
scope: [read, write]
acquire_timeout: 30s
";

const JSON: &str = r#"{
    "token_endpoint": "https://auth.example.com/token",
    "client_id": "client-id",
    "client_secret": "secret",
    "scope": ["read", "write"],
    "acquire_timeout": "30s"
}"#;

const MISTAKE: &str = r#"
token_endpoint = "https://auth.example.com/token"
clientid = "client-id"
"#;
