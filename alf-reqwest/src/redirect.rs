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

/// How a policy that follows no redirect looks in the `Debug` of a client or of a builder. reqwest shows it nowhere else.
///
/// Its words are learned from policies that are known, because they are not part of reqwest's API.
pub(crate) struct FollowsNone {
    /// One for each such policy.
    fields: Vec<String>,
}

impl FollowsNone {
    /// Compares what `with` makes of policies. `None` if their `Debug` does not differ.
    pub(crate) fn learn<T: fmt::Debug>(with: impl Fn(Policy) -> Option<T>) -> Option<Self> {
        let others = fields(&with(Policy::default())?);
        let own_field = |policy| {
            let mut fields = fields(&with(policy)?).into_iter();
            fields.find(|field| !others.contains(field))
        };
        let policies = [Policy::none(), Policy::limited(0)].into_iter();
        let fields = policies.map(own_field).collect::<Option<_>>()?;
        Some(Self { fields })
    }

    /// Whether a client, or what a builder makes, follows no redirect.
    pub(crate) fn is_shown_by(&self, shown: &impl fmt::Debug) -> bool {
        let shown = fields(shown);
        self.fields.iter().any(|field| shown.contains(field))
    }
}

/// The fields of a struct, from its indented `Debug`, in which no value of a header can look like a field.
fn fields(shown: &impl fmt::Debug) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for line in format!("{shown:#?}").lines() {
        let is_start = line
            .strip_prefix("    ")
            .is_some_and(|line| line.starts_with(char::is_alphabetic));
        match fields.last_mut() {
            Some(field) if !is_start => field.push_str(line.trim()),
            Some(_) | None => fields.push(line.to_owned()),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t7_debug_tells_whether_a_client_follows_redirects() {
        let client = |policy| reqwest::Client::builder().redirect(policy).build().unwrap();
        let none = FollowsNone::learn(|policy| Some(client(policy))).unwrap();
        assert!(none.is_shown_by(&client(Policy::none())));
        assert!(none.is_shown_by(&client(Policy::limited(0))));
        assert!(!none.is_shown_by(&client(Policy::default())));
        assert!(!none.is_shown_by(&client(Policy::limited(3))));
        assert!(!none.is_shown_by(&client(guard_redirects(Policy::none()))));
        assert!(!none.is_shown_by(&reqwest::Client::new()));
    }

    #[test]
    fn x4_debug_tells_whether_a_builder_follows_redirects() {
        let builder = |policy| reqwest::Client::builder().redirect(policy);
        let none = FollowsNone::learn(|policy| Some(builder(policy))).unwrap();
        assert!(none.is_shown_by(&builder(Policy::none())));
        assert!(none.is_shown_by(&builder(Policy::limited(0))));
        assert!(!none.is_shown_by(&builder(Policy::default())));
        assert!(!none.is_shown_by(&builder(Policy::limited(3))));
        assert!(!none.is_shown_by(&builder(guard_redirects(Policy::none()))));
        assert!(!none.is_shown_by(&reqwest::Client::builder()));
        let text = "\n    redirect_policy: Policy(\n        None,\n    ),\n";
        for text in [text, &text.replace('\n', "\t"), &format!("\"{text}")] {
            assert!(!none.is_shown_by(&reqwest::Client::builder().user_agent(text)));
        }
    }

    #[test]
    fn x4_words_of_reqwest_may_change() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "for its `Debug`")]
        struct Renamed {
            user_agent: &'static str,
            redirects: String,
        }
        let client = |user_agent, policy: Policy| Renamed {
            user_agent,
            redirects: format!("{policy:?}").to_uppercase(),
        };
        let none = FollowsNone::learn(|policy| Some(client("a", policy))).unwrap();
        assert!(none.is_shown_by(&client("b", Policy::none())));
        assert!(none.is_shown_by(&client("b", Policy::limited(0))));
        assert!(!none.is_shown_by(&client("b", Policy::default())));
        // What is not shown is not known.
        assert!(FollowsNone::learn(|_| Some("a client")).is_none());
    }
}
