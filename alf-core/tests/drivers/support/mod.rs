//! The test harness: a client between scripted servers, on virtual time, with a record of every event.

mod api;
mod call_log;
mod credentials;
mod endpoint;
mod events;
#[cfg(feature = "tracing")]
mod lines;

pub(crate) use api::{Api, ApiError, ApiRequest, ApiResponse};
pub(crate) use call_log::CallLog;
pub(crate) use credentials::{Read, secret_by, secret_that_hangs_from};
#[cfg(feature = "jwt")]
pub(crate) use endpoint::Exchange;
pub(crate) use endpoint::{Endpoint, HeldRequest, Reply};
pub(crate) use events::Events;
#[cfg(feature = "tracing")]
pub(crate) use lines::Lines;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use alf_core::{
    Client, ClientBuilder, CustomTransport, Error, Runtime, Token, TokenError, TokenManager,
};
use alf_testkit::{Call, SteppedRuntime, VirtualTime};

pub(crate) const TOKEN_ENDPOINT: &str = "https://auth.example.com/token";
pub(crate) const CLIENT_ID: &str = "client-id";
pub(crate) const SECRET: &str = "s3cr3t+of client";
pub(crate) const API: &str = "https://api.example.com";
pub(crate) const OTHER_API: &str = "https://other.example.com";
/// The lifetime that a scripted token states, unless the script has another one.
pub(crate) const LIFETIME: Duration = Duration::from_secs(1000);
/// The age at which such a token is certainly due, and not within leeway yet.
pub(crate) const DUE: Duration = Duration::from_secs(850);
/// The age at which such a token is within leeway, and not expired yet.
pub(crate) const WITHIN_LEEWAY: Duration = Duration::from_secs(995);
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) type ApiCall = Call<Result<ApiResponse, Error<ApiError>>>;
pub(crate) type TokenCall = Call<Result<Token, TokenError>>;

pub(crate) struct Harness {
    pub(crate) runtime: SteppedRuntime,
    pub(crate) endpoint: Endpoint,
    pub(crate) api: Api,
    pub(crate) events: Events,
    pub(crate) log: CallLog,
}

impl Harness {
    pub(crate) fn new() -> Self {
        let runtime = SteppedRuntime::new();
        let log = CallLog::default();
        Self {
            endpoint: Endpoint::new(Arc::new(runtime.clone()), log.clone()),
            api: Api::new(log.clone()),
            events: Events::default(),
            log,
            runtime,
        }
    }

    pub(crate) fn time(&self) -> &VirtualTime {
        self.runtime.time()
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.time().advance(duration);
    }

    pub(crate) fn builder(&self) -> ClientBuilder<CustomTransport> {
        Client::builder(TOKEN_ENDPOINT)
            .runtime(self.runtime.clone())
            .observer(self.events.clone())
    }

    pub(crate) fn client(&self) -> Client<Api> {
        self.client_with(|builder| builder)
    }

    pub(crate) fn client_with(
        &self,
        set: impl FnOnce(ClientBuilder<CustomTransport>) -> ClientBuilder<CustomTransport>,
    ) -> Client<Api> {
        self.build(set(self.builder().client_secret(CLIENT_ID, SECRET)))
    }

    pub(crate) fn build(&self, builder: ClientBuilder<CustomTransport>) -> Client<Api> {
        let api = Arc::new(self.api.clone());
        let endpoint = Arc::new(self.endpoint.clone());
        builder.build_with(api, endpoint).unwrap()
    }

    pub(crate) fn tokens(&self) -> TokenManager {
        self.client().tokens().clone()
    }

    /// Asks for a token, and lets everything run that can.
    pub(crate) fn ask(&self, tokens: &TokenManager) -> TokenCall {
        let tokens = tokens.clone();
        let call = self.runtime.start(async move { tokens.token().await });
        self.runtime.run_until_stalled();
        call
    }

    /// Asks for a token, and lets time pass until there is an outcome.
    pub(crate) fn ask_and_wait(&self, tokens: &TokenManager) -> Result<Token, TokenError> {
        let tokens = tokens.clone();
        self.runtime.block_on(async move { tokens.token().await })
    }

    /// The outcome of asking for a token, which must come without time passing.
    pub(crate) fn ask_now(&self, tokens: &TokenManager) -> Result<Token, TokenError> {
        self.ask(tokens).take().expect("the caller waits")
    }

    /// The access token, which must come without time passing.
    pub(crate) fn token_now(&self, tokens: &TokenManager) -> String {
        access_token(&self.ask_now(tokens).unwrap())
    }

    /// Sends a request, and lets everything run that can.
    pub(crate) fn send(&self, client: &Client<Api>, request: ApiRequest) -> ApiCall {
        let client = client.clone();
        let call = self
            .runtime
            .start(async move { client.send(request).await });
        self.runtime.run_until_stalled();
        call
    }

    /// The outcome of sending a request, which must come without time passing.
    pub(crate) fn send_now(
        &self,
        client: &Client<Api>,
        request: ApiRequest,
    ) -> Result<ApiResponse, Error<ApiError>> {
        self.send(client, request).take().expect("the caller waits")
    }

    /// The status of the response to a GET of [`API`], which must come without time passing.
    pub(crate) fn get_now(&self, client: &Client<Api>) -> u16 {
        self.send_now(client, ApiRequest::get(API))
            .unwrap()
            .status()
    }

    /// How long alf backs off after that error.
    pub(crate) fn back_off_after(&self, error: &TokenError) -> Duration {
        let retry_at = error.retry_at().unwrap();
        retry_at.duration_since(self.runtime.wall_clock()).unwrap()
    }

    /// Answers a held token request, and lets everything run that can.
    pub(crate) fn answer(&self, held: HeldRequest, reply: Reply) {
        held.answer(reply);
        self.runtime.run_until_stalled();
    }

    /// Aborts every acquisition, and lets everything run that can.
    pub(crate) fn abort_acquisitions(&self) {
        self.time().drop_tasks();
        self.runtime.run_until_stalled();
    }

    /// No task runs, and no timer is set.
    #[track_caller]
    pub(crate) fn assert_idle(&self) {
        let (tasks, timers) = (self.time().tasks(), self.time().timers());
        assert_eq!((tasks, timers), (0, 0), "tasks and timers");
    }
}

/// A client that holds `token-1`, which the API rejects.
pub(crate) fn with_revoked_token() -> (Harness, Client<Api>) {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    harness.api.revoke("token-1");
    (harness, client)
}

/// `count` token targets: each has its own scope.
pub(crate) fn scopes(tokens: &TokenManager, count: usize) -> Vec<TokenManager> {
    let scopes = (0..count).map(|number| tokens.with_scope(format!("scope-{number}")));
    scopes.collect()
}

/// Asks each of them for a token, and lets everything run that can.
pub(crate) fn ask_all(harness: &Harness, tokens: &[TokenManager]) -> Vec<TokenCall> {
    tokens.iter().map(|tokens| harness.ask(tokens)).collect()
}

/// The token error with which a request failed.
#[track_caller]
pub(crate) fn token_error<T: Debug, E: Debug>(outcome: Result<T, Error<E>>) -> TokenError {
    match outcome {
        Err(Error::Token(error)) => error,
        other => panic!("not a token error: {other:?}"),
    }
}

pub(crate) fn access_token(token: &Token) -> String {
    token.expose_access_token().to_owned()
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A millisecond less.
pub(crate) fn just_before(time: Duration) -> Duration {
    time.saturating_sub(millis(1))
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
