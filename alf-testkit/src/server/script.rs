//! [`Script`]: which answer a request gets.

use super::answer::Answer;

/// The answers that a test gave to a server.
pub(super) struct Script {
    /// The only path that rules for any path apply to, if a server has one.
    path: Option<&'static str>,
    rules: Vec<Rule>,
}

struct Rule {
    requests: RequestPattern,
    /// How many requests are still to get the answer; `None` for all.
    left: Option<usize>,
    answer: Answer,
}

/// Which requests a rule is for.
#[derive(Default, PartialEq, Eq)]
pub(super) struct RequestPattern {
    /// `None` for any.
    method: Option<String>,
    /// `None` for any.
    path: Option<String>,
}

impl Script {
    pub(super) fn new(path: Option<&'static str>) -> Self {
        Self {
            path,
            rules: Vec::new(),
        }
    }

    /// Gives this answer to the next `left` of these requests, after those that are queued already; if it
    /// is `None`, to all of them from now on.
    pub(super) fn add(&mut self, requests: RequestPattern, left: Option<usize>, answer: Answer) {
        self.rules
            .retain(|rule| left.is_some() || rule.left.is_some() || rule.requests != requests);
        self.rules.push(Rule {
            requests,
            left,
            answer,
        });
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Returns the answer to a request. The order is that of
    /// [`ScriptedServer`](super::ScriptedServer).
    pub(super) fn take(&mut self, method: &str, path: &str) -> Answer {
        let any_path = self.path.is_none_or(|only| only == path);
        self.rules.retain(|rule| rule.left != Some(0));
        let rules = self.rules.iter_mut().rev();
        let rule = rules
            .filter(|rule| rule.requests.matches(method, path, any_path))
            .max_by(|one, other| one.precedence().cmp(&other.precedence()));
        rule.map_or_else(Answer::normal, |rule| {
            rule.left = rule.left.map(|left| left - 1);
            rule.answer.clone()
        })
    }
}

impl Rule {
    fn precedence(&self) -> (bool, bool, bool) {
        let RequestPattern { method, path } = &self.requests;
        (self.left.is_some(), path.is_some(), method.is_some())
    }
}

impl RequestPattern {
    /// The requests for a path, which a method and a space may precede.
    #[track_caller]
    pub(super) fn at(text: &str) -> Self {
        let (method, path) = match text.split_once(' ') {
            Some((method, path)) => (Some(method.to_owned()), path),
            None => (None, text),
        };
        assert!(
            path.starts_with('/') && !path.contains('?'),
            "no request can have the path {path:?}: give a path such as \"/things\", without origin and \
             query, or a method and a path such as \"POST /things\""
        );
        Self {
            method,
            path: Some(path.to_owned()),
        }
    }

    fn matches(&self, method: &str, path: &str, any_path: bool) -> bool {
        let only = self.method.as_deref();
        only.is_none_or(|only| only.eq_ignore_ascii_case(method))
            && self.path.as_ref().map_or(any_path, |only| only == path)
    }
}
