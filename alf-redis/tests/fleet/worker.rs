//! A process of a fleet: a client of alf that obeys commands on its standard input, and reports on its standard output.

use std::io::{self, Write as _};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use alf_core::{Event, EventContext, FileStore, Observer, SealingKey, TokenStore};
use alf_redis::RedisStore;
use alf_reqwest::Client;
use tokio::runtime;
use tokio::sync::watch;

use crate::certificates::Certificates;
use crate::protocol::{Command, Connect, Outcome, Report, Settings, Stop};

pub(crate) fn run(settings: Settings) -> ! {
    // One thread, so that fifty processes are not hundreds of threads. This one waits for commands.
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let _guard = runtime.enter();
    let worker = Worker::new(settings);
    report(&Report::Done(Outcome::default()));
    // They end when the test has ended, however it ended.
    for line in io::stdin().lines() {
        let command = serde_json::from_str(&line.unwrap()).unwrap();
        let outcome = runtime.block_on(worker.obey(command));
        report(&Report::Done(outcome));
    }
    // Not by the end of `main`: the thread of the runtime may have stopped for good.
    process::exit(0);
}

struct Worker {
    client: Client,
    url: String,
    in_trouble: watch::Receiver<bool>,
}

impl Worker {
    fn new(settings: Settings) -> Self {
        let (trouble, in_trouble) = watch::channel(false);
        let reporter = Reporter {
            stop: settings.stop,
            is_first_holder: AtomicBool::new(false),
            trouble,
        };
        let client = Client::builder(settings.token_endpoint)
            .client_secret("client-id", settings.secret)
            .store(
                store(settings.store),
                SealingKey::from_bytes(*b"0123456789abcdef0123456789abcdef"),
            )
            .store_timeout(settings.store_timeout)
            .attempt_timeout(settings.attempt_timeout)
            // `store_timeout` is never more than a quarter of it.
            .acquire_timeout(Duration::from_secs(120))
            // Everything is on loopback, and reading the certificates of the system is most of the time of a start.
            .configure_http(|http| http.tls_certs_only([]))
            .observer(reporter)
            .build()
            .unwrap();
        Self {
            client,
            url: settings.url,
            in_trouble,
        }
    }

    async fn obey(&self, command: Command) -> Outcome {
        let mut outcome = Outcome::default();
        match command {
            Command::Call => self.call(&mut outcome).await,
            Command::CallUntil(token) => {
                let is_in_use = || {
                    let current = self.client.tokens().cached_token();
                    current.is_some_and(|current| current.expose_access_token() == token)
                };
                while !is_in_use() {
                    self.call(&mut outcome).await;
                    tokio::time::sleep(INTERVAL).await;
                }
                self.call(&mut outcome).await;
            }
            Command::Renew => self.renew(&mut outcome).await,
            Command::RenewUntilItSucceeds => {
                while self.client.tokens().renew().await.is_err() {
                    tokio::time::sleep(INTERVAL).await;
                }
            }
            Command::Recover => {
                self.renew(&mut outcome).await;
                self.in_trouble
                    .clone()
                    .wait_for(|in_trouble| !in_trouble)
                    .await
                    .unwrap();
            }
        }
        outcome
    }

    async fn call(&self, outcome: &mut Outcome) {
        outcome.calls += 1;
        let failure = match self.client.get(&self.url).send().await {
            Ok(response) if response.status() == 200 => return,
            Ok(response) => response.status().to_string(),
            Err(error) => error.to_string(),
        };
        outcome.failed_calls.push(failure);
    }

    async fn renew(&self, outcome: &mut Outcome) {
        if let Err(error) = self.client.tokens().renew().await {
            outcome.failed_renewals.push(error.to_string());
        }
    }
}

fn store(connect: Connect) -> Box<dyn TokenStore> {
    match connect {
        Connect::Url(url) => Box::new(RedisStore::from_url(&url).unwrap()),
        Connect::Tls { url, authority } => {
            let client = Certificates { authority }.client(&url);
            Box::new(RedisStore::from_client(client))
        }
        Connect::Directory(directory) => Box::new(FileStore::new(directory).unwrap()),
    }
}

/// Reports what only the client knows, and stops the process where the test wants that.
struct Reporter {
    stop: Option<Stop>,
    is_first_holder: AtomicBool,
    trouble: watch::Sender<bool>,
}

impl Observer for Reporter {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these matter")]
    fn on(&self, event: &Event<'_>, _: &EventContext<'_>) {
        match event {
            Event::LeaseTaken { number, .. } => {
                report(&Report::Lease(*number));
                self.is_first_holder.store(*number == 1, Ordering::Relaxed);
                self.stop_at(Stop::BeforeRequest);
            }
            // Another process obtained it.
            Event::TokenTaken { .. } => self.is_first_holder.store(false, Ordering::Relaxed),
            // Its callers have the token. It is saved after this event.
            Event::TokenObtained { .. } => self.stop_at(Stop::BeforeSave),
            Event::StoreFailed { .. } => drop(self.trouble.send_replace(true)),
            Event::StoreRecovered { .. } => drop(self.trouble.send_replace(false)),
            _ => {}
        }
    }
}

impl Reporter {
    fn stop_at(&self, stop: Stop) {
        if self.stop == Some(stop) && self.is_first_holder.load(Ordering::Relaxed) {
            report(&Report::Stopped);
            loop {
                thread::park();
            }
        }
    }
}

fn report(report: &Report) {
    let line = serde_json::to_string(report).unwrap();
    // If nobody reads it, the test has ended.
    let _ = writeln!(io::stdout(), "{line}");
}

const INTERVAL: Duration = Duration::from_millis(50);
