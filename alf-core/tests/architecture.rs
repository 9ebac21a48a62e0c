//! Which module of alf-core may depend on which, that no crate of the workspace has a cycle of files, and that no two types of
//! alf-core have one name. Reads the sources.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests: what goes wrong in them fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// From the top to the bottom: each may depend on itself and on those below it (ARCHITECTURE.md).
const LAYERS: [&[&str]; 8] = [
    &["lib", "client", "call", "builder", "client_config"],
    &["tokens"],
    &["acquisition"],
    &["ports", "server", "config", "clock"],
    &[
        "transport",
        "authentication",
        "presentation",
        "runtime",
        "observe",
        "store",
    ],
    &["wire"],
    &["token", "token_target", "error", "origin", "secret"],
    &["machine"],
];

#[test]
fn dependencies_between_modules_point_down() {
    let alf_core = Crate::read("alf-core");
    let mut upward = Vec::new();
    for (file, dependencies) in alf_core.dependencies() {
        for dependency in dependencies {
            if layer(&dependency) < layer(&file) {
                upward.push(format!("{file} depends on {dependency}"));
            }
        }
    }
    assert!(upward.is_empty(), "upward:\n{}", upward.join("\n"));
}

#[test]
fn no_files_depend_on_each_other_in_a_cycle() {
    let mut cycles = Vec::new();
    for name in [
        "alf-core",
        "alf-isahc",
        "alf-redis",
        "alf-reqwest",
        "alf-surf",
        "alf-testkit",
        "alf-tower",
        "examples",
        "examples-stacks",
        "examples-stores",
        "interop",
        "overhead",
    ] {
        let mut dependencies = Crate::read(name).dependencies();
        // Files that need nothing, or that nothing needs, are in no cycle: what remains without them is.
        loop {
            let needed: BTreeSet<_> = dependencies.values().flatten().cloned().collect();
            let count = dependencies.len();
            dependencies.retain(|file, needs| needed.contains(file) && !needs.is_empty());
            let kept: BTreeSet<_> = dependencies.keys().cloned().collect();
            for needs in dependencies.values_mut() {
                needs.retain(|need| kept.contains(need));
            }
            if dependencies.len() == count {
                break;
            }
        }
        if !dependencies.is_empty() {
            cycles.push(format!("{name}: {dependencies:#?}"));
        }
    }
    assert!(cycles.is_empty(), "{}", cycles.join("\n"));
}

#[test]
fn no_two_types_have_one_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in &Crate::read("alf-core").files {
        let words: Vec<_> = text.split_whitespace().collect();
        for pair in words.windows(2) {
            if ["struct", "enum", "trait"].contains(&pair[0]) {
                let name = pair[1].split(|c: char| !c.is_alphanumeric()).next();
                let name = name.unwrap().to_owned();
                places.entry(name).or_default().push(file.clone());
            }
        }
    }
    assert!(places.contains_key("TokenManager"));
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn machines_know_nothing_but_core_collections_and_the_format_of_a_record() {
    for (name, text) in Crate::read("alf-core").files_below("machine") {
        for path in Source::new(name, text).paths() {
            assert!(
                path.len() == 1 || path[0] == "machine",
                "{name}: {}",
                path.join("::")
            );
        }
        for line in text.lines().map(str::trim_start) {
            let Some(path) = line.strip_prefix("use ") else {
                continue;
            };
            let allowed = [
                "core::",
                "std::collections::",
                // What is derived for the shared record.
                "serde::",
                "super::",
                "self::",
                "crate::",
            ];
            assert!(
                allowed.iter().any(|start| path.starts_with(start)),
                "{name}: use {path}"
            );
        }
        assert_without(name, text, &ASYNC_CLOCKS_LOCKS_RANDOMNESS);
        assert_without(name, text, &["http::", "bytes::", "std::sync", "std::time"]);
    }
}

#[test]
fn codecs_know_no_async_no_clock_no_lock_and_no_randomness() {
    for (name, text) in Crate::read("alf-core").files_below("wire") {
        assert_without(name, text, &ASYNC_CLOCKS_LOCKS_RANDOMNESS);
    }
}

fn assert_without(name: &str, text: &str, forbidden: &[&str]) {
    for word in forbidden {
        assert!(!text.contains(word), "{name} has {word}");
    }
}

fn layer(file: &str) -> usize {
    let module = file.split("::").next().unwrap();
    LAYERS
        .iter()
        .position(|modules| modules.contains(&module))
        .unwrap_or_else(|| panic!("{file} is in no layer"))
}

/// The files of a crate by their module paths (`tokens::managed`), without comments and unit tests.
struct Crate {
    files: BTreeMap<String, String>,
}

impl Crate {
    fn read(name: &str) -> Self {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let root = crates.join(name).join("src");
        let mut files = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let is_test = path
                    .file_stem()
                    .is_some_and(|stem| stem == "tests" || stem == "test");
                if path.is_dir() && !is_test {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
                    files.insert(module_of(&root, &path), code_of(&path));
                }
            }
        }
        assert!(!files.is_empty(), "{name}");
        Self { files }
    }

    fn files_below(&self, module: &str) -> impl Iterator<Item = (&String, &String)> {
        let below = format!("{module}::");
        self.files
            .iter()
            .filter(move |(name, _)| *name == module || name.starts_with(&below))
    }

    /// Each file, and the files that define what it names.
    fn dependencies(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut dependencies = BTreeMap::new();
        for (name, text) in &self.files {
            let paths = Source::new(name, text).paths();
            let mut needs: BTreeSet<_> = paths
                .iter()
                .filter_map(|path| self.definition(path, 0))
                .collect();
            needs.remove(name);
            dependencies.insert(name.clone(), needs);
        }
        dependencies
    }

    /// The file that defines what a path from the crate's root names: re-exports are followed.
    fn definition(&self, path: &[String], depth: usize) -> Option<String> {
        if depth > 10 {
            return None;
        }
        let known = (0..=path.len())
            .rev()
            .find(|length| self.files.contains_key(&file_name(&path[..*length])))?;
        let file = file_name(&path[..known]);
        let Some(item) = path.get(known) else {
            return Some(file);
        };
        let source = Source::new(&file, &self.files[&file]);
        let reexported = source
            .reexports()
            .into_iter()
            .find(|target| target.last() == Some(item));
        match reexported {
            Some(mut target) => {
                target.extend_from_slice(&path[known + 1..]);
                self.definition(&target, depth + 1)
            }
            None => Some(file),
        }
    }
}

/// The root's file is `lib` or `main`; here it is `lib`.
fn file_name(path: &[String]) -> String {
    if path.is_empty() {
        "lib".to_owned()
    } else {
        path.join("::")
    }
}

fn module_of(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap().with_extension("");
    let parts = path.iter().map(|part| part.to_str().unwrap());
    let parts: Vec<_> = parts.filter(|part| *part != "mod").collect();
    parts.join("::")
}

fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = code.lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

struct Source<'a> {
    /// The path of its module from the crate's root.
    module: Vec<String>,
    text: &'a str,
}

impl<'a> Source<'a> {
    fn new(name: &str, text: &'a str) -> Self {
        let module = name.split("::").map(str::to_owned).collect::<Vec<_>>();
        Self {
            module: if name == "lib" { Vec::new() } else { module },
            text,
        }
    }

    /// Every path in it that starts at the crate's root, at a parent, or (in a private `use`) at a child.
    fn paths(&self) -> BTreeSet<Vec<String>> {
        let mut paths = BTreeSet::new();
        for root in ["crate", "super"] {
            for (at, _) in self.text.match_indices(&format!("{root}::")) {
                let before = self.text[..at].chars().next_back().unwrap_or(' ');
                let line = self.text[..at]
                    .rsplit(['\n', ';'])
                    .next()
                    .unwrap()
                    .trim_start();
                let is_start = !before.is_alphanumeric() && !matches!(before, '_' | ':' | '$');
                if is_start && !(line.starts_with("pub") && line.contains("use ")) {
                    let tree = use_tree(&mut &self.text[at..]);
                    paths.extend(tree.into_iter().map(|path| self.absolute(path)));
                }
            }
        }
        let uses = self.text.lines().map(str::trim_start);
        for (at, _) in uses
            .filter(|line| line.starts_with("use "))
            .flat_map(|line| self.text.match_indices(line))
        {
            let tree = use_tree(&mut &self.text[at + "use ".len()..]);
            let children = tree.into_iter().filter(|path| self.has_child(&path[0]));
            paths.extend(children.map(|path| self.absolute(path)));
        }
        paths
    }

    /// What it re-exports, by paths from the crate's root.
    fn reexports(&self) -> Vec<Vec<String>> {
        let mut reexports = Vec::new();
        for visibility in ["pub use ", "pub(crate) use ", "pub(super) use "] {
            for (at, _) in self.text.match_indices(visibility) {
                let tree = use_tree(&mut &self.text[at + visibility.len()..]);
                reexports.extend(tree.into_iter().map(|path| self.absolute(path)));
            }
        }
        reexports
    }

    fn has_child(&self, name: &str) -> bool {
        self.text.contains(&format!("mod {name};"))
    }

    fn absolute(&self, path: Vec<String>) -> Vec<String> {
        let mut absolute = self.module.clone();
        let mut path = path.into_iter().peekable();
        match path.peek().map(String::as_str) {
            Some("crate") => {
                absolute.clear();
                path.next();
            }
            Some("self") => drop(path.next()),
            Some(_) | None => {}
        }
        while path.next_if_eq("super").is_some() {
            absolute.pop();
        }
        absolute.extend(path);
        absolute
    }
}

/// The paths of `a::{b, c::d}`, from where `text` starts; leaves what follows in it.
fn use_tree(text: &mut &str) -> Vec<Vec<String>> {
    *text = text.trim_start();
    if let Some(tail) = text.strip_prefix('{') {
        let mut paths = Vec::new();
        *text = tail;
        loop {
            *text = text.trim_start().trim_start_matches(',').trim_start();
            if let Some(tail) = text.strip_prefix('}') {
                *text = tail;
                return paths;
            }
            paths.append(&mut use_tree(text));
            skip_rename(text);
        }
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let segment = text[..end].to_owned();
    *text = &text[end..];
    match text.strip_prefix("::") {
        Some(tail) if tail.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '{') => {
            *text = tail;
            let tails = use_tree(text).into_iter();
            tails
                .map(|tail| [vec![segment.clone()], tail].concat())
                .collect()
        }
        Some(_) | None => {
            // `*`
            *text = text.trim_start_matches(['*', ':']);
            vec![vec![segment]]
        }
    }
}

fn skip_rename(text: &mut &str) {
    if let Some(tail) = text.trim_start().strip_prefix("as ") {
        let end = tail.find([',', '}']).unwrap_or(tail.len());
        *text = &tail[end..];
    }
}

const ASYNC_CLOCKS_LOCKS_RANDOMNESS: [&str; 14] = [
    "async ",
    ".await",
    "Future",
    "Waker",
    "Instant",
    "now()",
    "elapsed()",
    "sleep",
    "thread",
    "Mutex",
    "RwLock",
    "Atomic",
    "fastrand",
    "rand::",
];
