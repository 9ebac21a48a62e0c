//! The store.

use std::fmt;
use std::future::ready;
use std::io;
use std::time::Duration;

use alf_core::{ConfigError, StoreError, StoreKey, Stored, TokenStore, Version, Written};
use async_trait::async_trait;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, RedisResult};
use tokio::runtime::Handle;

use crate::connection::Connector;

/// A [`TokenStore`] on Redis 7 or newer, or on Valkey.
///
/// It connects when it is first used, not before. Each operation is one command: `GET`, or `EVAL` with a script of five lines
/// that replaces the value if it has not changed. If the connection is lost, or the server has become a read-only replica, the
/// operation is tried once more on a new connection. That is safe: the script changes nothing if its value is already there.
///
/// alf's `store_timeout` limits each operation, including connecting and the second try. The store has no other time limit. It
/// closes a connection that has not answered by then.
///
/// # Examples
///
/// ```
/// let store = alf_redis::RedisStore::from_url("redis://alf:password@redis.example.com")?;
/// # Ok::<(), alf_core::ConfigError>(())
/// ```
pub struct RedisStore<C = MultiplexedConnection> {
    connector: Connector<C>,
}

impl RedisStore {
    /// Returns a store on the Redis server at this URL. It does not connect yet.
    ///
    /// - `redis://user:password@host:6379/0`, where all but the host may be left out. `valkey://` is the same.
    /// - `rediss://`: the same with TLS. The server's certificate is checked against the root certificates of the system. For other
    ///   root certificates, use [`from_client`](Self::from_client). Needs the feature `rustls`, which is enabled by default. If the
    ///   program has not installed a rustls `CryptoProvider`, the store installs that of aws-lc-rs.
    /// - `unix:///run/redis.sock?db=0&user=alf&pass=password`: a Unix socket.
    ///
    /// In a user name or password, write `%40` for `@`, `%2F` for `/`, `%23` for `#`, and so on.
    ///
    /// It needs a tokio runtime. With an HTTP library that does not use tokio, set the client's `runtime` to alf-core's
    /// `TokioRuntime`.
    ///
    /// # Errors
    ///
    /// If the URL is not valid.
    pub fn from_url(url: &str) -> Result<Self, ConfigError> {
        let invalid = |error| {
            let problem = "is not the URL of a Redis server; use redis://, rediss:// or unix://, and percent-encode the user name and the password";
            ConfigError::new("url", problem).because(error)
        };
        let info = url.into_connection_info().map_err(invalid)?;
        Client::open(info).map(Self::from_client).map_err(invalid)
    }

    /// Returns a store on the server of a redis-rs client, for example a client with your own certificates.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use alf_redis::{RedisStore, redis};
    ///
    /// let certificates = redis::TlsCertificates {
    ///     client_tls: None,
    ///     root_cert: Some(std::fs::read("ca.pem")?),
    /// };
    /// let client = redis::Client::build_with_tls("rediss://redis.example.com", certificates)?;
    /// let store = RedisStore::from_client(client);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_client(client: Client) -> Self {
        Self::connect_with(move || {
            let client = client.clone();
            async move {
                if Handle::try_current().is_err() {
                    return Err(io::Error::other(NO_RUNTIME).into());
                }
                choose_provider();
                // alf limits the whole operation. A limit for each step would end slow operations that it allows.
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(None)
                    .set_response_timeout(None);
                client
                    .get_multiplexed_async_connection_with_config(&config)
                    .await
            }
        })
    }
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> RedisStore<C> {
    /// Returns a store on a connection that reconnects by itself: `redis::aio::ConnectionManager`, or
    /// `redis::cluster_async::ClusterConnection`.
    ///
    /// A cluster can be used, because each operation uses one key. Set the time limits of the connection so that their sum is less
    /// than alf's `store_timeout`.
    ///
    /// A `MultiplexedConnection` does not reconnect: use [`connect_with`](Self::connect_with).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use alf_redis::{RedisStore, redis};
    ///
    /// # async fn f() -> redis::RedisResult<()> {
    /// let nodes = vec!["redis://10.0.0.1", "redis://10.0.0.2"];
    /// let cluster = redis::cluster::ClusterClient::new(nodes)?;
    /// let store = RedisStore::new(cluster.get_async_connection().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(connection: C) -> Self {
        Self::connect_with(move || ready(Ok(connection.clone())))
    }

    /// Returns a store that opens its connections with a function, for example with Redis Sentinel.
    ///
    /// The store calls the function if it has no connection yet, if the connection was lost or did not answer in time, and if the
    /// server answers READONLY. Set no time limit for the connection, or one below alf's `store_timeout`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::sync::Arc;
    ///
    /// use alf_redis::{RedisStore, redis};
    /// use redis::sentinel::{SentinelClient, SentinelServerType};
    /// use tokio::sync::Mutex;
    ///
    /// let sentinels = vec!["redis://10.0.0.1:26379", "redis://10.0.0.2:26379"];
    /// let client = SentinelClient::build(sentinels, "main", None, SentinelServerType::Master)?;
    /// let client = Arc::new(Mutex::new(client));
    /// let store = RedisStore::connect_with(move || {
    ///     let client = Arc::clone(&client);
    ///     async move { client.lock().await.get_async_connection().await }
    /// });
    /// # Ok::<(), redis::RedisError>(())
    /// ```
    pub fn connect_with<F, Fut>(connect: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = RedisResult<C>> + Send + 'static,
    {
        Self {
            connector: Connector::new(connect),
        }
    }
}

#[async_trait]
impl<C: ConnectionLike + Clone + Send + Sync + 'static> TokenStore for RedisStore<C> {
    async fn read(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        let mut command = redis::cmd("GET");
        command.arg(key.as_str());
        let value: Option<Vec<u8>> = self.connector.run(&command).await?;
        // No two values are equal, so a value is its own version, also after a delete.
        Ok(value.map(|value| Stored::new(value.clone(), Version::new(value))))
    }

    async fn write(
        &self,
        key: &StoreKey,
        expected: Option<&Version>,
        value: &[u8],
        keep_for: Duration,
    ) -> Result<Written, StoreError> {
        let keep_for = u64::try_from(keep_for.as_millis()).unwrap_or(LONGEST);
        // EVALSHA would save 300 bytes, and cost a second round trip whenever the server does not have the script.
        let mut command = redis::cmd("EVAL");
        command.arg(COMPARE_AND_SWAP).arg(1).arg(key.as_str());
        command.arg(value).arg(keep_for.clamp(1, LONGEST));
        command.arg(expected.map(Version::as_bytes));
        let is_done: bool = self.connector.run(&command).await?;
        Ok(if is_done {
            Written::Done(Version::new(value))
        } else {
            Written::Conflict
        })
    }
}

impl<C> fmt::Debug for RedisStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").finish_non_exhaustive()
    }
}

/// rustls panics if none is installed and several are compiled. Installing fails if another thread was faster.
fn choose_provider() {
    #[cfg(feature = "rustls")]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        rustls::crypto::aws_lc_rs::default_provider()
            .install_default()
            .ok();
    }
}

/// If the value is already there, this is the second try, and the reply to the first was lost. An ARGV[3] that is missing is
/// nil, and so is the version of no value.
const COMPARE_AND_SWAP: &str = "\
local current = redis.call('GET', KEYS[1]) or nil
if current == ARGV[1] then return 1 end
if current ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1";

/// A thousand years, in milliseconds. Redis refuses a moment that does not fit into 63 bits.
const LONGEST: u64 = 1000 * 365 * 24 * 60 * 60 * 1000;

const NO_RUNTIME: &str = "there is no tokio runtime; set the client's `runtime` to `TokioRuntime`";
