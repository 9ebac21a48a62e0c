//! alf's conformance suite on surf, on each of the back ends that are built.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::future::Future;
use std::io::Write;
use std::marker::PhantomData;
use std::sync::Arc;

use alf_surf::surf::{self, Body, Request, Response, Url};
use alf_surf::{Client, FollowRedirects, H1Client, Runtime, SurfTransport, ThreadRuntime};
use alf_testkit::conformance::{self, Capability, ReadError, Setup, Subject};
use futures_util::io::{AllowStdIo, AsyncReadExt, BufReader};

/// What one run of the suite is on.
trait On: 'static {
    /// For the user's requests, and another one for token requests; `None` for alf's own.
    fn http_client(setup: &Setup) -> Option<surf::Client>;

    fn prepare(_: &mut Request) {}

    fn lacks() -> Vec<Capability>;

    fn known_failures() -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }
}

struct Surf<O>(PhantomData<O>);

impl<O: On> Subject for Surf<O> {
    type Transport = SurfTransport;

    fn transport(setup: &Setup) -> SurfTransport {
        let mut builder =
            Client::builder("https://auth.example.com/token").client_secret("id", "secret");
        if let Some(calls) = O::http_client(setup) {
            builder = builder.http_client(calls);
        }
        if let Some(tokens) = O::http_client(setup) {
            builder = builder.token_http_client(tokens);
        }
        builder.build().unwrap().core().transport().clone()
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn request(_: &SurfTransport, request: http::Request<conformance::Body>) -> Request {
        let (head, body) = request.into_parts();
        let method = head.method.as_str().parse().unwrap();
        let mut request = Request::new(method, Url::parse(&head.uri.to_string()).unwrap());
        for (name, value) in &head.headers {
            request.append_header(name.as_str(), value.to_str().unwrap());
        }
        match body.try_into_bytes() {
            Ok(bytes) if bytes.is_empty() => {}
            Ok(bytes) => request.set_body(bytes.to_vec()),
            Err(stream) => {
                let stream = BufReader::new(AllowStdIo::new(stream));
                request.set_body(Body::from_reader(stream, None));
            }
        }
        O::prepare(&mut request);
        request
    }

    async fn read(mut response: Response, sink: &mut (dyn Write + Send)) -> Result<(), ReadError> {
        let mut piece = vec![0; 64 * 1024];
        loop {
            match response.read(&mut piece).await? {
                0 => return Ok(()),
                length => sink.write_all(piece.get(..length).unwrap_or_default())?,
            }
        }
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        pollster::block_on(future)
    }

    fn lacks() -> Vec<Capability> {
        O::lacks()
    }

    fn known_failures() -> Vec<(&'static str, &'static str)> {
        O::known_failures()
    }
}

/// What alf makes by itself: curl where that is built, else h1.
mod own {
    use super::*;

    struct Own;

    impl On for Own {
        fn http_client(_: &Setup) -> Option<surf::Client> {
            None
        }

        fn lacks() -> Vec<Capability> {
            let back_end = if cfg!(feature = "curl-client") {
                curl_lacks()
            } else {
                h1_lacks()
            };
            let others = [
                Capability::Redirects,
                Capability::Tls,
                Capability::ConnectionLimit,
            ];
            back_end.into_iter().chain(others).collect()
        }
    }

    alf_testkit::conformance!(Surf<Own>);
}

/// The back ends as users configure them, and redirects that are followed.
mod h1 {
    use super::*;

    struct H1;

    impl On for H1 {
        fn http_client(setup: &Setup) -> Option<surf::Client> {
            Some(surf::Client::with_http_client(back_end(setup)))
        }

        fn prepare(request: &mut Request) {
            request.middleware(FollowRedirects::new(3));
        }

        fn lacks() -> Vec<Capability> {
            h1_lacks()
        }
    }

    #[cfg(feature = "h1-client")]
    fn back_end(setup: &Setup) -> H1Client {
        use alf_surf::async_native_tls::{Certificate, TlsConnector};
        let mut tls = TlsConnector::new();
        if let Some(certificate) = &setup.root_certificate {
            tls = tls.add_root_certificate(Certificate::from_pem(certificate.as_bytes()).unwrap());
        }
        H1Client::new().tls(tls)
    }

    #[cfg(not(feature = "h1-client"))]
    fn back_end(_: &Setup) -> H1Client {
        H1Client::new()
    }

    alf_testkit::conformance!(Surf<H1>);
}

#[cfg(feature = "curl-client")]
mod curl {
    use super::*;

    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use alf_surf::CurlClient;
    use alf_surf::isahc::HttpClient;
    use alf_surf::isahc::config::{CaCertificate, Configurable};

    struct Curl;

    impl On for Curl {
        fn http_client(setup: &Setup) -> Option<surf::Client> {
            let mut curl = HttpClient::builder();
            if let Some(most) = setup.max_connections {
                curl = curl.max_connections_per_host(most);
            }
            if let Some(certificate) = &setup.root_certificate {
                curl = curl.ssl_ca_certificate(CaCertificate::file(file_of(certificate)));
            }
            let back_end = CurlClient::from_isahc(curl.build().unwrap());
            Some(surf::Client::with_http_client(back_end))
        }

        fn prepare(request: &mut Request) {
            request.middleware(FollowRedirects::new(3));
        }

        fn lacks() -> Vec<Capability> {
            curl_lacks()
        }

        fn known_failures() -> Vec<(&'static str, &'static str)> {
            vec![(
                "t4_the_error_of_a_certificate_tells_what_is_wrong_with_it",
                "isahc's error is the same for all causes, without curl's text",
            )]
        }
    }

    /// curl reads it with each connection: a file that nobody writes meanwhile.
    fn file_of(certificate: &str) -> PathBuf {
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let name = format!("root-{}.pem", FILES.fetch_add(1, Ordering::Relaxed));
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&file, certificate).unwrap();
        file
    }

    alf_testkit::conformance!(Surf<Curl>);
}

fn h1_lacks() -> Vec<Capability> {
    // It keeps no connections, so a limit of them has no effect.
    let mut lacks = vec![Capability::ConnectionReuse, Capability::ConnectionLimit];
    if !cfg!(feature = "h1-client") {
        lacks.push(Capability::Tls);
    }
    lacks
}

/// isahc returns a response with the first byte of its body, and logs everything that is sent.
fn curl_lacks() -> Vec<Capability> {
    vec![
        Capability::EarlyHeads,
        Capability::PromptDiscard,
        Capability::DiscreetLogs,
    ]
}
