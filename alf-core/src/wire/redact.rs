//! What an authorization server says is masked, cleaned and cut before anyone sees it (T4, X1).

use zeroize::Zeroizing;

/// Makes text of the authorization server fit to be shown.
pub(crate) struct Redactor {
    secrets: Vec<Zeroizing<String>>,
}

impl Redactor {
    pub(crate) fn new(mut secrets: Vec<Zeroizing<String>>) -> Self {
        secrets.retain(|secret| !secret.is_empty());
        // A secret that contains another is masked whole.
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    /// `text` with every secret masked, without control characters, and of at most 256 bytes.
    pub(crate) fn show(&self, text: &str) -> String {
        // Before the cut, or half a secret would be left; and again once control characters are
        // gone, or one in the middle of a secret would hide it.
        let masked = self.mask(text.trim());
        let clean: String = masked
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let without: String = masked.chars().filter(|c| !c.is_control()).collect();
        let shown = if self.mask(&without) == without {
            clean
        } else {
            self.mask(&without)
        };
        cut(shown)
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

fn cut(mut text: String) -> String {
    if text.len() > SHOWN {
        let mut end = SHOWN - CUT.len();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(CUT);
    }
    text
}

const SHOWN: usize = 256;
const MASK: &str = "[masked]";
const CUT: &str = "…";

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(vec![Zeroizing::new("s3cret".to_owned())])
    }

    #[test]
    fn t4_what_alf_sent_is_masked_even_with_a_control_character_inside() {
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
    }
}
