//! What a token is for: the scope, the resources, the audience and further parameters of its request.

use std::fmt;

use crate::OriginRef;

/// What a token is for: its scope, resources, audience and parameters, and the origins that it may be sent to. A client has
/// one token for each target.
///
/// The builder sets the client's own target. [`Client::with`](crate::Client::with) returns the client with another
/// target. What the new target sets replaces the same setting of the client's own target. The other settings stay the
/// same.
///
/// Its `Display` is `scope "read write", resource "https://a.example"`. `Display` and `Debug` do not show the parameters,
/// because they may be secret.
///
/// # Examples
///
/// ```
/// use alf_core::{ConfigError, TokenManager, TokenTarget};
///
/// fn for_billing(tokens: &TokenManager) -> Result<TokenManager, ConfigError> {
///     let billing = TokenTarget::new()
///         .with_scope("invoices.read")
///         .with_audience("https://billing.example.com");
///     tokens.with(billing)
/// }
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct TokenTarget {
    pub(crate) scope: Option<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) parameters: Vec<(String, String)>,
    /// All of them, if `None`.
    pub(crate) allowed_origins: Option<Vec<String>>,
}

impl TokenTarget {
    /// Returns a target that sets nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the `scope`. Separate several scopes by white space
    /// ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)). If it is empty, no scope is sent, and the
    /// authorization server chooses.
    #[must_use]
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        let scopes = scope.into();
        let scopes: Vec<&str> = scopes.split_whitespace().collect();
        self.scope = Some(scopes.join(" "));
        self
    }

    /// Adds a `resource` ([RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)). It should be an absolute URI without a
    /// fragment, but some servers expect another name, such as the application id of Azure AD v1.0. An empty one is not sent.
    #[must_use]
    pub fn with_resource(mut self, resource: impl Into<String>) -> Self {
        self.resources.push(resource.into().trim().to_owned());
        self
    }

    /// Sets the `audience`. Some servers use this parameter instead of `resource`. If it is empty, no audience is sent.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into().trim().to_owned());
        self
    }

    /// Adds a parameter of the token request that the server's documentation requires. Its value is not treated as a
    /// secret.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Sets the origins that requests with this token may be sent to, like
    /// [`ClientBuilder::allowed_origins`](crate::ClientBuilder::allowed_origins). They replace those of the client. A second
    /// call adds more origins.
    ///
    /// A target with other origins is another target, with a token of its own. A
    /// [`TokenManager`](crate::TokenManager) sends no requests to APIs, so it ignores them.
    #[must_use]
    pub fn with_allowed_origins<I>(mut self, origins: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let allowed = self.allowed_origins.get_or_insert_default();
        allowed.extend(origins.into_iter().map(Into::into));
        self
    }

    /// Returns the scopes, separated by spaces. `None` if the authorization server chooses them.
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Returns the resources.
    pub fn resources(&self) -> &[String] {
        &self.resources
    }

    /// Returns the audience, if it is set.
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// This target, with what it does not set taken from `base`.
    pub(crate) fn or(self, base: &Self) -> Self {
        let mut parameters = base.parameters.clone();
        for (name, value) in self.parameters {
            // In its place: the same parameters in another order would be another target.
            match parameters.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => parameters.push((name, value)),
            }
        }
        let resources = if self.resources.is_empty() {
            base.resources.clone()
        } else {
            self.resources
        };
        Self {
            scope: self.scope.or_else(|| base.scope.clone()),
            resources,
            audience: self.audience.or_else(|| base.audience.clone()),
            parameters,
            allowed_origins: self
                .allowed_origins
                .or_else(|| base.allowed_origins.clone()),
        }
        .without_empty()
    }

    /// Without an empty scope, resource or audience, which real servers refuse (T1).
    pub(crate) fn without_empty(mut self) -> Self {
        self.resources.retain(|resource| !resource.is_empty());
        self.scope = self.scope.filter(|scope| !scope.is_empty());
        self.audience = self.audience.filter(|audience| !audience.is_empty());
        self
    }

    /// X3: whether a request with this token may go to that origin.
    pub(crate) fn allows(&self, origin: OriginRef<'_>) -> bool {
        let is_it = |allowed: &String| OriginRef::parse(allowed) == Some(origin);
        let allowed = self.allowed_origins.as_ref();
        allowed.is_none_or(|allowed| allowed.iter().any(is_it))
    }

    /// Whether a failure can concern this target alone, and so names it.
    pub(crate) fn is_named(&self) -> bool {
        self.scope.is_some() || self.audience.is_some() || !self.resources.is_empty()
    }
}

impl fmt::Display for TokenTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = self.scope.iter().map(|scope| format!("scope {scope:?}"));
        let resources = self.resources.iter();
        let resources = resources.map(|resource| format!("resource {resource:?}"));
        let audience = self.audience.iter();
        let audience = audience.map(|audience| format!("audience {audience:?}"));
        let parts: Vec<_> = scope.chain(resources).chain(audience).collect();
        if parts.is_empty() {
            return f.write_str("no scope");
        }
        f.write_str(&parts.join(", "))
    }
}

/// Without the parameters, which may be secret (X1).
impl fmt::Debug for TokenTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenTarget({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x1_parameters_that_may_be_secret_are_not_shown() {
        let target = TokenTarget::new()
            .with_scope("read write")
            .with_resource("https://a.example")
            .with_audience("api")
            .with_parameter("api_key", "s3cr3t");
        assert_eq!(
            target.to_string(),
            r#"scope "read write", resource "https://a.example", audience "api""#
        );
        assert!(!format!("{target:?}").contains("s3cr3t"));
        assert_eq!(TokenTarget::new().to_string(), "no scope");
    }

    #[test]
    fn s1_what_a_target_does_not_set_is_taken_from_the_base() {
        let base = TokenTarget::new()
            .with_scope("read")
            .with_resource("https://a.example")
            .with_audience("a")
            .with_parameter("tenant", "1")
            .with_parameter("region", "eu");
        assert_eq!(TokenTarget::new().or(&base), base);
        let other = TokenTarget::new()
            .with_resource("https://b.example")
            .with_parameter("tenant", "2");
        let expected = TokenTarget::new()
            .with_scope("read")
            .with_resource("https://b.example")
            .with_audience("a")
            .with_parameter("tenant", "2")
            .with_parameter("region", "eu");
        assert_eq!(other.or(&base), expected);
    }
}
