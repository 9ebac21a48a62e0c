//! The demo: each step is a situation of a service, and checks what alf does in it.

use std::error::Error;
use std::future::ready;
use std::time::Duration;

use alf_core::TokenErrorKind;
use alf_testkit::{Answer, Gate, Servers};
use futures_util::future::{join, join_all};
use futures_util::stream::{self, StreamExt as _};
use tokio::time::Instant;

use crate::checks::Checks;
use crate::library::AlfClient;

pub(crate) async fn run<C: AlfClient>() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();
    let client = C::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .scope("read write")
        .build()?;
    let mut demo = Demo {
        servers,
        client,
        checks: Checks::default(),
        obtained_at: Instant::now(),
    };
    println!(
        "An authorization server and an API run on this machine; all numbers are counted by them."
    );
    demo.first_call().await?;
    demo.a_thousand_calls().await;
    demo.a_renewal().await?;
    demo.a_revocation().await;
    demo.a_replayed_post().await?;
    demo.an_outage().await?;
    demo.a_wrong_secret().await?;
    demo.checks.conclude()
}

struct Demo<C> {
    servers: Servers,
    client: C,
    checks: Checks,
    obtained_at: Instant,
}

impl<C: AlfClient> Demo<C> {
    async fn first_call(&mut self) -> Result<(), Box<dyn Error>> {
        self.checks
            .step("The first call: alf obtains a token, then calls the API.");
        self.servers
            .authorization
            .issue(Answer::token().expires_in(LIFETIME));
        self.obtained_at = Instant::now();
        let response = self.client.get(&self.url()).await?;
        self.checks.expect("status", &response.status, &200);
        self.count("token requests", Count::TokenRequests, 1);
        Ok(())
    }

    async fn a_thousand_calls(&mut self) {
        self.checks.step("A thousand calls: all with that token.");
        let succeeded = self.calls(1000).await;
        self.checks
            .expect("calls that succeeded", &succeeded, &1000);
        self.count("calls that the API received", Count::Calls, 1000);
        self.count("token requests", Count::TokenRequests, 0);
    }

    /// The server delays the renewal; the calls use the old token meanwhile.
    async fn a_renewal(&mut self) -> Result<(), Box<dyn Error>> {
        self.checks
            .step("The token nears its expiry: it is renewed, and no call waits for that.");
        let gate = Gate::new();
        self.servers
            .authorization
            .answer_next(Answer::token().held_by(&gate));
        tokio::time::sleep_until(self.obtained_at + UNTIL_DUE).await;
        self.forget();
        let succeeded = self.calls(50).await;
        self.checks.expect(
            "calls answered while the renewal was delayed",
            &succeeded,
            &50,
        );
        let renewal = gate.clone();
        tokio::task::spawn_blocking(move || renewal.wait_for_arrivals(1)).await?;
        self.servers.authorization.issue(Answer::token()); // from now on with a long lifetime
        gate.open();
        while self.client.tokens().token().await?.generation() == 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.count("token requests", Count::TokenRequests, 1);
        Ok(())
    }

    async fn a_revocation(&mut self) {
        self.checks
            .step("The token is revoked, and 200 concurrent calls get a 401.");
        self.servers.revoke_all();
        let succeeded = self.calls(200).await;
        self.checks.expect("calls that succeeded", &succeeded, &200);
        self.count("token requests", Count::TokenRequests, 1);
    }

    async fn a_replayed_post(&mut self) -> Result<(), Box<dyn Error>> {
        self.checks
            .step("It is revoked again, and a POST gets a 401: it is sent once more.");
        self.servers.revoke_all();
        self.forget();
        let order = "three apples";
        let response = self.client.post(&self.servers.url("/echo"), order).await?;
        self.checks
            .expect("what the API received", response.body.as_str(), order);
        self.count("times that the API received it", Count::Calls, 2);
        Ok(())
    }

    async fn an_outage(&mut self) -> Result<(), Box<dyn Error>> {
        self.checks
            .step("A new service starts while the authorization server is down for 2 s.");
        self.servers.authorization.refuse_connections();
        self.client = self.another_client("secret")?;
        let outage_ends = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            self.servers.authorization.accept_connections();
        };
        let (succeeded, ()) = join(self.calls(50), outage_ends).await;
        self.checks
            .expect("calls that succeeded, with a delay", &succeeded, &50);
        self.count("token requests that reached it", Count::TokenRequests, 1);
        Ok(())
    }

    async fn a_wrong_secret(&mut self) -> Result<(), Box<dyn Error>> {
        self.checks
            .step("A service is set up with a wrong secret, and makes 100 calls.");
        self.client = self.another_client("wrong")?;
        self.forget();
        let url = self.url();
        let responses = join_all((0..100).map(|_| self.client.get(&url))).await;
        let refused = responses
            .iter()
            .filter(|response| {
                matches!(response, Err(alf_core::Error::Token(error))
                if error.kind() == TokenErrorKind::Refused
                    && error.error_code() == Some("invalid_client"))
            })
            .count();
        self.checks
            .expect("calls that failed with \"invalid_client\"", &refused, &100);
        self.count("token requests", Count::TokenRequests, 1);
        self.count("calls that the API received", Count::Calls, 0);
        if let Some(Err(error)) = responses.first() {
            println!("   the error of each: {error}");
        }
        Ok(())
    }

    /// Makes so many calls, at most 200 at a time, and returns how many succeeded.
    async fn calls(&self, number: usize) -> usize {
        self.forget();
        let url = self.url();
        let calls = (0..number).map(|_| self.client.get(&url));
        stream::iter(calls)
            .buffer_unordered(AT_ONCE)
            .filter(|called| ready(called.as_ref().is_ok_and(|response| response.status == 200)))
            .count()
            .await
    }

    fn another_client(&self, secret: &str) -> Result<C, Box<dyn Error>> {
        let builder = C::builder(self.servers.token_endpoint());
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
        self.checks.expect(what, &counted, &promised);
    }
}

/// What the servers count.
#[derive(Clone, Copy)]
enum Count {
    TokenRequests,
    Calls,
}

/// Each call may have its own connection, and a process may open only so many.
const AT_ONCE: usize = 200;
/// In seconds. The token is due after 70 to 80 % of it, and not used after 90 %.
const LIFETIME: u64 = 6;
/// After that the token is due, whatever its jitter, and may still be used.
const UNTIL_DUE: Duration = Duration::from_millis(4_900);
