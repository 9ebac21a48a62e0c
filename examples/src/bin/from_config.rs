//! A client without code: its settings from TOML, YAML, JSON, or the environment.
//!
//!     cargo run --bin from_config
//!
//! writes one file of each format, makes the same call with each, and prints what the API answered;
//! then what is said of a file with a mistake.
//!
//!     cargo run --bin from_config -- FILE URL
//!     cargo run --bin from_config -- --env PREFIX URL
//!
//! makes one real call with a file of yours, or with variables such as `ALF_CLIENT_ID` for the
//! prefix `ALF_`, and prints its status and body.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::fs;
use std::path::Path;

use alf_reqwest::{Client, ClientBuilder, ClientConfig};
use alf_testkit::Servers;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => story().await,
        ["--env", prefix, url] => call(ClientConfig::from_env(prefix)?, url).await,
        [file, url] => call(read(Path::new(file))?, url).await,
        _ => Err("usage: from_config [FILE URL | --env PREFIX URL]".into()),
    }
}

async fn call(config: ClientConfig, url: &str) -> Result<(), Failure> {
    let client = client(config)?;
    let response = client.get(url).send().await?;
    println!("{}", response.status());
    println!("{}", response.text().await?);
    Ok(())
}

/// What the settings do not say, a program adds: HTTP clients, an observer.
fn client(config: ClientConfig) -> Result<Client, Failure> {
    let builder: ClientBuilder = config.builder()?;
    Ok(builder.build()?)
}

/// By its extension.
fn read(file: &Path) -> Result<ClientConfig, Failure> {
    let text = fs::read_to_string(file)?;
    let extension = file.extension().unwrap_or_default();
    match extension.to_str().unwrap_or_default() {
        // Not the error itself: it quotes the line, which may have a secret in it.
        "toml" => toml::from_str(&text).map_err(|error| {
            let before = text.get(..error.span().unwrap_or_default().start);
            let line = before.unwrap_or_default().matches('\n').count() + 1;
            format!("{}, line {line}: {}", file.display(), error.message()).into()
        }),
        "yaml" | "yml" => serde_yaml_ng::from_str(&text)
            .map_err(|error| format!("{}: {error}", file.display()).into()),
        "json" => serde_json::from_str(&text)
            .map_err(|error| format!("{}: {error}", file.display()).into()),
        _ => Err(format!("{} is none of toml, yaml, json", file.display()).into()),
    }
}

async fn story() -> Result<(), Failure> {
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
