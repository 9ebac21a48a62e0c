//! [`Script`]: which answer a request gets.

use std::collections::{HashMap, VecDeque};
use std::iter::repeat_n;
use std::sync::Mutex;

use super::answer::Answer;
use crate::waiting::locked;

/// The answers that a test gave to a server, for the next requests or for all, for any path or for some.
pub(super) struct Script {
    /// The only path that `next` and `always` apply to, if a server has one.
    path: Option<&'static str>,
    rules: Mutex<ScriptRules>,
}

#[derive(Default)]
struct ScriptRules {
    next: VecDeque<Answer>,
    next_at: HashMap<String, VecDeque<Answer>>,
    at: HashMap<String, Answer>,
    under: Vec<(String, Answer)>,
    always: Option<Answer>,
}

impl Script {
    pub(super) fn new(path: Option<&'static str>) -> Self {
        Self {
            path,
            rules: Mutex::default(),
        }
    }

    pub(super) fn next(&self, count: usize, answer: Answer) {
        locked(&self.rules).next.extend(repeat_n(answer, count));
    }

    pub(super) fn next_at(&self, path: &str, answer: Answer) {
        let mut rules = locked(&self.rules);
        let queue = rules.next_at.entry(path.to_owned()).or_default();
        queue.push_back(answer);
    }

    pub(super) fn at(&self, path: &str, answer: Answer) {
        locked(&self.rules).at.insert(path.to_owned(), answer);
    }

    pub(super) fn under(&self, prefix: &str, answer: Answer) {
        locked(&self.rules).under.push((prefix.to_owned(), answer));
    }

    pub(super) fn always(&self, answer: Answer) {
        locked(&self.rules).always = Some(answer);
    }

    pub(super) fn clear(&self) {
        *locked(&self.rules) = ScriptRules::default();
    }

    /// Returns the answer to a request for this path. The order is that of
    /// [`ScriptedServer`](super::ScriptedServer).
    pub(super) fn take(&self, path: &str) -> Answer {
        let mut rules = locked(&self.rules);
        let any_path = self.path.is_none_or(|only| only == path);
        let mut queued = rules.next_at.get_mut(path).and_then(VecDeque::pop_front);
        if queued.is_none() && any_path {
            queued = rules.next.pop_front();
        }
        queued
            .or_else(|| rules.at.get(path).cloned())
            .or_else(|| rules.under(path))
            .or_else(|| rules.always.clone().filter(|_| any_path))
            .unwrap_or_else(Answer::normal)
    }
}

impl ScriptRules {
    /// Returns the answer for the longest prefix; of equal ones the latest.
    fn under(&self, path: &str) -> Option<Answer> {
        self.under
            .iter()
            .filter(|(prefix, _)| path.starts_with(prefix.as_str()))
            .max_by_key(|(prefix, _)| prefix.len())
            .map(|(_, answer)| answer.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(script: &Script, path: &str) -> Option<u16> {
        script.take(path).sent_status()
    }

    #[test]
    fn answers_for_a_path_come_before_the_others_and_queued_ones_before_lasting_ones() {
        let script = Script::new(None);
        assert_eq!(status(&script, "/a"), None);
        script.always(Answer::status(500));
        script.under("/", Answer::status(501));
        script.under("/a", Answer::status(502));
        script.at("/a", Answer::status(503));
        script.next(1, Answer::status(504));
        script.next_at("/a", Answer::status(505));
        for (path, expected) in [
            ("/a", 505),
            ("/a", 504),
            ("/a", 503),
            ("/ab", 502),
            ("/b", 501),
            ("*", 500),
        ] {
            assert_eq!(status(&script, path), Some(expected), "{path}");
        }
        script.clear();
        assert_eq!(status(&script, "/a"), None);
    }
}
