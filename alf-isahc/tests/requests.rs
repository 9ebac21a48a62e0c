//! Requests without a token.

use alf_isahc::Client;
use alf_isahc::isahc::Request;
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
    let request = || Request::get(servers.url("/health")).body(()).unwrap();
    assert_eq!(client.send_without_token(request()).unwrap().status(), 204);
    let response = block_on(client.send_without_token_async(request()));
    assert_eq!(response.unwrap().status(), 204);
    for request in servers.resource.requests() {
        assert_eq!(request.header("authorization"), None);
    }
    assert_eq!(servers.authorization.token_requests(), 0);
}
