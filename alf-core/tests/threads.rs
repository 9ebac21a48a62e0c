//! How many threads alf holds on `ThreadRuntime`. A program of its own, because it counts those of its process.

#![cfg(target_os = "linux")]

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use alf_core::{
    Client, ExchangeError, ExchangeErrorKind, ExchangeOptions, ThreadRuntime, TokenTransport,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_channel::mpsc;
use futures_util::future::{join_all, select};
use futures_util::{FutureExt, StreamExt};
use http::{Request, Response};
use pollster::block_on;

const TARGETS: usize = 1000;
const FAILURES: usize = 3;

/// The first requests fail, and the next one, the probe, is not answered.
struct Outage {
    requests: AtomicUsize,
    probe: mpsc::UnboundedSender<()>,
}

#[async_trait]
impl TokenTransport for Outage {
    async fn exchange(
        &self,
        _: Request<Bytes>,
        _: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        if self.requests.fetch_add(1, Ordering::SeqCst) < FAILURES {
            return Err(ExchangeErrorKind::Connect.into());
        }
        let _ = self.probe.unbounded_send(());
        pending().await
    }
}

fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task");
    let tasks = tasks.into_iter().flatten().flatten();
    // A thread that has ended meanwhile has no name.
    let names = tasks.flat_map(|task| std::fs::read_to_string(task.path().join("comm")));
    names.filter(|name| name.starts_with("alf-")).count()
}

#[test]
fn p2_a_thousand_targets_in_an_outage_wait_for_a_permit_without_a_thread() {
    let (probe, mut probed) = mpsc::unbounded();
    let outage = Outage {
        requests: AtomicUsize::new(0),
        probe,
    };
    let tokens = Client::builder("https://auth.example.com/token")
        .client_secret("client", "secret")
        .acquire_timeout(Duration::from_secs(3600))
        .runtime(ThreadRuntime::new())
        .build_tokens(outage)
        .unwrap();
    let targets = (0..TARGETS).map(|number| tokens.with_scope(format!("scope-{number}")));
    let targets = targets.collect::<Vec<_>>();
    let calls = join_all(targets.iter().map(|target| target.token().boxed()));
    let waited = block_on(select(calls, probed.next()));
    // A thread may still run for a moment.
    let is_few = (0..2_000).any(|_| {
        std::thread::yield_now();
        (1..=4).contains(&threads())
    });
    assert!(is_few, "{} threads", threads());
    drop(waited);
}
