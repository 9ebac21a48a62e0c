//! A fleet: its instances, what they call, and what came of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alf_core::{
    BoxFuture, Client, ClientBuilder, Credential, CustomTransport, Origin, Runtime, SealingKey,
    TokenError, TokenManager,
};
use alf_testkit::{Call, SteppedRuntime};

use crate::instance::InstanceRuntime;
use crate::plan::{Fault, Plan};
use crate::server::{Endpoint, Secret, Server};
use crate::store::{Connection, Store};

pub(crate) type Builder = ClientBuilder<CustomTransport>;

pub(crate) struct Fleet {
    pub(crate) runtime: SteppedRuntime,
    pub(crate) server: Server,
    pub(crate) store: Store,
    outcomes: Arc<Mutex<Outcomes>>,
    instances: Vec<Instance>,
    callers: Vec<Call<()>>,
    secrets: Vec<Arc<Mutex<Secret>>>,
    plan: Plan,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Outcomes {
    pub(crate) calls: usize,
    pub(crate) failed: usize,
    pub(crate) returned_401: usize,
    /// By the API that always answers 401.
    pub(crate) returned_by_broken: usize,
    pub(crate) longest_wait: Duration,
}

/// One instance.
#[derive(Clone)]
pub(crate) struct Instance {
    runtime: InstanceRuntime,
    pub(crate) tokens: TokenManager,
    server: Server,
    outcomes: Arc<Mutex<Outcomes>>,
    always_rejects: Arc<Mutex<Option<Origin>>>,
}

impl Fleet {
    pub(crate) fn new() -> Self {
        Self::with_seed(1)
    }

    /// A seed gives the same counts every time: every random number of a case is from this thread.
    pub(crate) fn with_seed(seed: u64) -> Self {
        fastrand::seed(seed);
        Self {
            runtime: SteppedRuntime::new(),
            server: Server::new(),
            store: Store::default(),
            outcomes: Arc::default(),
            instances: Vec::new(),
            callers: Vec::new(),
            secrets: Vec::new(),
            plan: Plan::default(),
        }
    }

    /// The fault meets the instance that holds the lease at the next token request.
    pub(crate) fn plan(&self, fault: Fault) {
        self.plan.set(fault);
    }

    pub(crate) fn instance(&mut self) -> Instance {
        self.instance_with(key(7), |builder| builder)
    }

    /// An instance with this sealing key, and further settings.
    pub(crate) fn instance_with(
        &mut self,
        key: SealingKey,
        configure: impl FnOnce(Builder) -> Builder,
    ) -> Instance {
        self.build(configure(Client::builder(ENDPOINT)), Some(key))
    }

    pub(crate) fn instance_without_store(&mut self) -> Instance {
        self.build(Client::builder(ENDPOINT), None)
    }

    /// An instance of the issuer, whose metadata names the endpoint.
    pub(crate) fn discovering_instance(&mut self) -> Instance {
        self.build(Client::discover(ISSUER), Some(key(7)))
    }

    fn build(&mut self, builder: Builder, key: Option<SealingKey>) -> Instance {
        let number = self.secrets.len();
        let runtime = InstanceRuntime::new(self.runtime.clone());
        let secret = Arc::new(Mutex::new(Secret::Right));
        self.secrets.push(Arc::clone(&secret));
        let before_write = {
            let (plan, runtime) = (self.plan.clone(), runtime.clone());
            move |_| plan.before_write(number, &runtime)
        };
        let on_request = {
            let (plan, runtime) = (self.plan.clone(), runtime.clone());
            move |stage| plan.on_request(number, &runtime, stage)
        };
        let read_secret = {
            let secret = Arc::clone(&secret);
            move || {
                let secret = *secret.lock().unwrap();
                async move {
                    if secret == Secret::Silent {
                        std::future::pending::<()>().await;
                    }
                    Ok::<_, std::io::Error>(secret.text())
                }
            }
        };
        let mut builder = builder
            .client_secret("client-id", Credential::from_fn(read_secret))
            .runtime(runtime.clone());
        if let Some(key) = key {
            let connection = self.store.connect(runtime.clone(), before_write);
            builder = builder.store(connection, key);
        }
        let tokens = builder
            .build_tokens(self.server.endpoint(runtime.clone(), on_request))
            .unwrap();
        Instance {
            runtime,
            tokens,
            server: self.server.clone(),
            outcomes: Arc::clone(&self.outcomes),
            always_rejects: Arc::default(),
        }
    }

    /// Starts instances that call an API at once, and then every `interval`, each from a random moment on.
    pub(crate) fn start(&mut self, count: usize, interval: Duration) -> Vec<Instance> {
        let instances: Vec<_> = (0..count).map(|_| self.instance()).collect();
        for instance in &instances {
            self.start_calls(instance, interval);
        }
        self.instances.extend(instances.clone());
        instances
    }

    /// From 20 s on, and 10 ms apart, each of these instances stops, and another one starts.
    pub(crate) fn restart(&mut self, instances: &[Instance], interval: Duration) {
        for (number, instance) in (0..).zip(instances) {
            self.run_until(seconds(20) + millis(10) * number);
            instance.stop();
            self.start(1, interval);
        }
    }

    pub(crate) fn start_calls(&mut self, instance: &Instance, interval: Duration) {
        let caller = instance.clone();
        let runtime = self.runtime.clone();
        let mut pause = interval.mul_f64(fastrand::f64());
        let calls = async move {
            while !caller.runtime.has_stopped() {
                let call = caller.clone();
                caller
                    .runtime
                    .spawn(Box::pin(async move { call.call().await }) as BoxFuture);
                runtime.sleep(std::mem::replace(&mut pause, interval)).await;
            }
        };
        self.callers.push(self.runtime.start(calls));
    }

    /// Nothing happens until a token may be due: the instances call rarely until then, and then every second.
    pub(crate) fn run_until_due(&mut self) {
        self.call_every(seconds(20));
        self.run_until(seconds(2_500));
        self.call_every(seconds(1));
    }

    /// Nothing happens any more: the instances call rarely.
    pub(crate) fn run_quietly_until(&mut self, end: Duration) {
        self.call_every(seconds(10));
        self.run_until(end);
    }

    /// From now on, the instances call an API every `interval`.
    pub(crate) fn call_every(&mut self, interval: Duration) {
        self.callers.clear();
        for instance in self.instances.clone() {
            self.start_calls(&instance, interval);
        }
    }

    pub(crate) fn give(&self, secret: Secret, instances: impl IntoIterator<Item = usize>) {
        for number in instances {
            *self.secrets[number].lock().unwrap() = secret;
        }
    }

    pub(crate) fn run_until(&self, end: Duration) {
        self.runtime.run_until_stalled();
        let elapsed = self.runtime.time().elapsed();
        self.runtime
            .time()
            .advance(end.checked_sub(elapsed).unwrap());
    }

    /// A connection to the store, for a client that is not used.
    pub(crate) fn store_of_a_test(&self) -> Connection {
        self.store
            .connect(InstanceRuntime::new(self.runtime.clone()), |_| {})
    }

    pub(crate) fn endpoint_of_a_test(&self) -> Endpoint {
        self.server
            .endpoint(InstanceRuntime::new(self.runtime.clone()), |_| {})
    }

    pub(crate) fn outcomes(&self) -> Outcomes {
        self.outcomes.lock().unwrap().clone()
    }

    pub(crate) fn requests(&self) -> usize {
        self.server.requests().len()
    }

    /// When the token requests were sent.
    pub(crate) fn request_times(&self) -> Vec<f64> {
        let start = self
            .runtime
            .now()
            .saturating_sub(self.runtime.time().elapsed());
        let since = |at: &alf_core::Moment| at.saturating_since(start).as_secs_f64();
        self.server.requests().iter().map(since).collect()
    }

    /// Checks the counts of a case in which no call fails.
    #[track_caller]
    pub(crate) fn assert_counts(
        &self,
        requests: impl std::ops::RangeBounds<usize> + std::fmt::Debug,
        operations: impl std::ops::RangeBounds<usize> + std::fmt::Debug,
        longest_wait: Duration,
    ) {
        let outcomes = self.outcomes();
        let counts = format!(
            "{} requests, {} operations, {outcomes:?}",
            self.requests(),
            self.store.operations()
        );
        assert!(
            requests.contains(&self.requests()),
            "{counts}; expected {requests:?}"
        );
        assert!(
            operations.contains(&self.store.operations()),
            "{counts}; expected {operations:?}"
        );
        assert!(
            outcomes.longest_wait <= longest_wait,
            "{counts}; expected {longest_wait:?}"
        );
        assert_eq!((outcomes.failed, outcomes.returned_401), (0, 0), "{counts}");
    }
}

impl Instance {
    pub(crate) fn stop(&self) {
        self.runtime.stop();
    }

    /// The API at this origin answers every call of this instance with 401 from now on.
    pub(crate) fn is_always_rejected(&self) {
        let origin = Origin::parse("https://broken.example.com").unwrap();
        *self.always_rejects.lock().unwrap() = Some(origin);
    }

    /// One call: a request, and after a 401 a replay.
    async fn call(&self) {
        let start = self.runtime.now();
        let answered = self.send().await;
        let wait = self.runtime.now().saturating_since(start);
        let mut outcomes = self.outcomes.lock().unwrap();
        outcomes.calls += 1;
        outcomes.longest_wait = outcomes.longest_wait.max(wait);
        match answered {
            Ok(true) => {}
            Ok(false) if self.always_rejects.lock().unwrap().is_some() => {
                outcomes.returned_by_broken += 1;
            }
            Ok(false) => outcomes.returned_401 += 1,
            Err(_) => outcomes.failed += 1,
        }
    }

    async fn send(&self) -> Result<bool, TokenError> {
        let broken = self.always_rejects.lock().unwrap().clone();
        let accepts = |token: &str| broken.is_none() && self.server.accepts(token);
        let origin = Origin::parse("https://api.example.com").unwrap();
        let origin = broken.as_ref().unwrap_or(&origin);
        let token = self.tokens.token().await?;
        if accepts(token.expose_access_token()) {
            return Ok(true);
        }
        self.tokens.reject_by(&token, origin);
        let renewed = self.tokens.token().await?;
        if renewed.generation() == token.generation() {
            return Ok(false);
        }
        let is_accepted = accepts(renewed.expose_access_token());
        if !is_accepted {
            self.tokens.reject_by(&renewed, origin);
        }
        Ok(is_accepted)
    }
}

const ISSUER: &str = "https://auth.example.com";
const ENDPOINT: &str = "https://auth.example.com/token";

pub(crate) fn key(byte: u8) -> SealingKey {
    let mut bytes = *b"0123456789abcdef0123456789abcdef";
    bytes[0] = byte;
    SealingKey::from_bytes(bytes)
}

pub(crate) const fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
