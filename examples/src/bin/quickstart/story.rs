//! The story: each scene says what a service lives through, and what alf makes of it.

use std::error::Error;
use std::future::ready;
use std::time::Duration;

use alf_core::TokenErrorKind;
use alf_testkit::{Answer, Gate, Servers};
use futures_util::future::{join, join_all};
use futures_util::stream::{self, StreamExt as _};
use tokio::time::Instant;

use crate::library::{Act, Library};
use crate::promises::Promises;

pub(crate) struct TellStory;

impl Act for TellStory {
    async fn on<L: Library>(self) -> Result<(), Box<dyn Error>> {
        tell::<L>().await
    }
}

async fn tell<L: Library>() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();
    let client = L::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .scope("read write")
        .build()?;
    let mut story = Story {
        servers,
        client,
        promises: Promises::default(),
        got_at: Instant::now(),
    };
    println!(
        "An authorization server and an API, on this machine; all numbers are counted by them."
    );
    story.first_call().await?;
    story.a_thousand_calls().await;
    story.a_renewal().await?;
    story.a_revocation().await;
    story.a_replayed_post().await?;
    story.an_outage().await?;
    story.a_wrong_secret().await?;
    story.promises.conclude()
}

struct Story<L> {
    servers: Servers,
    client: L,
    promises: Promises,
    got_at: Instant,
}

impl<L: Library> Story<L> {
    async fn first_call(&mut self) -> Result<(), Box<dyn Error>> {
        self.promises
            .scene("The first call: alf gets a token, then calls the API.");
        self.servers
            .authorization
            .issue(Answer::token().expires_in(LIFETIME));
        self.got_at = Instant::now();
        let answer = self.client.get(&self.url()).await?;
        self.promises.expect("status", &answer.status, &200);
        self.count("token requests", Count::TokenRequests, 1);
        Ok(())
    }

    async fn a_thousand_calls(&mut self) {
        self.promises
            .scene("A thousand calls: all on that one token.");
        let succeeded = self.calls(1000).await;
        self.promises
            .expect("calls that succeeded", &succeeded, &1000);
        self.count("calls that the API saw", Count::Calls, 1000);
        self.count("token requests", Count::TokenRequests, 0);
    }

    /// The renewal is held back by the server; the calls go on with the old token meanwhile.
    async fn a_renewal(&mut self) -> Result<(), Box<dyn Error>> {
        self.promises
            .scene("The token nears its end: it is renewed, and nobody waits for that.");
        let gate = Gate::new();
        self.servers
            .authorization
            .answer_next(Answer::token().held_by(&gate));
        tokio::time::sleep_until(self.got_at + UNTIL_DUE).await;
        self.forget();
        let succeeded = self.calls(50).await;
        self.promises.expect(
            "calls answered while the renewal was held back",
            &succeeded,
            &50,
        );
        let renewal = gate.clone();
        tokio::task::spawn_blocking(move || renewal.wait_for_arrivals(1)).await?;
        self.servers.authorization.issue(Answer::token()); // from here on they live long
        gate.open();
        while self.client.tokens().token().await?.generation() == 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.count("token requests", Count::TokenRequests, 1);
        Ok(())
    }

    async fn a_revocation(&mut self) {
        self.promises
            .scene("The token is revoked, and 200 calls meet that at once.");
        self.servers.revoke_all();
        let succeeded = self.calls(200).await;
        self.promises
            .expect("calls that succeeded", &succeeded, &200);
        self.count("token requests", Count::TokenRequests, 1);
    }

    async fn a_replayed_post(&mut self) -> Result<(), Box<dyn Error>> {
        self.promises
            .scene("It is revoked again, and a POST meets that: it is sent once more.");
        self.servers.revoke_all();
        self.forget();
        let order = "three apples";
        let answer = self.client.post(&self.servers.url("/echo"), order).await?;
        self.promises
            .expect("what the API says it got", answer.body.as_str(), order);
        self.count("times that the API saw it", Count::Calls, 2);
        Ok(())
    }

    async fn an_outage(&mut self) -> Result<(), Box<dyn Error>> {
        self.promises
            .scene("A new service starts while the authorization server is down for 2 s.");
        self.servers.authorization.refuse_connections();
        self.client = self.another_client("secret")?;
        let outage_ends = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            self.servers.authorization.accept_connections();
        };
        let (succeeded, ()) = join(self.calls(50), outage_ends).await;
        self.promises
            .expect("calls that succeeded, a little late", &succeeded, &50);
        self.count("token requests that reached it", Count::TokenRequests, 1);
        Ok(())
    }

    async fn a_wrong_secret(&mut self) -> Result<(), Box<dyn Error>> {
        self.promises
            .scene("A service is set up with a wrong secret, and makes 100 calls.");
        self.client = self.another_client("wrong")?;
        self.forget();
        let url = self.url();
        let answers = join_all((0..100).map(|_| self.client.get(&url))).await;
        let refused = answers
            .iter()
            .filter(|answer| {
                matches!(answer, Err(alf_core::Error::Token(error))
                if error.kind() == TokenErrorKind::Refused
                    && error.error_code() == Some("invalid_client"))
            })
            .count();
        self.promises
            .expect("calls told \"invalid_client\"", &refused, &100);
        self.count("token requests", Count::TokenRequests, 1);
        self.count("calls that the API saw", Count::Calls, 0);
        if let Some(Err(error)) = answers.first() {
            println!("   what each is told: {error}");
        }
        Ok(())
    }

    /// So many calls, 200 at once; returns how many succeeded.
    async fn calls(&self, number: usize) -> usize {
        self.forget();
        let url = self.url();
        let calls = (0..number).map(|_| self.client.get(&url));
        stream::iter(calls)
            .buffer_unordered(AT_ONCE)
            .filter(|answer| ready(answer.as_ref().is_ok_and(|answer| answer.status == 200)))
            .count()
            .await
    }

    fn another_client(&self, secret: &str) -> Result<L, Box<dyn Error>> {
        let builder = L::builder(self.servers.token_endpoint());
        Ok(builder.client_secret("client-id", secret).build()?)
    }

    fn url(&self) -> String {
        self.servers.url("/things")
    }

    fn forget(&self) {
        self.servers.authorization.forget();
        self.servers.resource.forget();
    }

    fn count(&mut self, what: &str, count: Count, promised: usize) {
        let counted = match count {
            Count::TokenRequests => self.servers.authorization.token_requests(),
            Count::Calls => self.servers.resource.request_count(),
        };
        self.promises.expect(what, &counted, &promised);
    }
}

/// What the servers count.
#[derive(Clone, Copy)]
enum Count {
    TokenRequests,
    Calls,
}

/// Each is a connection where the library sets no bound, and a process has some thousand files.
const AT_ONCE: usize = 200;
/// In seconds. It is due after 70 to 80 % of it, and expired after 90 %.
const LIFETIME: u64 = 6;
/// After that it is due whatever its jitter, and not yet expired.
const UNTIL_DUE: Duration = Duration::from_millis(4_900);
