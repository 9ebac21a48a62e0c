//! A client whose settings come from TOML, YAML, JSON, or the environment.
//!
//!     cargo run --bin from_config
//!
//! writes one file of each format, makes the same call with each, and prints the status of the response; then the error of a
//! file with a mistake.
//!
//!     cargo run --bin from_config -- FILE URL
//!     cargo run --bin from_config -- --env PREFIX URL
//!
//! makes one real call with your file, or with variables such as `ALF_CLIENT_ID` for the prefix `ALF_`, and prints status
//! and body.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::fs;
use std::path::Path;

use alf_reqwest::{Client, ClientBuilder, ClientConfig};
use alf_testkit::Servers;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => demo().await,
        ["--env", prefix, url] => call(ClientConfig::from_env(prefix)?, url).await,
        [file, url] => call(read(Path::new(file))?, url).await,
        _ => Err("usage: from_config [FILE URL | --env PREFIX URL]".into()),
    }
}

async fn call(config: ClientConfig, url: &str) -> Result<(), AnyError> {
    let client = client(config)?;
    let response = client.get(url).send().await?;
    println!("{}", response.status());
    println!("{}", response.text().await?);
    Ok(())
}

/// Builds a client, as `Client::from_config` does. A program adds here what the settings do not have: HTTP settings, an
/// observer.
fn client(config: ClientConfig) -> Result<Client, AnyError> {
    let builder: ClientBuilder = config.builder()?;
    Ok(builder.build()?)
}

/// Reads a file whose extension names its format.
fn read(file: &Path) -> Result<ClientConfig, AnyError> {
    let text = fs::read_to_string(file)?;
    let extension = file.extension().unwrap_or_default();
    match extension.to_str().unwrap_or_default() {
        // Without the error itself: it quotes the line, which may have a secret in it.
        "toml" => toml::from_str(&text).map_err(|error| {
            let before = text.get(..error.span().unwrap_or_default().start);
            let line = before.unwrap_or_default().matches('\n').count() + 1;
            format!("{}, line {line}: {}", file.display(), error.message()).into()
        }),
        "yaml" | "yml" => serde_yaml_ng::from_str(&text)
            .map_err(|error| format!("{}: {error}", file.display()).into()),
        "json" => serde_json::from_str(&text)
            .map_err(|error| format!("{}: {error}", file.display()).into()),
        _ => Err(format!(
            "{}: the extension is not toml, yaml or json",
            file.display()
        )
        .into()),
    }
}

async fn demo() -> Result<(), AnyError> {
    let servers = Servers::start();
    let folder = std::env::temp_dir().join(format!("alf-from-config-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("secret"), "secret\n")?;
    let secret = folder.join("secret").display().to_string();
    let endpoint = servers.token_endpoint();
    let files = [
        (
            "client.toml",
            format!(
                "token_endpoint = \"{endpoint}\"\nclient_id = \"client-id\"\n\
                 client_secret_file = '{secret}'\nscope = [\"read\", \"write\"]\n\
                 acquire_timeout = \"30s\"\n"
            ),
        ),
        (
            "client.yaml",
            format!(
                "token_endpoint: \"{endpoint}\"\nclient_id: client-id\n\
                 client_secret_file: '{secret}'\nscope: [read, write]\nacquire_timeout: 30s\n"
            ),
        ),
        (
            "client.json",
            serde_json::json!({
                "token_endpoint": endpoint,
                "client_id": "client-id",
                "client_secret_file": secret,
                "scope": ["read", "write"],
                "acquire_timeout": "30s",
            })
            .to_string(),
        ),
        (
            "wrong.toml",
            format!("token_endpoint = \"{endpoint}\"\nclientid = \"client-id\"\n"),
        ),
    ];
    for (name, text) in files {
        let file = folder.join(name);
        fs::write(&file, text)?;
        match read(&file) {
            Ok(config) => {
                let response = client(config)?.get(servers.url("/things")).send().await?;
                println!("{name}: {}", response.status());
            }
            Err(error) => println!(
                "{}",
                error.to_string().replace(&folder.display().to_string(), "")
            ),
        }
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}
