//! Where a request goes: scheme, host and port.

use std::fmt;
use std::net::IpAddr;

use http::Uri;

/// The origin of a URL: scheme, host and port
/// ([RFC 6454 §4](https://www.rfc-editor.org/rfc/rfc6454#section-4)).
///
/// alf compares origins to keep tokens where they belong: a token is not sent over plain `http`
/// (except to loopback), not outside of `allowed_origins`, and a 401 from another origin than the
/// request's says nothing of the token.
///
/// # Examples
///
/// ```
/// use alf_core::Origin;
///
/// let origin = Origin::parse("https://api.example.com/things?page=2").unwrap();
/// assert_eq!(origin, Origin::new("https", "API.example.com", None));
/// assert_eq!(origin.to_string(), "https://api.example.com");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: Box<str>,
    port: u16,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Scheme {
    Http,
    Https,
    Other(Box<str>),
}

impl Origin {
    /// An origin from its parts; without a `port` it is the default port of the scheme.
    ///
    /// Scheme and host are compared case-insensitively. An IPv6 host may stand in brackets or not.
    pub fn new(scheme: &str, host: &str, port: Option<u16>) -> Self {
        let scheme = Scheme::new(scheme);
        let port = port.unwrap_or_else(|| scheme.default_port());
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut host = Box::<str>::from(host);
        host.make_ascii_lowercase();
        Self { scheme, host, port }
    }

    /// The origin of an absolute URL, or `None` where it has no scheme or no host, or a port that
    /// cannot be read.
    pub fn parse(url: &str) -> Option<Self> {
        Self::of(&url.parse().ok()?)
    }

    /// The origin of an absolute URI, or `None` where it has no scheme or no host, or a port that
    /// cannot be read.
    pub fn of(uri: &Uri) -> Option<Self> {
        let scheme = uri.scheme_str()?;
        let (host, port) = host_and_port(uri.authority()?.as_str())?;
        Some(Self::new(scheme, host, port))
    }

    /// Of what goes nowhere that alf knows, a request without scheme and host, say: no token is sent
    /// there.
    pub fn nowhere() -> Self {
        Self::new("", "", None)
    }

    /// The scheme, in lower case.
    pub fn scheme(&self) -> &str {
        match &self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Other(scheme) => scheme,
        }
    }

    /// The host, in lower case and without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether what is sent there is encrypted.
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Whether it is this machine: 127.0.0.0/8, `::1` or `localhost`.
    pub fn is_loopback(&self) -> bool {
        // The usual ones first: this is asked for every request over plain http.
        matches!(&*self.host, "localhost" | "127.0.0.1" | "::1")
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme())?;
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        if self.port == self.scheme.default_port() {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

impl Scheme {
    fn new(scheme: &str) -> Self {
        if scheme.eq_ignore_ascii_case("https") {
            Self::Https
        } else if scheme.eq_ignore_ascii_case("http") {
            Self::Http
        } else {
            Self::Other(scheme.to_ascii_lowercase().into())
        }
    }

    fn default_port(&self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Other(_) => 0,
        }
    }
}

/// Of an authority. `Uri::port` takes a port that it cannot read for none, and `Uri::host` leaves
/// out what follows a `]`: another library may read them otherwise, and go elsewhere.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let host_and_port = authority.rsplit('@').next()?;
    // An IPv6 address has colons of its own.
    let end = if host_and_port.starts_with('[') {
        host_and_port.find(']')? + 1
    } else {
        host_and_port.find(':').unwrap_or(host_and_port.len())
    };
    let (host, rest) = host_and_port.split_at_checked(end)?;
    if host.is_empty() || (!host.starts_with('[') && host.contains(['[', ']'])) {
        return None;
    }
    if matches!(rest, "" | ":") {
        return Some((host, None));
    }
    let port = rest.strip_prefix(':')?;
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None; // `parse` would take a sign, too
    }
    Some((host, Some(port.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x3_what_cannot_be_read_is_no_origin() {
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
            let origin = Origin::parse(url).unwrap();
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
        ] {
            assert!(Origin::parse(url).unwrap().is_loopback(), "{url}");
        }
        for url in [
            "http://localhost.example.com/",
            "http://128.0.0.1/",
            "http://127.0.0.1.example.com/",
            "http://0.0.0.0/",
            "http://[::2]/",
        ] {
            assert!(!Origin::parse(url).unwrap().is_loopback(), "{url}");
        }
    }

    #[test]
    fn x3_origins_differ_in_scheme_host_or_port() {
        let origin = Origin::new("https", "a.example", None);
        assert_eq!(origin, Origin::new("HTTPS", "A.example", Some(443)));
        assert_ne!(origin, Origin::new("http", "a.example", Some(443)));
        assert_ne!(origin, Origin::new("https", "b.example", None));
        assert_ne!(origin, Origin::new("https", "a.example", Some(444)));
        assert_eq!(
            Origin::parse("http://[::1]:80/x").unwrap().to_string(),
            "http://[::1]"
        );
        assert_eq!(Origin::parse("/relative"), None);
    }
}
