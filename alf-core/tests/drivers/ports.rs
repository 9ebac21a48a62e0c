//! What the types promise: no work while idle, `Send`, and ports that are easy to replace.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alf_core::{
    Client, Error, ExchangeError, ExchangeOptions, FnTransport, OriginRef, Redirects, TokenError,
    TokenManager, TokenTransport, Transport, from_fn,
};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};

use crate::support::{
    API, Api, ApiError, ApiRequest, ApiResponse, CLIENT_ID, DUE, Endpoint, Harness, LIFETIME,
    Reply, SECRET, TOKEN_ENDPOINT, seconds,
};

fn is_shared<T: Send + Sync + Clone + 'static>() {}
fn is_send<T: Send>(_: &T) {}
fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
fn is_object_safe(_: &dyn TokenTransport) {}

/// A transport need not be `Clone`.
struct NotClone;

/// The compiler checks these.
#[expect(dead_code, reason = "compiled, never called")]
fn promises(client: &Client<Api>, endpoint: &Endpoint, request: ApiRequest) {
    is_object_safe(endpoint);
    is_shared::<Client<Api>>();
    is_shared::<Client<NotClone>>();
    is_shared::<TokenManager>();
    is_shared::<TokenError>();
    is_send(&client.send(request));
    is_send(&client.tokens().token());
    is_error::<Error<ApiError>>();
    is_error::<TokenError>();
}

type BoxedResponse = Result<Response<Full<Bytes>>, std::io::Error>;
type BoxedClosure = Box<
    dyn Fn(Request<Bytes>) -> Pin<Box<dyn Future<Output = BoxedResponse> + Send>> + Send + Sync,
>;

/// A client whose type an application can name, in a task of tokio.
#[expect(dead_code, reason = "compiled, never called")]
fn nameable_client_can_be_spawned(
    client: Client<FnTransport<BoxedClosure>>,
    request: Request<Bytes>,
) {
    let other = request.clone();
    is_send(&async move {
        let _ = client.send_without_token(other).await;
        client.send(request).await.is_ok()
    });
}

#[test]
fn idle_client_has_no_task_and_no_timer() {
    let harness = Harness::new();
    let client = harness.client();
    harness.runtime.run_until_stalled();
    // Nothing runs before the first request.
    assert_eq!(harness.endpoint.requests(), 0);
    harness.assert_idle();
    harness.get_now(&client);
    harness.assert_idle();
    // Nor when the token is due, or has expired.
    harness.advance(DUE);
    harness.assert_idle();
    harness.advance(LIFETIME);
    harness.assert_idle();
    assert_eq!(harness.endpoint.requests(), 1);
    // Nor in a back-off, nor in a cool-down.
    harness.endpoint.reply(Reply::refuse(400, "invalid_client"));
    harness.ask_now(client.tokens()).unwrap_err();
    harness.assert_idle();
    harness.advance(seconds(1));
    harness.api.answers(|_| ApiResponse::rejection());
    assert_eq!(harness.get_now(&client), 401);
    assert_eq!(harness.get_now(&client), 401);
    harness.assert_idle();
}

#[test]
fn acquisition_ends_though_its_client_was_dropped() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    harness.advance(DUE);
    let renewal = harness.endpoint.hold();
    harness.get_now(&client);
    drop(client);
    harness.answer(renewal, Reply::Issue);
    harness.assert_idle();
}

mockall::mock! {
    Endpoint {}

    #[async_trait]
    impl TokenTransport for Endpoint {
        async fn exchange(
            &self,
            request: Request<Bytes>,
            options: &ExchangeOptions,
        ) -> Result<Response<Bytes>, ExchangeError>;
    }
}

mockall::mock! {
    Library {
        fn send(&self, request: String) -> Result<u16, std::io::Error>;
        fn origin(&self, request: &String) -> OriginRef<'static>;
        fn insert_header(&self, request: &mut String, name: &HeaderName, value: &HeaderValue);
        fn try_clone(&self, request: &mut String) -> Option<String>;
        fn response_origin(&self, response: &u16) -> Option<OriginRef<'static>>;
        fn discard(&self, response: u16);
    }
}

/// By hand, because mockall cannot mock methods that return what they borrow from an argument.
impl Transport for MockLibrary {
    type Request = String;
    type Response = u16;
    type Error = std::io::Error;

    async fn send(&self, request: String) -> Result<u16, std::io::Error> {
        self.send(request)
    }

    fn origin<'r>(&self, request: &'r String) -> OriginRef<'r> {
        self.origin(request)
    }

    fn head(&self, _: &String) -> (Method, Uri) {
        (Method::GET, Uri::from_static(API))
    }

    fn insert_header(&self, request: &mut String, name: &HeaderName, value: &HeaderValue) {
        self.insert_header(request, name, value);
    }

    fn try_clone(&self, request: &mut String) -> Option<String> {
        self.try_clone(request)
    }

    fn status(&self, response: &u16) -> StatusCode {
        StatusCode::from_u16(*response).unwrap()
    }

    fn header_values(&self, _: &u16, _: &HeaderName) -> Vec<HeaderValue> {
        Vec::new()
    }

    fn response_origin<'r>(&self, response: &'r u16) -> Option<OriginRef<'r>> {
        self.response_origin(response)
    }

    async fn discard(&self, response: u16) {
        self.discard(response);
    }
}

#[test]
fn p1_both_ports_can_be_mocked() {
    let mut endpoint = MockEndpoint::new();
    let mut issued = 0;
    endpoint.expect_exchange().times(2).returning(move |_, _| {
        issued += 1;
        let body = format!(r#"{{"access_token":"token-{issued}"}}"#);
        Ok(Response::new(Bytes::from(body)))
    });
    let mut library = MockLibrary::new();
    library
        .expect_origin()
        .times(2)
        .returning(|_| OriginRef::parse(API).unwrap());
    library
        .expect_try_clone()
        .times(2)
        .returning(|request| Some(request.clone()));
    library
        .expect_insert_header()
        .times(2)
        .returning(|request, _, value| request.push_str(value.to_str().unwrap()));
    library.expect_send().times(2).returning(|request| {
        Ok(match request.as_str() {
            "GET Bearer token-1" => 401,
            "GET Bearer token-2" => 204,
            other => panic!("{other}"),
        })
    });
    library
        .expect_response_origin()
        .times(1)
        .returning(|_| None);
    library.expect_discard().times(1).return_const(());
    let harness = Harness::new();
    let client = harness
        .builder()
        .client_secret(CLIENT_ID, SECRET)
        .build_with(Arc::new(library), Arc::new(endpoint))
        .unwrap();
    let status = harness
        .runtime
        .block_on(async move { client.send("GET ".to_owned()).await.unwrap() });
    assert_eq!(status, 204);
}

#[test]
fn p1_from_fn_is_a_complete_transport() {
    let harness = Harness::new();
    let issued = Arc::new(AtomicUsize::new(0));
    let transport = from_fn(Redirects::NotFollowed, move |request: Request<Bytes>| {
        let issued = Arc::clone(&issued);
        async move {
            if request.uri() == TOKEN_ENDPOINT {
                let number = issued.fetch_add(1, Ordering::Relaxed) + 1;
                let token = format!(r#"{{"access_token":"token-{number}"}}"#);
                return Ok::<_, std::io::Error>(Response::new(Full::from(token)));
            }
            if request.uri().host() == Some("gone.example.com") {
                return Err(std::io::ErrorKind::ConnectionReset.into());
            }
            let mut response = Response::new(Full::new(request.body().clone()));
            if request.headers()[AUTHORIZATION] == "Bearer token-1" {
                *response.status_mut() = StatusCode::UNAUTHORIZED;
            }
            Ok(response)
        }
    });
    let builder = harness.builder().client_secret(CLIENT_ID, SECRET);
    let client = builder.build(transport).unwrap();
    let request = Request::post(API).body(Bytes::from("a body")).unwrap();
    let sending = client.clone();
    let response = harness
        .runtime
        .block_on(async move { sending.send(request).await.unwrap() });
    assert_eq!(response.status(), 200);
    let body = harness
        .runtime
        .block_on(async move { response.into_body().collect().await.unwrap().to_bytes() });
    assert_eq!(body, "a body", "the replay has the body too");

    let request = Request::get("https://gone.example.com/").body(Bytes::new());
    let sending = client.clone();
    let outcome = harness
        .runtime
        .block_on(async move { sending.send(request.unwrap()).await });
    let Err(Error::Transport(error)) = outcome else {
        panic!("{outcome:?}");
    };
    let error = error.into_inner().downcast::<std::io::Error>().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

    let request = Request::get("/no/origin").body(Bytes::new()).unwrap();
    let outcome = harness
        .runtime
        .block_on(async move { client.send(request).await });
    assert!(matches!(outcome, Err(Error::NotAllowed(_))), "{outcome:?}");
}

#[test]
fn t7_from_fn_reads_at_most_a_mebibyte_of_a_token_response() {
    let harness = Harness::new();
    let transport = from_fn(Redirects::NotFollowed, |_: Request<Bytes>| async {
        let body = Full::<Bytes>::from(vec![b' '; 1024 * 1024 + 1]);
        Ok::<_, std::io::Error>(Response::new(body))
    });
    let builder = harness.builder().client_secret(CLIENT_ID, SECRET);
    let client = builder.build(transport).unwrap();
    let error = harness.ask_now(client.tokens()).unwrap_err();
    assert_eq!(error.kind(), alf_core::TokenErrorKind::Unreadable);
    assert!(error.to_string().contains("1 MiB"), "{error}");
}

#[test]
fn token_manager_needs_no_transport() {
    let harness = Harness::new();
    let tokens = Client::builder(TOKEN_ENDPOINT)
        .client_secret(CLIENT_ID, SECRET)
        .runtime(harness.runtime.clone())
        .build_tokens(harness.endpoint.clone())
        .unwrap();
    assert_eq!(harness.token_now(&tokens), "token-1");
    assert_eq!(harness.token_now(&tokens.clone()), "token-1");
    assert_eq!(harness.endpoint.requests(), 1);
}
