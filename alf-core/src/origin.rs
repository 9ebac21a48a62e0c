//! The origin of a request: scheme, host and port.

use std::fmt;
use std::net::IpAddr;

use http::Uri;

/// The origin of a URL: scheme, host and port
/// ([RFC 6454 §4](https://www.rfc-editor.org/rfc/rfc6454#section-4)).
///
/// alf checks origins to protect tokens. It does not send a token over plain `http`, except to loopback.
/// It does not send a token to an origin that `allowed_origins` does not contain. A 401 does not reject
/// the token if it comes from another origin than the request's. [`OriginRef`] is the borrowed form.
///
/// # Examples
///
/// ```
/// use alf_core::Origin;
///
/// let origin = Origin::parse("https://api.example.com/things?page=2").unwrap();
/// assert_eq!(origin.as_ref().host(), "api.example.com");
/// assert_eq!(origin.to_string(), "https://api.example.com");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Box<str>,
    host: Box<str>,
    port: u16,
}

/// An [`Origin`] that borrows from a request or a response.
///
/// Scheme and host are compared case-insensitively.
///
/// # Examples
///
/// ```
/// use alf_core::OriginRef;
///
/// let origin = OriginRef::parse("https://API.example.com:443/things").unwrap();
/// assert_eq!(origin, OriginRef::new("https", "api.example.com", None));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OriginRef<'a> {
    scheme: &'a str,
    host: &'a str,
    port: u16,
}

impl Origin {
    /// Returns the origin of a URL: see [`OriginRef::parse`].
    pub fn parse(url: &str) -> Option<Self> {
        OriginRef::parse(url).map(OriginRef::to_origin)
    }

    /// Borrows this origin.
    pub fn as_ref(&self) -> OriginRef<'_> {
        OriginRef {
            scheme: &self.scheme,
            host: &self.host,
            port: self.port,
        }
    }
}

impl<'a> OriginRef<'a> {
    /// The origin of a request whose URL has no scheme or no host. alf sends nothing to it.
    pub const NOWHERE: Self = Self {
        scheme: "",
        host: "",
        port: 0,
    };

    /// Returns the origin with these parts. If `port` is `None`, it has the default port of the scheme.
    ///
    /// An IPv6 host may be in brackets.
    pub fn new(scheme: &'a str, host: &'a str, port: Option<u16>) -> Self {
        Self {
            scheme,
            host: host.trim_start_matches('[').trim_end_matches(']'),
            port: port.unwrap_or_else(|| default_port(scheme)),
        }
    }

    /// Returns the origin of an absolute URL, or `None` if the URL has no scheme, no host, or a port
    /// that is not a port number.
    pub fn parse(url: &'a str) -> Option<Self> {
        let (scheme, after_scheme) = url.split_once("://")?;
        let end = after_scheme.find(['/', '?', '#']);
        let (authority, _) = after_scheme.split_at(end.unwrap_or(after_scheme.len()));
        Self::from_authority(scheme, authority)
    }

    /// Returns the origin of an absolute URI, or `None` as [`parse`](Self::parse) does.
    pub fn of(uri: &'a Uri) -> Option<Self> {
        Self::from_authority(uri.scheme_str()?, uri.authority()?.as_str())
    }

    /// Returns the origin of a scheme and an authority
    /// ([RFC 3986 §3.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2)), or `None` as
    /// [`parse`](Self::parse) does.
    pub fn from_authority(scheme: &'a str, authority: &'a str) -> Option<Self> {
        let (host, port) = host_and_port(authority)?;
        (!scheme.is_empty()).then(|| Self::new(scheme, host, port))
    }

    /// Returns the scheme, as it was written.
    pub fn scheme(self) -> &'a str {
        self.scheme
    }

    /// Returns the host, as it was written, but without brackets.
    pub fn host(self) -> &'a str {
        self.host
    }

    /// Returns the port.
    pub fn port(self) -> u16 {
        self.port
    }

    /// Returns whether the scheme is `https`.
    pub fn is_https(self) -> bool {
        self.scheme.eq_ignore_ascii_case("https")
    }

    /// Returns whether the scheme is plain `http`.
    pub fn is_http(self) -> bool {
        self.scheme.eq_ignore_ascii_case("http")
    }

    /// Returns whether the host is this machine: 127.0.0.0/8, `::1` or `localhost`.
    pub fn is_loopback(self) -> bool {
        let host = self.host;
        // Parsed only if it must be: this is asked for every request over plain `http`.
        host == "127.0.0.1"
            || host.eq_ignore_ascii_case("localhost")
            || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }

    /// Returns an owned copy, in lower case.
    pub fn to_origin(self) -> Origin {
        Origin {
            scheme: self.scheme.to_ascii_lowercase().into(),
            host: self.host.to_ascii_lowercase().into(),
            port: self.port,
        }
    }
}

impl PartialEq for OriginRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.port == other.port
            && self.host.eq_ignore_ascii_case(other.host)
            && self.scheme.eq_ignore_ascii_case(other.scheme)
    }
}

impl Eq for OriginRef<'_> {}

impl fmt::Display for OriginRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(self.host)?;
        }
        if self.port == default_port(self.scheme) {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

fn default_port(scheme: &str) -> u16 {
    if scheme.eq_ignore_ascii_case("https") {
        443
    } else if scheme.eq_ignore_ascii_case("http") {
        80
    } else {
        0
    }
}

/// X3: `None` for every authority that another parser could read differently, and so send the
/// request elsewhere. `http::Uri` ignores a port that is not a number, and what follows a `]`.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let host_and_port = authority.rsplit('@').next()?;
    // An IPv6 address contains colons.
    let end = if host_and_port.starts_with('[') {
        host_and_port.find(']')? + 1
    } else {
        host_and_port.find(':').unwrap_or(host_and_port.len())
    };
    let (host, after_host) = host_and_port.split_at_checked(end)?;
    if host.is_empty() || (!host.starts_with('[') && host.contains(['[', ']'])) {
        return None;
    }
    if !authority.bytes().all(is_in_authority) {
        return None;
    }
    if matches!(after_host, "" | ":") {
        return Some((host, None));
    }
    let port = after_host.strip_prefix(':')?;
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None; // `parse` accepts a sign
    }
    Some((host, Some(port.parse().ok()?)))
}

/// RFC 3986 §3.2. A backslash is not: some parsers take it for a slash.
fn is_in_authority(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@[]".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x3_a_url_that_parsers_may_read_differently_has_no_origin() {
        for url in [
            "https://h:99999/",
            "https://h:65536/",
            "https://h:+80/",
            "https://h:80a/",
            "https://h:8:0/",
            "https://[::1]x/",
            "https://[::1]x:80/",
            "https://[::1]:x/",
            "https://a[::1]/",
            "https://a[b]c/",
            "https://[::1/",
            "https://:80/",
            "https://",
            "https://good.example\\@evil.example/",
            "https://good.example\\.evil.example/",
            "https://h /",
            "https:// h/",
            "https://h\t/",
            "https://ä.example/",
            "://h/",
            "//h/",
            "h:80",
            "h",
            "/relative",
            "*",
            "",
        ] {
            assert_eq!(Origin::parse(url), None, "{url}");
        }
        for (url, host, port) in [
            ("https://h", "h", 443),
            ("https://h:/", "h", 443),
            ("https://h:0/", "h", 0),
            ("https://h:00080/", "h", 80),
            ("https://h:65535/", "h", 65535),
            ("https://me:secret@h:1/", "h", 1),
            ("https://[::1]/", "::1", 443),
            ("https://me@[::1]:2", "::1", 2),
        ] {
            let origin = OriginRef::parse(url).unwrap();
            assert_eq!((origin.host(), origin.port()), (host, port), "{url}");
        }
    }

    #[test]
    fn x2_loopback_is_this_machine_only() {
        for url in [
            "http://127.0.0.1:8080/",
            "http://127.9.9.9/",
            "http://[::1]:1/",
            "http://LocalHost/",
            "http://[0:0::0:1]/",
        ] {
            assert!(OriginRef::parse(url).unwrap().is_loopback(), "{url}");
        }
        for url in [
            "http://localhost.example.com/",
            "http://128.0.0.1/",
            "http://127.0.0.1.example.com/",
            "http://0.0.0.0/",
            "http://[::2]/",
        ] {
            assert!(!OriginRef::parse(url).unwrap().is_loopback(), "{url}");
        }
    }

    #[test]
    fn x3_origins_differ_in_scheme_host_or_port() {
        let origin = OriginRef::new("https", "a.example", None);
        for (scheme, host, port, is_same) in [
            ("HTTPS", "A.example", Some(443), true),
            ("http", "a.example", Some(443), false),
            ("https", "b.example", None, false),
            ("https", "a.example", Some(444), false),
        ] {
            let other = OriginRef::new(scheme, host, port);
            assert_eq!(origin == other, is_same, "{other}");
            assert_eq!(origin.to_origin() == other.to_origin(), is_same, "{other}");
        }
        assert_eq!(
            Origin::parse("http://[::1]:80/x").unwrap().to_string(),
            "http://[::1]"
        );
    }
}
