//! X4: which redirects reqwest may follow with a token on the request.
//!
//! reqwest drops `Authorization` from the request that goes to *another origin than the one before*
//! (scheme, host or port), but starts each hop with the headers of the first. So from A to B the
//! token is dropped, and from B to another page of B it is there again. That one redirect is what
//! [`guard_redirects`] refuses; all others are safe.

use std::fmt;

use reqwest::Url;
use reqwest::redirect::Policy;

/// Returns a redirect policy that follows what `policy` follows, but never sends the token to another
/// origin.
///
/// reqwest drops the `Authorization` header if a redirect leads to another origin. It sends the header
/// again if the next redirect stays at that origin: after A → B → B, server B has the token. The
/// clients that alf builds already have this policy. Give it to a client of your own, and set that
/// client as [`UncheckedRedirects`](crate::UncheckedRedirects), because reqwest does not show what a
/// policy does. Or use [`Policy::none`].
///
/// It protects the `Authorization` header. If the token is in another one
/// ([`token_header`](crate::ClientBuilder::token_header)), use [`Policy::none`].
///
/// The redirect that would carry the token fails with reqwest's error, whose `is_redirect()` is
/// true.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use alf_reqwest::reqwest::{self, redirect::Policy};
/// use alf_reqwest::{UncheckedRedirects, guard_redirects};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let http_client = reqwest::Client::builder()
///     .timeout(Duration::from_secs(5))
///     .redirect(guard_redirects(Policy::default()))
///     .build()?;
/// let client = alf_reqwest::Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .http_client(UncheckedRedirects(http_client))
///     .build()?;
/// # let _ = client;
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
pub fn guard_redirects(policy: Policy) -> Policy {
    Policy::custom(move |attempt| {
        let next = attempt.url();
        let kept = attempt
            .previous()
            .last()
            .is_some_and(|last| same_origin(last, next));
        let allowed = attempt
            .previous()
            .first()
            .is_some_and(|first| same_origin(first, next));
        if kept && !allowed {
            return attempt.error(TokenElsewhere);
        }
        policy.redirect(attempt)
    })
}

/// For a token in another header than `Authorization`, which reqwest sends to every target of a redirect. A redirect that
/// leaves the origin is the answer.
pub(crate) fn within_origin() -> Policy {
    let default = Policy::default();
    Policy::custom(move |attempt| {
        let first = attempt.previous().first();
        if first.is_some_and(|first| same_origin(first, attempt.url())) {
            default.redirect(attempt)
        } else {
            attempt.stop()
        }
    })
}

/// As reqwest compares them, from 0.13.4 on.
fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme()
        && a.host_str() == b.host_str()
        && a.port_or_known_default() == b.port_or_known_default()
}

#[derive(Debug)]
struct TokenElsewhere;

impl std::error::Error for TokenElsewhere {}

impl fmt::Display for TokenElsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("alf does not follow this redirect, because reqwest would send the token to another origin; \
             call that origin directly")
    }
}

/// Whether the client follows redirects, or may follow them.
///
/// reqwest shows it only in `Debug`. Compare with the `Debug` of a client that follows
/// none.
pub(crate) fn follows_redirects(client: &reqwest::Client) -> bool {
    !format!("{client:?}").contains(r#"redirect_policy: "Policy(None)""#)
}

/// Whether a client of this builder, async or blocking, will follow no redirects.
///
/// In the indented `Debug`, no value of a header can look like this field.
pub(crate) fn follows_none(builder: &impl fmt::Debug) -> bool {
    format!("{builder:#?}").contains("\n    redirect_policy: Policy(\n        None,\n    ),\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t7_debug_tells_whether_a_client_follows_redirects() {
        let client = |policy| reqwest::Client::builder().redirect(policy).build().unwrap();
        assert!(!follows_redirects(&client(Policy::none())));
        assert!(follows_redirects(&client(Policy::default())));
        assert!(follows_redirects(&client(Policy::limited(3))));
        assert!(follows_redirects(&client(guard_redirects(Policy::none()))));
        assert!(follows_redirects(&reqwest::Client::new()));
    }

    #[test]
    fn x4_debug_tells_whether_a_builder_follows_redirects() {
        let builder = |policy| reqwest::Client::builder().redirect(policy);
        assert!(follows_none(&builder(Policy::none())));
        assert!(!follows_none(&builder(Policy::default())));
        assert!(!follows_none(&builder(Policy::limited(3))));
        assert!(!follows_none(&builder(guard_redirects(Policy::none()))));
        assert!(!follows_none(&reqwest::Client::builder()));
        let text = "\n    redirect_policy: Policy(\n        None,\n    ),\n";
        for text in [text, &text.replace('\n', "\t"), &format!("\"{text}")] {
            assert!(!follows_none(&reqwest::Client::builder().user_agent(text)));
        }
    }
}
