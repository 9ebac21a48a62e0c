//! One of the processes: it calls the API, and says where its tokens come from.

use std::error::Error;
use std::io;
use std::time::Duration;

use alf_reqwest::{Client, Event, EventContext, FileStore, Observer, SealingKey};
use alf_testkit::Servers;

use crate::directory::SharedDirectory;

/// Carries out the commands on its standard input. `servers`: if this process has started them.
#[tokio::main]
pub(crate) async fn run(
    directory: &SharedDirectory,
    servers: Option<&Servers>,
) -> Result<(), Box<dyn Error>> {
    let urls = directory.urls()?;
    let client = Client::builder(urls.token_endpoint)
        .client_secret("client-id", "secret")
        .store(
            FileStore::new(directory.tokens())?,
            SealingKey::from_file(directory.sealing_key()),
        )
        // The defaults are 10 s and 1 s. The counts of the demo should be exact on a busy machine too.
        .acquire_timeout(Duration::from_secs(40))
        .store_timeout(Duration::from_secs(10))
        .observer(Printer)
        .build()?;
    println!("{READY}");
    for line in io::stdin().lines() {
        match (line?.trim(), servers) {
            (CALL, _) => {}
            (NEXT_TOKEN, _) => {
                let mut tokens = client.tokens().watch();
                tokens.next().await?; // the current one, at once
                tokens.next().await?;
            }
            ("revoke", Some(servers)) => {
                servers.revoke_all();
                println!("all tokens are revoked");
                continue;
            }
            _ => {
                println!("unknown command");
                continue;
            }
        }
        let response = client.get(&urls.api).send().await?;
        println!("{CALLED} {}", response.status());
    }
    Ok(())
}

struct Printer;

impl Observer for Printer {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these matter here")]
    fn on(&self, event: &Event<'_>, _context: &EventContext<'_>) {
        match event {
            Event::LeaseTaken { .. } => println!("{ASKED}"),
            Event::TokenTaken { .. } => println!("{TOOK}"),
            Event::TokenRejected { .. } => println!("its token is rejected: 401"),
            Event::StoreFailed { error, .. } => println!("the store failed: {error}"),
            _ => {}
        }
    }
}

/// Calls the API: the empty line.
pub(crate) const CALL: &str = "";
/// Waits until the token is renewed, and then calls the API.
pub(crate) const NEXT_TOKEN: &str = "next";

pub(crate) const READY: &str = "commands: Enter calls the API; `next` waits for the next token first; `revoke` revokes all tokens, where the servers are";
pub(crate) const ASKED: &str = "requests a token from the authorization server";
pub(crate) const TOOK: &str = "takes the token from the store";
pub(crate) const CALLED: &str = "the API answered";
