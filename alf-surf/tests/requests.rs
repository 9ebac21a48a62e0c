//! Requests without a token.

use alf_surf::Client;
use alf_testkit::{Answer, Servers};
use pollster::block_on;

#[test]
fn f6_request_without_a_token_is_sent_as_it_is() {
    let servers = Servers::start();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build()
        .unwrap();
    servers.resource.answer_always(Answer::status(204));
    let url = servers.url("/health");
    let response = block_on(client.get(url).without_token().send()).unwrap();
    assert_eq!(response.status(), 204);
    let requests = servers.resource.requests();
    assert_eq!(requests[0].header("authorization"), None);
    assert_eq!(servers.authorization.token_requests(), 0);
}
