//! Why there is no token, as an error shows it, if the server says so in another form than RFC 6749's (T4).

use http::HeaderName;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::error::AnswerDetails;
use crate::wire::members::Members;
use crate::wire::text;

use super::TokenAnswer;

impl TokenAnswer<'_> {
    /// What a refusal has in place of an `error_description`: messages, or else the body if there is no `error` either.
    pub(super) fn reason(&self, members: &Members<'_>) -> AnswerDetails {
        let mut reason = AnswerDetails::default();
        let has_text = |name| members.text(name).is_some_and(|text| !text.is_empty());
        if has_text("error_description") {
            return reason;
        }
        reason.detail = self.messages(members);
        let text = self.body_text();
        if has_text("error") || text.is_empty() {
            return reason;
        }
        reason.content_type = self.content_type();
        reason.detail = reason.detail.or_else(|| {
            Some(if self.status.is_success() {
                self.names(members)
            } else {
                self.shown(&text)
            })
        });
        reason
    }

    /// Of a 2xx body no more than this is shown, since it may hold a token.
    pub(super) fn names_and_messages(&self, members: &Members<'_>) -> String {
        let mut shown = self.names(members);
        if let Some(messages) = self.messages(members) {
            shown = format!("{shown}; {messages}");
        }
        let mut all = members.iter();
        if all.any(|(name, raw)| names_access_token(name) || names_access_token(raw)) {
            // There is a token, but elsewhere.
            shown += CONVERT;
        }
        shown
    }

    /// What a 2xx body is, if it is not JSON: nothing, a token in another format, or a page.
    pub(super) fn other_format(&self, problem: &str) -> Option<String> {
        let text = self.body_text();
        if text.is_empty() {
            Some("its body is empty".to_owned())
        } else if names_access_token(&text) {
            (!text.starts_with('{')).then(|| format!("{problem}{CONVERT}"))
        } else {
            // The redactor reads the whole page: cut before, half a secret could be left.
            let is_page = text.starts_with('<');
            is_page.then(|| format!("it is HTML or XML: {}", self.redactor.show(&text)))
        }
    }

    /// The problem of a body that is not text, although it should be.
    pub(super) fn compression(&self) -> Option<String> {
        let body = self.response.body();
        let name = if body.starts_with(GZIP) {
            "gzip".to_owned()
        } else {
            // Some libraries keep the header when they decompress.
            self.shown_header(&CONTENT_ENCODING)
                .filter(|_| std::str::from_utf8(body).is_err())?
        };
        Some(format!(
            "its body is compressed ({name}), and the HTTP library did not decompress it; enable that in \
             the library"
        ))
    }

    pub(super) fn content_type(&self) -> Option<String> {
        self.shown_header(&CONTENT_TYPE)
    }

    /// The beginning of a body that is not a 2xx's.
    fn shown(&self, text: &str) -> String {
        if names_access_token(text) {
            return "with a body that is not shown, since it may contain an access token"
                .to_owned();
        }
        let compression = self.compression();
        compression.unwrap_or_else(|| format!("with the body \"{}\"", self.redactor.show(text)))
    }

    fn body_text(&self) -> String {
        let text: String = text::chars(self.response.body()).collect();
        text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == BYTE_ORDER_MARK)
            .to_owned()
    }

    fn shown_header(&self, name: &HeaderName) -> Option<String> {
        let value = self.response.headers().get(name)?;
        let value: String = text::chars(value.as_bytes()).collect();
        Some(self.redactor.show(&value))
    }

    fn names(&self, members: &Members<'_>) -> String {
        let names = members.iter().map(|(name, _)| name);
        let names: Vec<_> = names.filter(|name| name.len() < SHORTEST_TOKEN).collect();
        if names.is_empty() {
            "it has no members".to_owned()
        } else {
            format!("its members are {}", self.redactor.show(&names.join(", ")))
        }
    }

    fn messages(&self, members: &Members<'_>) -> Option<String> {
        if self.status.is_success() && members.get("access_token").is_some() {
            return None;
        }
        let messages = members.iter().filter_map(|(name, raw)| {
            let is_message = MESSAGES.contains(&normalized(name).as_str());
            let is_scalar = !raw.starts_with(['{', '[']) && raw != "null";
            let text = members.text(name).unwrap_or_else(|| raw.to_owned());
            (is_message && is_scalar).then(|| format!("{name} \"{}\"", self.without_tokens(&text)))
        });
        let messages: Vec<_> = messages.collect();
        (!messages.is_empty()).then(|| self.redactor.show(&messages.join(", ")))
    }

    /// A message of a 2xx without each word that may be a token.
    fn without_tokens(&self, text: &str) -> String {
        let words = text.split_inclusive(char::is_whitespace);
        let may_be_token = |word: &str| self.status.is_success() && word.len() >= SHORTEST_TOKEN;
        words
            .map(|word| {
                if may_be_token(word) {
                    "[masked] "
                } else {
                    word
                }
            })
            .collect()
    }
}

/// In any spelling.
fn names_access_token(text: &str) -> bool {
    normalized(text).contains("accesstoken")
}

fn normalized(name: &str) -> String {
    let name = name.chars().filter(|c| !matches!(c, '_' | '-'));
    name.map(|c| c.to_ascii_lowercase()).collect()
}

/// The members that give a reason, in lower case and without `_`.
const MESSAGES: &[&str] = &[
    "message",
    "msg",
    "errormessage",
    "errmsg",
    "detail",
    "details",
    "title",
    "description",
    "reason",
    "hint",
    "errorhint",
    "errorsummary",
    "errorcode",
    "errcode",
];
const CONVERT: &str = "; use a token_transport that converts it";
const BYTE_ORDER_MARK: char = '\u{feff}';
const GZIP: &[u8] = b"\x1f\x8b";
/// A word of a 2xx that is as long may be a token.
const SHORTEST_TOKEN: usize = 32;
