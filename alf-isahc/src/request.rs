//! Changes to a built request that isahc offers only on its builder.

use std::mem;

use isahc::http::Extensions;
use isahc::http::request::Builder;
use isahc::{AsyncBody, Request, RequestExt};

use crate::body;

/// Sets what [`Configurable`](isahc::config::Configurable) can set, over what the request has.
pub(crate) fn configure<B>(request: &mut Request<B>, set: impl FnOnce(Builder) -> Builder) {
    // isahc keeps its settings among the extensions.
    let mut builder = Request::builder();
    move_extensions(Some(request.extensions_mut()), builder.extensions_mut());
    builder = set(builder);
    move_extensions(builder.extensions_mut(), Some(request.extensions_mut()));
}

/// A copy that sends the same, with isahc's settings; `None` where the body cannot be sent twice
/// (R4).
pub(crate) fn try_clone(request: &mut Request<AsyncBody>) -> Option<Request<AsyncBody>> {
    let body = body::try_clone(request.body_mut())?;
    // Method, URI, version, every value of each header, isahc's settings, and the cookie jar.
    let mut copy = request.to_builder().body(body).ok()?;
    request.extensions().clone().replace(copy.extensions_mut());
    Some(copy)
}

fn move_extensions(from: Option<&mut Extensions>, to: Option<&mut Extensions>) {
    if let (Some(from), Some(to)) = (from, to) {
        *to = mem::take(from);
    }
}

/// What `clone()` makes of `&Extensions`: with http 1 other extensions, with http 0.2 the same
/// reference once more. isahc can be built on either.
trait Cloned {
    fn replace(self, others: &mut Extensions);
}

impl Cloned for Extensions {
    fn replace(self, others: &mut Extensions) {
        *others = self;
    }
}

impl Cloned for &Extensions {
    /// What isahc copied is there; extensions of others cannot be copied.
    fn replace(self, _: &mut Extensions) {}
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use isahc::config::{Configurable, RedirectPolicy};

    use super::*;

    /// Those that isahc does not know, too.
    #[test]
    fn r3_copy_has_every_extension() {
        let mut request = Request::get("http://127.0.0.1/")
            .timeout(Duration::from_secs(7))
            .extension(Theirs(1))
            .body(AsyncBody::from("a body"))
            .unwrap();
        let copy = try_clone(&mut request).unwrap();
        assert_eq!(copy.extensions().get(), Some(&Theirs(1)));
        assert_eq!(copy.extensions().len(), request.extensions().len());
        assert_eq!(copy.body().len(), Some(6));
    }

    #[test]
    fn p3_what_is_set_stands_beside_what_was() {
        let mut request = Request::get("http://127.0.0.1/")
            .extension(Theirs(1))
            .body(())
            .unwrap();
        configure(&mut request, |request| {
            request.redirect_policy(RedirectPolicy::Limit(3))
        });
        assert_eq!(request.extensions().get(), Some(&Theirs(1)));
        assert_eq!(request.extensions().len(), 2, "isahc's settings are one");
        configure(&mut request, |request| {
            request.timeout(Duration::from_secs(7))
        });
        assert_eq!(request.extensions().len(), 2);
    }

    #[derive(Clone, Debug, PartialEq)]
    struct Theirs(u8);
}
