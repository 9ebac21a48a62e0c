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
#[derive(PartialEq, Eq)]
pub(super) struct RequestPattern {
    /// `None` for any.
    method: Option<String>,
    path: PathPattern,
}

/// In the order in which they win over each other.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum PathPattern {
    Any,
    Under(usize, String),
    At(String),
}

impl Script {
    pub(super) fn new(path: Option<&'static str>) -> Self {
        Self {
            path,
            rules: Vec::new(),
        }
    }

    /// Gives this answer to the next `count` of these requests, after those that are queued already.
    pub(super) fn queue(&mut self, requests: RequestPattern, count: usize, answer: Answer) {
        self.rules.push(Rule {
            requests,
            left: Some(count),
            answer,
        });
    }

    /// Gives this answer to all of these requests from now on.
    pub(super) fn set(&mut self, requests: RequestPattern, answer: Answer) {
        self.rules
            .retain(|rule| rule.left.is_some() || rule.requests != requests);
        self.rules.push(Rule {
            requests,
            left: None,
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
    fn precedence(&self) -> (bool, &PathPattern, bool) {
        let RequestPattern { method, path } = &self.requests;
        (self.left.is_some(), path, method.is_some())
    }
}

impl RequestPattern {
    pub(super) fn any() -> Self {
        Self {
            method: None,
            path: PathPattern::Any,
        }
    }

    /// The requests for a path, which a method and a space may precede.
    #[track_caller]
    pub(super) fn at(text: &str) -> Self {
        let (method, path) = method_and_path(text);
        let path = PathPattern::At(path);
        Self { method, path }
    }

    /// The requests for all paths with a prefix, which a method and a space may precede.
    #[track_caller]
    pub(super) fn under(text: &str) -> Self {
        let (method, prefix) = method_and_path(text);
        let path = PathPattern::Under(prefix.len(), prefix);
        Self { method, path }
    }

    fn matches(&self, method: &str, path: &str, any_path: bool) -> bool {
        let only = self.method.as_deref();
        only.is_none_or(|only| only.eq_ignore_ascii_case(method))
            && match &self.path {
                PathPattern::Any => any_path,
                PathPattern::Under(_, prefix) => path.starts_with(prefix.as_str()),
                PathPattern::At(only) => only == path,
            }
    }
}

#[track_caller]
fn method_and_path(text: &str) -> (Option<String>, String) {
    let (method, path) = match text.split_once(' ') {
        Some((method, path)) => (Some(method.to_owned()), path),
        None => (None, text),
    };
    assert!(
        path.starts_with('/') && !path.contains('?'),
        "no request can have the path {path:?}: give a path such as \"/things\", without origin and \
         query, or a method and a path such as \"POST /things\""
    );
    (method, path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(script: &mut Script, path: &str) -> Option<u16> {
        script.take("GET", path).sent_status()
    }

    #[test]
    fn answers_for_a_path_come_before_the_others_and_queued_ones_before_lasting_ones() {
        let mut script = Script::new(None);
        assert_eq!(status(&mut script, "/a"), None);
        script.set(RequestPattern::any(), Answer::status(500));
        script.set(RequestPattern::under("/"), Answer::status(501));
        script.set(RequestPattern::under("/a"), Answer::status(502));
        script.set(RequestPattern::at("/a"), Answer::status(503));
        script.queue(RequestPattern::any(), 1, Answer::status(504));
        script.queue(RequestPattern::at("/a"), 1, Answer::status(505));
        for (path, expected) in [
            ("/a", 505),
            ("/a", 504),
            ("/a", 503),
            ("/ab", 502),
            ("/b", 501),
            ("*", 500),
        ] {
            assert_eq!(status(&mut script, path), Some(expected), "{path}");
        }
        script.clear();
        assert_eq!(status(&mut script, "/a"), None);
    }
}
