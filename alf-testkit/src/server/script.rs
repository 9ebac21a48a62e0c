//! [`Script`]: which answer a request gets.

use super::answer::Answer;

/// The answers that a test gave to a server.
pub(super) struct Script {
    /// The only path that rules for any path apply to, if a server has one.
    path: Option<&'static str>,
    rules: Vec<Rule>,
}

struct Rule {
    /// `None` for any.
    method: Option<String>,
    /// `None` for any.
    path: Option<String>,
    /// How many requests are still to get the answer; `None` for all.
    left: Option<usize>,
    answer: Answer,
}

impl Script {
    pub(super) fn new(path: Option<&'static str>) -> Self {
        Self {
            path,
            rules: Vec::new(),
        }
    }

    /// Gives this answer to the next `left` requests for a path, after those that are queued already; if it is `None`, to
    /// all of them from now on. A method and a space may precede the path. Without a path, it is for any.
    #[track_caller]
    pub(super) fn add(&mut self, requests: Option<&str>, left: Option<usize>, answer: Answer) {
        let (method, path) = requests.map_or((None, None), |text| {
            let (method, path) = text.split_once(' ').unwrap_or(("", text));
            assert!(
                path.starts_with('/') && !path.contains('?'),
                "no request can have the path {path:?}: give a path such as \"/things\", without origin and \
                 query, or a method and a path such as \"POST /things\""
            );
            let method = Some(method.to_owned()).filter(|method| !method.is_empty());
            (method, Some(path.to_owned()))
        });
        self.rules.retain(|rule| {
            left.is_some() || rule.left.is_some() || rule.method != method || rule.path != path
        });
        self.rules.push(Rule {
            method,
            path,
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
            .filter(|rule| rule.is_for(method, path, any_path))
            .max_by_key(|rule| {
                (
                    rule.left.is_some(),
                    rule.path.is_some(),
                    rule.method.is_some(),
                )
            });
        rule.map_or_else(Answer::normal, |rule| {
            rule.left = rule.left.map(|left| left - 1);
            rule.answer.clone()
        })
    }
}

impl Rule {
    fn is_for(&self, method: &str, path: &str, any_path: bool) -> bool {
        let only = self.method.as_deref();
        only.is_none_or(|only| only.eq_ignore_ascii_case(method))
            && self.path.as_ref().map_or(any_path, |only| only == path)
    }
}
