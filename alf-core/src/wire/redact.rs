//! Text of an authorization server is masked, cleaned and cut before it is shown (T4, X1).

use zeroize::Zeroizing;

use super::text::{Escape, html_escape, json_escape, unescaped};

/// Masks the secrets of a token request.
pub(crate) struct Redactor {
    secrets: Vec<Zeroizing<String>>,
}

impl Redactor {
    pub(crate) fn new(mut secrets: Vec<Zeroizing<String>>) -> Self {
        secrets.retain(|secret| !secret.is_empty());
        // A secret that contains another is masked as a whole.
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    /// Returns `text` with every secret masked, without control characters, and of at most 256 bytes.
    pub(crate) fn show(&self, text: &str) -> String {
        let masked = self.mask(text);
        let masked = masked.trim();
        // A control character may be inside a secret, or in place of its space: so masked once more
        // without them, and with spaces for them. And the server may have escaped it. All before the
        // cut, or half a secret could be left.
        let mut reading = masked.to_owned();
        for escape in ESCAPES {
            reading = without_controls(&unescaped(&reading, *escape));
            let masked = self.mask(&reading);
            if masked != reading {
                return cut(masked);
            }
        }
        let spaces = masked.chars().map(|c| if c.is_control() { ' ' } else { c });
        cut(self.mask(&spaces.collect::<String>()))
    }

    /// Returns the text of a library like [`show`](Self::show), and without what may be the user info, the query or the fragment of
    /// a URL in it.
    pub(crate) fn show_cause(&self, text: &str) -> String {
        let words = text.split_inclusive(char::is_whitespace);
        self.show(&words.map(public_part).collect::<String>())
    }

    fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for secret in &self.secrets {
            if masked.contains(secret.as_str()) {
                masked = masked.replace(secret.as_str(), MASK);
            }
        }
        masked
    }
}

pub(super) fn without_controls(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// X1: a word without what may be the user info, the query or the fragment of a URL.
fn public_part(word: &str) -> String {
    let trimmed = word.trim_end();
    let space = word.strip_prefix(trimmed).unwrap_or_default();
    let (before, location) = match trimmed.rsplit_once('@') {
        // The user info may contain any character, escaped or not.
        Some((before, location)) => {
            let scheme = before.split_once("://").map(|(scheme, _)| scheme);
            let scheme = scheme.map_or_else(String::new, |scheme| format!("{scheme}://"));
            (format!("{scheme}[masked]@"), location)
        }
        None => (String::new(), trimmed),
    };
    let shown = if trimmed.contains('/') {
        location.split(['?', '#']).next().unwrap_or_default()
    } else {
        location
    };
    format!("{before}{shown}{space}")
}

/// T4: an error shows at most 256 bytes of the server's text.
pub(super) fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        let mut end = LONGEST - ELLIPSIS.len();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(ELLIPSIS);
    }
    text
}

const LONGEST: usize = 256;
/// First the text as it is. Then each escape, also within the other.
const ESCAPES: &[Escape] = &[|_| None, html_escape, json_escape, html_escape, json_escape];
const MASK: &str = "[masked]";
const ELLIPSIS: &str = "…";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(vec![Zeroizing::new("s3cret".to_owned())])
    }

    #[test]
    fn t4_a_secret_is_masked_even_with_a_control_character_inside() {
        assert_eq!(redactor().show("no s3cret here"), "no [masked] here");
        assert_eq!(redactor().show("no s3\u{0}cret here"), "no [masked] here");
    }

    #[test]
    fn t4_text_is_cut_to_256_bytes_and_never_through_a_secret() {
        let text = format!("{}s3cret", "é".repeat(126));
        let shown = redactor().show(&text);
        assert!(shown.len() <= 256, "{}", shown.len());
        assert!(!shown.contains("s3c"), "{shown}");
    }

    #[test]
    fn t4_control_characters_become_spaces() {
        assert_eq!(redactor().show("a\r\nb\u{1b}[31m"), "a  b [31m");
        assert_eq!(redactor().show("\r\n a \u{85}"), "a");
    }

    #[test]
    fn t4_a_secret_with_spaces_is_masked_if_they_are_changed() {
        let redactor = Redactor::new(vec![Zeroizing::new(" pass phrase ".to_owned())]);
        assert_eq!(redactor.show(" pass phrase "), "[masked]");
        assert_eq!(redactor.show("it was pass phrase !"), "it was[masked]!");
        assert_eq!(redactor.show("it was pass\nphrase !"), "it was[masked]!");
    }

    #[test]
    fn t4_a_secret_that_contains_another_is_masked_whole() {
        let secrets = ["cret", "s3cret", ""];
        let secrets = secrets.map(|secret| Zeroizing::new(secret.to_owned()));
        let redactor = Redactor::new(secrets.into());
        assert_eq!(redactor.show("s3cret, cret"), "[masked], [masked]");
    }

    #[test]
    fn x1_an_escaped_secret_is_masked() {
        let secret = "a/b+c=\"d<é>&'\\";
        let redactor = Redactor::new(vec![Zeroizing::new(secret.to_owned())]);
        for escaped in [
            r#"a/b+c=\"d<é>&'\\"#,
            r#"a\/b+c=\"d<\u00e9>&'\\"#,
            r"a\u002fb\u002Bc\u003d\u0022d\u003C\u00e9\u003E\u0026\u0027\u005c",
            r"a/b+c=&quot;d&lt;é&gt;&amp;&#39;\",
            r"a/b&#x2B;c=&#34;d&lt;&#xE9;&gt;&amp;&apos;\",
            r#"a\\/b+c=\\\"d<é>&'\\\\"#,
            r"a/b+c=\&quot;d&lt;\u00e9&gt;&amp;&#39;\\",
        ] {
            let shown = redactor.show(&format!("no {escaped} here"));
            assert_eq!(shown, "no [masked] here", "{escaped}");
        }
        for text in [r"C:\new\u12", "a & b &amp; c &#; &#x110000; &", "\\", r"\u"] {
            assert_eq!(redactor.show(text), text);
        }
        // It takes no time to speak of.
        redactor.show(&"&amp;\\".repeat(100_000));
    }

    #[test]
    fn t4_text_that_fits_is_not_cut() {
        for length in [0, 1, 255, 256] {
            let text = "x".repeat(length);
            assert_eq!(redactor().show(&text), text);
        }
        let shown = redactor().show(&"x".repeat(257));
        assert_eq!(shown, "x".repeat(253) + "…");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn x1_no_secret_is_shown_at_any_position(
            secrets in prop::collection::vec("[0-9 é=/+.:-]{4,20}", 1..4),
            parts in prop::collection::vec((any::<prop::sample::Index>(), "\\PC{0,9}|[\r\n\0 ]{0,3}"), 0..20),
            padding in 0_usize..300,
        ) {
            let mut text = "x".repeat(padding);
            for (index, between) in parts {
                text += &secrets[index.index(secrets.len())];
                text += &between;
            }
            let hidden = secrets.iter().map(|secret| Zeroizing::new(secret.clone()));
            let shown = Redactor::new(hidden.collect()).show(&text);
            for secret in &secrets {
                prop_assert!(!shown.contains(secret), "{shown:?} shows {secret:?}");
            }
            prop_assert!(shown.len() <= 256);
            prop_assert!(!shown.contains(char::is_control));
        }

        #[test]
        fn x1_no_control_character_hides_a_secret(
            secret in "[0-9a-f]{4,30}",
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let mut text = secret.clone();
            for cut in cuts {
                text.insert(cut.index(text.len() + 1), '\u{7}');
            }
            let shown = Redactor::new(vec![Zeroizing::new(secret)]).show(&text);
            prop_assert_eq!(shown.trim(), MASK);
        }
    }
}
