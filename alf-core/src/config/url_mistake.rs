//! Mistakes in a URL that a parser does not explain: a placeholder, and a host that is not ASCII.

/// What is wrong with a URL that a user has set, and what to write instead.
pub(super) fn url_mistake(url: &str) -> Option<String> {
    placeholder(url).or_else(|| host_is_not_ascii(url))
}

/// `{tenant}`, `<tenant>` or `${TENANT}`. No URI has these characters (RFC 3986 §2).
fn placeholder(url: &str) -> Option<String> {
    let (before, after) = url.split_at(url.find(['{', '<'])?);
    // X1: in front of an `@` may be a password.
    Some(match name_in(after).filter(|_| !url.contains('@')) {
        Some(name) => {
            let dollar = if before.ends_with('$') { "$" } else { "" };
            format!("contains the placeholder {dollar}{name}; replace it with its value")
        }
        None => "contains `{` or `<`; replace the placeholder with its value".to_owned(),
    })
}

/// The placeholder at the start of a text, with its brackets. X1: only if it has a name in them.
fn name_in(text: &str) -> Option<&str> {
    let name = text.trim_start_matches(['{', '<']);
    let (name, end) = name.split_at(name.find(['}', '>'])?);
    let is_of_a_name = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.');
    let placeholder = text.strip_suffix(end.trim_start_matches(['}', '>']));
    placeholder.filter(|_| name.chars().all(is_of_a_name))
}

fn host_is_not_ascii(url: &str) -> Option<String> {
    let (_, after_scheme) = url.split_once("://").unwrap_or(("", url));
    let host = after_scheme.split(['/', '?', '#', ':']).next()?;
    // X1: in front of an `@` may be a password.
    if host.is_ascii() || url.contains('@') {
        return None;
    }
    let labels: Option<Vec<String>> = host.split('.').map(ascii_label).collect();
    let form = labels.map_or_else(
        || "in its ASCII form (xn--…)".to_owned(),
        |labels| format!("as {}", labels.join(".")),
    );
    Some(format!("has a host that is not ASCII; write it {form}"))
}

/// A label of a host as DNS has it (RFC 5890 §2.3.2.1). `None` if that needs more than lower case.
fn ascii_label(label: &str) -> Option<String> {
    if label.is_ascii() {
        return Some(label.to_owned());
    }
    let is_combining = |c: char| ('\u{300}'..='\u{36f}').contains(&c);
    let label = label.to_lowercase();
    if label.contains(is_combining) || label.chars().count() > LONGEST_LABEL {
        return None;
    }
    Some(format!("xn--{}", punycode(&label)))
}

/// RFC 3492 §6.3. Nothing overflows: a label is short.
fn punycode(label: &str) -> String {
    let mut output: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(output.len()).unwrap_or_default();
    if basic > 0 {
        output.push('-');
    }
    let (mut at_least, mut delta, mut bias, mut done) = (128, 0, 72, basic);
    let code_points = || label.chars().map(u32::from);
    while let Some(next) = code_points().filter(|code| *code >= at_least).min() {
        delta += (next - at_least) * (done + 1);
        for code in code_points() {
            if code < next {
                delta += 1;
            } else if code == next {
                push_number(&mut output, delta, bias);
                bias = adapted(delta, done + 1, done == basic);
                delta = 0;
                done += 1;
            }
        }
        delta += 1;
        at_least = next + 1;
    }
    output
}

/// RFC 3492 §3.3: a number of variable length.
fn push_number(output: &mut String, mut number: u32, bias: u32) {
    for position in (BASE..).step_by(36) {
        let threshold = position.saturating_sub(bias).clamp(1, 26);
        if number < threshold {
            break;
        }
        number -= threshold;
        output.extend(digit(threshold + number % (BASE - threshold)));
        number /= BASE - threshold;
    }
    output.extend(digit(number));
}

/// RFC 3492 §6.1.
fn adapted(delta: u32, count: u32, is_first: bool) -> u32 {
    let mut delta = delta / if is_first { 700 } else { 2 };
    delta += delta / count;
    let mut bias = 0;
    while delta > 455 {
        delta /= 35;
        bias += BASE;
    }
    bias + 36 * delta / (delta + 38)
}

/// `a` to `z`, then `0` to `9`: the digits of [`char::from_digit`] begin with `0`.
fn digit(value: u32) -> Option<char> {
    char::from_digit((value + 10) % BASE, BASE)
}

const BASE: u32 = 36;
/// RFC 1034 §3.1.
const LONGEST_LABEL: usize = 63;
