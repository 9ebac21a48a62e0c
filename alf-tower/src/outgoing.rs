//! A request on its way to the service, and what is kept of it for a replay.

use std::sync::Arc;

use alf_core::OriginRef;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};
use http_body::Body;

use crate::error::BoxError;
use crate::replay_body::{Content, ReplayBody};
use crate::settings::Settings;

/// A request of a transport, or its copy. A copy is never sent: a copy of the copy is (R4).
pub(crate) struct Outgoing<B> {
    settings: Arc<Settings>,
    form: Form<B>,
}

enum Form<B> {
    Request(Request<ReplayBody<B>>),
    Kept(KeptRequest),
}

struct KeptRequest {
    method: Method,
    uri: Uri,
    version: Version,
    /// Not as a map, which would be another allocation for each call.
    headers: Vec<(HeaderName, HeaderValue)>,
    extensions: Extensions,
    content: Content,
}

impl<B> Outgoing<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    pub(crate) fn new(request: Request<ReplayBody<B>>, settings: Arc<Settings>) -> Self {
        Self {
            settings,
            form: Form::Request(request),
        }
    }

    /// Returns the request to send. `None` if its body was not kept whole.
    pub(crate) fn into_request(self) -> Option<Request<ReplayBody<B>>> {
        match self.form {
            Form::Request(request) => Some(request),
            Form::Kept(kept) => kept.request(),
        }
    }

    pub(crate) fn try_clone(&mut self) -> Option<Self> {
        let form = match &mut self.form {
            Form::Request(request) => {
                Form::Kept(KeptRequest::new(request, self.settings.replay_limit)?)
            }
            Form::Kept(kept) => Form::Request(kept.request()?),
        };
        Some(Self {
            settings: Arc::clone(&self.settings),
            form,
        })
    }

    pub(crate) fn origin(&self) -> OriginRef<'_> {
        let uri = self.settings.checked_uri(self.uri());
        OriginRef::of(uri).unwrap_or(OriginRef::NOWHERE)
    }

    pub(crate) fn uri(&self) -> &Uri {
        match &self.form {
            Form::Request(request) => request.uri(),
            Form::Kept(kept) => &kept.uri,
        }
    }

    pub(crate) fn method(&self) -> &Method {
        match &self.form {
            Form::Request(request) => request.method(),
            Form::Kept(kept) => &kept.method,
        }
    }

    pub(crate) fn insert_header(&mut self, name: &HeaderName, value: &HeaderValue) {
        match &mut self.form {
            Form::Request(request) => {
                request.headers_mut().insert(name.clone(), value.clone());
            }
            Form::Kept(kept) => {
                kept.headers.retain(|(other, _)| other != name);
                kept.headers.push((name.clone(), value.clone()));
            }
        }
    }
}

impl KeptRequest {
    fn new<B>(request: &mut Request<ReplayBody<B>>, limit: usize) -> Option<Self>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let content = request.body_mut().keep(limit)?;
        let headers = request.headers().iter();
        Some(Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: headers
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            extensions: request.extensions().clone(),
            content,
        })
    }

    fn request<B>(&self) -> Option<Request<ReplayBody<B>>>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(name.clone(), value.clone());
        }
        let mut request = Request::new(self.content.replay()?);
        request.method_mut().clone_from(&self.method);
        request.uri_mut().clone_from(&self.uri);
        *request.version_mut() = self.version;
        *request.headers_mut() = headers;
        request.extensions_mut().clone_from(&self.extensions);
        Some(request)
    }
}
