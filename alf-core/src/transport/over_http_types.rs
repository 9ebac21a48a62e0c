//! What the transports over closures do in the same way, whether the closure blocks or not.

/// The methods of [`Transport`](crate::Transport) that only read and write `http::Request` and
/// `http::Response`.
macro_rules! over_http_types {
    () => {
        fn origin<'r>(&self, request: &'r Self::Request) -> crate::OriginRef<'r> {
            crate::OriginRef::of(request.uri()).unwrap_or(crate::OriginRef::NOWHERE)
        }

        fn head(&self, request: &Self::Request) -> (http::Method, http::Uri) {
            (request.method().clone(), request.uri().clone())
        }

        fn insert_header(
            &self,
            request: &mut Self::Request,
            name: &http::HeaderName,
            value: &http::HeaderValue,
        ) {
            request.headers_mut().insert(name.clone(), value.clone());
        }

        fn try_clone(&self, request: &mut Self::Request) -> Option<Self::Request> {
            Some(request.clone())
        }

        fn status(&self, response: &Self::Response) -> http::StatusCode {
            response.status()
        }

        fn header_values(
            &self,
            response: &Self::Response,
            name: &http::HeaderName,
        ) -> Vec<http::HeaderValue> {
            response.headers().get_all(name).iter().cloned().collect()
        }

        fn response_origin<'r>(&self, _: &'r Self::Response) -> Option<crate::OriginRef<'r>> {
            // `Redirects::NotFollowed` promised it.
            None
        }
    };
}

pub(super) use over_http_types;
