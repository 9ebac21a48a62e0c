//! [`Script`]: which answer a request gets.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use super::answer::Answer;
use super::waiting::locked;

/// The answers that a test gave to a server, for the next requests, for paths, or for good.
pub(super) struct Script {
    /// The only path that `next` and `always` are for, where a server has one that matters.
    path: Option<&'static str>,
    rules: Mutex<Rules>,
}

impl Script {
    pub(super) fn new(path: Option<&'static str>) -> Self {
        Self {
            path,
            rules: Mutex::default(),
        }
    }

    pub(super) fn next(&self, count: usize, answer: &Answer) {
        locked(&self.rules)
            .next
            .extend(std::iter::repeat_n(answer.clone(), count));
    }

    pub(super) fn next_at(&self, path: &str, answer: Answer) {
        locked(&self.rules)
            .next_at
            .entry(path.to_owned())
            .or_default()
            .push_back(answer);
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
        *locked(&self.rules) = Rules::default();
    }

    /// Answers that wait for a request.
    pub(super) fn left(&self) -> usize {
        let rules = locked(&self.rules);
        rules.next.len() + rules.next_at.values().map(VecDeque::len).sum::<usize>()
    }

    /// The answer for a request of this path: what is for the path before what is for all, what is
    /// for once before what is for good.
    pub(super) fn take(&self, path: &str) -> Answer {
        let mut rules = locked(&self.rules);
        let for_all = self.path.is_none_or(|only| only == path);
        rules
            .next_at
            .get_mut(path)
            .and_then(VecDeque::pop_front)
            .or_else(|| {
                if for_all {
                    rules.next.pop_front()
                } else {
                    None
                }
            })
            .or_else(|| rules.at.get(path).cloned())
            .or_else(|| rules.under(path))
            .or_else(|| if for_all { rules.always.clone() } else { None })
            .unwrap_or_else(Answer::normal)
    }
}

#[derive(Default)]
struct Rules {
    next: VecDeque<Answer>,
    next_at: HashMap<String, VecDeque<Answer>>,
    at: HashMap<String, Answer>,
    under: Vec<(String, Answer)>,
    always: Option<Answer>,
}

impl Rules {
    /// The rule of the longest prefix; of equal ones the latest.
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
    use crate::server::answer::Content;

    fn status(script: &Script, path: &str) -> u16 {
        let Content::Http { status, .. } = script.take(path).content else {
            return 0;
        };
        status
    }

    #[test]
    fn what_is_for_a_path_and_for_once_goes_first() {
        let script = Script::new(None);
        assert_eq!(status(&script, "/a"), 0);
        script.always(Answer::status(500));
        script.under("/", Answer::status(501));
        script.under("/a", Answer::status(502));
        script.at("/a", Answer::status(503));
        script.next(1, &Answer::status(504));
        script.next_at("/a", Answer::status(505));
        assert_eq!(script.left(), 2);
        let seen: Vec<u16> = (0..3).map(|_| status(&script, "/a")).collect();
        assert_eq!(seen, [505, 504, 503]);
        assert_eq!([status(&script, "/ab"), status(&script, "/b")], [502, 501]);
        assert_eq!(status(&script, "*"), 500);
        script.clear();
        assert_eq!(status(&script, "/a"), 0);
    }

    #[test]
    fn path_of_a_script_is_the_only_one_it_is_for() {
        let script = Script::new(Some("/token"));
        script.next(1, &Answer::status(503));
        script.always(Answer::status(500));
        assert_eq!(status(&script, "/other"), 0);
        assert_eq!(status(&script, "/token"), 503);
        assert_eq!(status(&script, "/token"), 500);
    }
}
