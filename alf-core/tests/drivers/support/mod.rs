//! A client in a world of its own: scripted ends, virtual time, and every event kept.

mod api;
mod call_log;
mod endpoint;
mod events;

pub(crate) use api::{Api, ApiError, ApiRequest, ApiResponse};
pub(crate) use call_log::CallLog;
#[cfg(feature = "jwt")]
pub(crate) use endpoint::Exchange;
pub(crate) use endpoint::{Endpoint, Reply};
pub(crate) use events::Events;

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
/// What a scripted token states, unless the script says otherwise.
pub(crate) const LIFETIME: Duration = Duration::from_secs(1000);
/// Past the latest moment at which such a token falls due, and before it expires.
pub(crate) const DUE: Duration = Duration::from_secs(850);
/// Past its expiry, and before its stated end.
pub(crate) const EXPIRED: Duration = Duration::from_secs(995);
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

    /// The outcome of asking for a token, which comes without time passing.
    pub(crate) fn ask_now(&self, tokens: &TokenManager) -> Result<Token, TokenError> {
        self.ask(tokens).take().expect("nobody should have waited")
    }

    /// The access token, which comes without time passing.
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

    /// The outcome of sending a request, which comes without time passing.
    pub(crate) fn send_now(
        &self,
        client: &Client<Api>,
        request: ApiRequest,
    ) -> Result<ApiResponse, Error<ApiError>> {
        self.send(client, request)
            .take()
            .expect("nobody should have waited")
    }

    /// The status that a GET to [`API`] gets without time passing.
    pub(crate) fn get_now(&self, client: &Client<Api>) -> u16 {
        self.send_now(client, ApiRequest::get(API))
            .unwrap()
            .status()
    }

    /// How long alf rests after that error.
    pub(crate) fn back_off_after(&self, error: &TokenError) -> Duration {
        let retry_at = error.retry_at().unwrap();
        retry_at.duration_since(self.runtime.wall_clock()).unwrap()
    }

    /// Nothing runs, nothing is to happen.
    #[track_caller]
    pub(crate) fn assert_idle(&self) {
        let (tasks, timers) = (self.time().tasks(), self.time().timers());
        assert_eq!((tasks, timers), (0, 0), "tasks and timers");
    }
}

pub(crate) fn access_token(token: &Token) -> String {
    token.expose_access_token().to_owned()
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A millisecond before that time is over.
pub(crate) fn just_before(time: Duration) -> Duration {
    time.saturating_sub(millis(1))
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
