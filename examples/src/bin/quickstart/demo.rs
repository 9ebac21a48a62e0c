//! The demo: each step is a situation of a service, and checks what alf does in it.

use std::error::Error;
use std::future::ready;

use alf_core::TokenErrorKind;
use alf_testkit::{Answer, Gate, Servers};
use examples::Checks;
use futures_util::future::{join, join_all};
use futures_util::stream::{self, StreamExt as _};

use crate::library::AlfClient;

pub(crate) async fn run<C: AlfClient>() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();
    let mut demo = Demo {
        client: client::<C>(&servers, "secret")?,
        servers,
        checks: Checks::default(),
    };
    println!(
        "This program starts an authorization server and an API on this machine, and calls the\n\
         API with alf. Both servers count the requests that they receive in each step."
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

fn client<C: AlfClient>(servers: &Servers, secret: &str) -> Result<C, Box<dyn Error>> {
    Ok(C::builder(servers.token_endpoint())
        .client_secret("client-id", secret)
        .scope("read write")
        .build()?)
}

struct Demo<C> {
    servers: Servers,
    client: C,
    checks: Checks,
}

impl<C: AlfClient> Demo<C> {
    async fn first_call(&mut self) -> Result<(), Box<dyn Error>> {
        self.checks.step(
            "The first call",
            "alf has no token yet. It requests one from the authorization server, and then sends\n\
             the call to the API with it.",
        );
        let response = self.client.get(&self.url()).await?;
        self.checks
            .expect("status of the response", &response.status, &200, "success");
        self.expect_token_requests(1, "the first token");
        Ok(())
    }

    async fn a_thousand_calls(&mut self) {
        self.checks.step(
            "A thousand calls, 200 at a time",
            "The token is still valid. alf uses it for all of them.",
        );
        let succeeded = self.calls(1000).await;
        self.expect_successes(succeeded, 1000, "all of them");
        self.expect_calls(1000, "each call was sent once");
        self.expect_token_requests(0, "the token of step 1 was used");
    }

    /// A gate holds the server's answer to the renewal until the calls are done.
    async fn a_renewal(&mut self) -> Result<(), Box<dyn Error>> {
        self.checks.step(
            "The token expires soon",
            "A new client gets a token that is valid for 6 seconds. After 70 to 80 % of its lifetime,\n\
             the next call starts a renewal in the background. Here, the authorization server answers\n\
             the renewal only after 50 calls have finished. So no call waits for it.",
        );
        self.servers
            .authorization
            .issue(Answer::token().expires_in(6));
        self.client = client(&self.servers, "secret")?;
        let mut tokens = self.client.tokens().watch();
        tokens.next().await?;
        self.servers.authorization.issue(Answer::token()); // valid for an hour
        let gate = Gate::new();
        self.servers
            .authorization
            .answer_next(Answer::token().held_by(&gate));
        self.checks
            .wait(5, "until the token is due for renewal")
            .await?;

        let succeeded = self.calls(50).await;
        self.expect_successes(succeeded, 50, "with the old token, which is still valid");
        gate.open();
        tokens.next().await?;
        self.expect_token_requests(1, "the renewal");
        Ok(())
    }

    async fn a_revocation(&mut self) {
        self.checks.step(
            "The token is revoked",
            "200 calls are sent at the same time, and the API answers 401 to the old token. alf\n\
             requests one new token, and sends each rejected call once more.",
        );
        self.servers.revoke_all();
        let succeeded = self.calls(200).await;
        self.expect_successes(succeeded, 200, "all of them, with the new token");
        self.expect_token_requests(1, "the 200 calls share the new token");
    }

    async fn a_replayed_post(&mut self) -> Result<(), Box<dyn Error>> {
        self.checks.step(
            "The token is revoked again, before a POST",
            "The API answers 401. alf requests a new token, and sends the POST once more with the\n\
             same body.",
        );
        self.servers.revoke_all();
        self.forget();
        let order = "three apples";
        let response = self.client.post(&self.servers.url("/echo"), order).await?;
        self.checks.expect(
            "body that the API received",
            response.body.as_str(),
            order,
            "as it was sent",
        );
        self.expect_calls(2, "the rejected POST and the second one");
        Ok(())
    }

    async fn an_outage(&mut self) -> Result<(), Box<dyn Error>> {
        self.checks.step(
            "The authorization server is down for 2 seconds",
            "A new client, which has no token yet, makes 50 calls at the same time. alf repeats the\n\
             token request until the server answers. The calls wait, and none of them fails.",
        );
        self.servers.authorization.refuse_connections();
        self.client = client(&self.servers, "secret")?;
        let outage = async {
            let ended = self.checks.wait(2, "until the server is back").await;
            self.servers.authorization.accept_connections();
            ended
        };
        let (succeeded, ended) = join(self.calls(50), outage).await;
        ended?;
        self.expect_successes(succeeded, 50, "all of them, once the server was back");
        self.expect_token_requests(1, "the first one that could connect");
        Ok(())
    }

    async fn a_wrong_secret(&mut self) -> Result<(), Box<dyn Error>> {
        self.checks.step(
            "The client secret is wrong",
            "A new client with a wrong secret makes 100 calls at the same time. The authorization\n\
             server refuses the token request with the error code invalid_client.",
        );
        self.client = client(&self.servers, "wrong")?;
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
        self.checks.expect(
            "calls that failed with invalid_client",
            &refused,
            &100,
            "all of them",
        );
        self.expect_token_requests(1, "the 100 calls share its error");
        self.expect_calls(0, "no call is sent without a token");
        if let Some(Err(error)) = responses.first() {
            println!("   The error that each call returned:\n   {error}");
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

    fn url(&self) -> String {
        self.servers.url("/things")
    }

    /// Sets the servers' counts to zero.
    fn forget(&self) {
        self.servers.authorization.forget();
        self.servers.resource.forget();
    }

    fn expect_successes(&mut self, succeeded: usize, promised: usize, meaning: &str) {
        self.checks
            .expect("calls with status 200", &succeeded, &promised, meaning);
    }

    fn expect_calls(&mut self, promised: usize, meaning: &str) {
        let counted = self.servers.resource.request_count();
        self.checks
            .expect("calls that the API received", &counted, &promised, meaning);
    }

    fn expect_token_requests(&mut self, promised: usize, meaning: &str) {
        let counted = self.servers.authorization.token_requests();
        self.checks
            .expect("token requests", &counted, &promised, meaning);
    }
}

/// Each call may have its own connection, and a process may open only so many.
const AT_ONCE: usize = 200;
