//! The target of a token: the scope and the resources that it is for.

use std::fmt;

use crate::wire::token_request::GrantParameters;

/// The scope and the resources of a token request. A client has one token for each target.
///
/// It is that of the client's settings, unless `with_scope` or `with_resource` has set another. As text
/// it is `scope "read write", resource "https://a.example"`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenTarget<'a>(&'a GrantParameters);

impl<'a> TokenTarget<'a> {
    pub(crate) fn new(grant: &'a GrantParameters) -> Self {
        Self(grant)
    }

    /// The scopes, separated by spaces
    /// ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)); `None` if
    /// the authorization server chooses them.
    pub fn scope(&self) -> Option<&'a str> {
        self.0.scope.as_deref()
    }

    /// The resources ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)), if any.
    pub fn resources(&self) -> &'a [String] {
        &self.0.resources
    }

    pub(crate) fn is_something(self) -> bool {
        self.scope().is_some() || !self.resources().is_empty()
    }
}

impl fmt::Display for TokenTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scope() {
            Some(scope) => write!(f, "scope {scope:?}")?,
            None => f.write_str("no scope")?,
        }
        for resource in self.resources() {
            write!(f, ", resource {resource:?}")?;
        }
        Ok(())
    }
}

/// Without the other parameters, which may be secret.
impl fmt::Debug for TokenTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenTarget")
            .field("scope", &self.scope())
            .field("resources", &self.resources())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x1_parameters_that_may_be_secret_are_not_shown() {
        let grant = GrantParameters {
            scope: Some("read write".to_owned()),
            resources: vec!["https://a.example".to_owned()],
            extra: vec![("api_key".to_owned(), "s3cr3t".to_owned())],
            ..GrantParameters::default()
        };
        let target = TokenTarget::new(&grant);
        assert_eq!(
            target.to_string(),
            r#"scope "read write", resource "https://a.example""#
        );
        assert!(!format!("{target:?}").contains("s3cr3t"));
        let nothing = GrantParameters::default();
        assert_eq!(TokenTarget::new(&nothing).to_string(), "no scope");
    }
}
