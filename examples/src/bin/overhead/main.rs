//! What alf costs beside a bare `reqwest::Client`, as ratios within one process.
//!
//!     cargo run --release -p examples --bin overhead
//!
//! 64 workers call the same server on this machine, by turns with the bare client and with alf, and
//! the last lines give the ratio of calls per second and of CPU time per call, pair by pair. The
//! CPU time is that of the client's threads alone, where the system tells it (Linux).

#![expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a program that prints ratios"
)]

mod cpu;
mod ratio;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use alf_testkit::Servers;
use reqwest::header::{AUTHORIZATION, HeaderValue};

use ratio::Ratios;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(cpu::THREADS)
        .enable_all()
        .build()?;
    // On one of the runtime's own threads, so that all of the client's work is counted.
    runtime.block_on(async { tokio::spawn(compare()).await? })
}

async fn compare() -> Result<(), Failure> {
    let servers = Servers::start();
    servers.resource.record_requests_up_to(0);
    let url = servers.url("/things");
    let client = alf_reqwest::Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .http_client(http_client()?)
        .build()?;
    // The same token, so that both send and the server reads the same bytes.
    let bare = Bare {
        http: http_client()?,
        authorization: client.tokens().token().await?.header_value().clone(),
        url: url.clone(),
    };
    let alf = Alf { client, url };
    let (bare, alf) = (Arc::new(bare), Arc::new(alf));

    round(&bare).await?;
    round(&alf).await?;
    println!("{ROUNDS} pairs of {CALLS} calls by {WORKERS} workers");
    let mut speed = Ratios::default();
    let mut cpu = Ratios::default();
    for pair in 0..ROUNDS {
        // By turns first: what the machine does meanwhile hits both.
        let (of_bare, of_alf) = if pair % 2 == 0 {
            let of_bare = round(&bare).await?;
            (of_bare, round(&alf).await?)
        } else {
            let of_alf = round(&alf).await?;
            (round(&bare).await?, of_alf)
        };
        speed.add(of_alf.calls_per_second(), of_bare.calls_per_second());
        if let Some((alf, bare)) = of_alf.cpu.zip(of_bare.cpu) {
            cpu.add(alf.as_secs_f64(), bare.as_secs_f64());
        }
    }
    println!("calls per second, alf / bare: {speed}");
    println!("CPU per call,     alf / bare: {cpu}");
    Ok(())
}

type Failure = Box<dyn Error + Send + Sync>;

/// One for each, alike: the server is on this machine, where a proxy has no part in it.
fn http_client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().no_proxy().build()
}

/// Something that calls the server once.
trait Calls: Send + Sync + 'static {
    fn call(&self) -> impl Future<Output = Result<(), Failure>> + Send;
}

struct Bare {
    http: reqwest::Client,
    authorization: HeaderValue,
    url: String,
}

struct Alf {
    client: alf_reqwest::Client,
    url: String,
}

impl Calls for Bare {
    async fn call(&self) -> Result<(), Failure> {
        let request = self
            .http
            .get(&self.url)
            .header(AUTHORIZATION, &self.authorization);
        let response = request.send().await?.error_for_status()?;
        response.bytes().await?;
        Ok(())
    }
}

impl Calls for Alf {
    async fn call(&self) -> Result<(), Failure> {
        let response = self
            .client
            .get(&self.url)
            .send()
            .await?
            .error_for_status()?;
        response.bytes().await?;
        Ok(())
    }
}

struct Round {
    elapsed: Duration,
    cpu: Option<Duration>,
}

impl Round {
    fn calls_per_second(&self) -> f64 {
        CALLS as f64 / self.elapsed.as_secs_f64()
    }
}

/// `CALLS` calls by `WORKERS` workers.
async fn round(calls: &Arc<impl Calls>) -> Result<Round, Failure> {
    let cpu_before = cpu::used();
    let begun = Instant::now();
    let left = Arc::new(AtomicUsize::new(CALLS));
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| tokio::spawn(work(Arc::clone(calls), Arc::clone(&left))))
        .collect();
    for worker in workers {
        worker.await??;
    }
    Ok(Round {
        elapsed: begun.elapsed(),
        cpu: cpu_before
            .zip(cpu::used())
            .map(|(before, after)| after.saturating_sub(before)),
    })
}

async fn work(calls: Arc<impl Calls>, left: Arc<AtomicUsize>) -> Result<(), Failure> {
    let one_less = |left: usize| left.checked_sub(1);
    while left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
        .is_ok()
    {
        calls.call().await?;
    }
    Ok(())
}

const WORKERS: usize = 64;
const CALLS: usize = 10_000;
const ROUNDS: usize = 20;
