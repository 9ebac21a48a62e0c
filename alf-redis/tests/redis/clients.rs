//! Clients that share a token.

use alf_redis::RedisStore;
use alf_reqwest::{Client, SealingKey};
use alf_testkit::Servers;

use crate::server::{Program, Server};

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn ten_clients_make_one_token_request_for_each_renewal() {
    for program in [Program::Redis, Program::Valkey] {
        let store = Server::start(program, &[]);
        let servers = Servers::start();
        let clients: Vec<_> = (0..10).map(|_| client(&servers, &store)).collect();
        all_call(&clients, &servers).await;
        assert_eq!(servers.authorization.token_requests(), 1);
        servers.revoke_all();
        all_call(&clients, &servers).await;
        assert_eq!(servers.authorization.token_requests(), 2);
    }
}

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn a_token_costs_three_round_trips_and_a_restart_one() {
    let store = Server::start(Program::Redis, &[]);
    let servers = Servers::start();
    let first = client(&servers, &store);
    all_call(&[first], &servers).await;
    // The claim and the save. Nobody waits for the save.
    while store.commands("eval") < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.commands("get"), 1 + 2);
    all_call(&[client(&servers, &store)], &servers).await;
    assert_eq!(
        (store.commands("eval"), store.commands("get")),
        (2, 1 + 2 + 1)
    );
    assert_eq!(servers.authorization.token_requests(), 1);
}

async fn all_call(clients: &[Client], servers: &Servers) {
    let calls = clients.iter().map(|client| {
        let call = client.get(servers.url("/things")).send();
        tokio::spawn(call)
    });
    let calls: Vec<_> = calls.collect();
    for call in calls {
        let response = call.await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
    }
}

fn client(servers: &Servers, store: &Server) -> Client {
    let store = RedisStore::from_url(&store.url()).unwrap();
    Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .store(
            store,
            SealingKey::from_bytes(*b"0123456789abcdef0123456789abcdef"),
        )
        .build()
        .unwrap()
}
