//! The arrows of DESIGN: which room of alf-core may know which. Reads the paths in its sources.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests: what goes wrong in them fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// From the top to the bottom: each may know itself and those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    Face,
    Driver,
    Ports,
    Wire,
    Values,
    Machine,
}

const ROOMS: [(&str, Room); 19] = [
    ("client", Room::Face),
    ("builder", Room::Face),
    ("client_config", Room::Face),
    ("config", Room::Driver),
    ("tokens", Room::Driver),
    ("acquisition", Room::Driver),
    ("clock", Room::Driver),
    ("transport", Room::Ports),
    ("authentication", Room::Ports),
    ("presentation", Room::Ports),
    ("runtime", Room::Ports),
    ("observe", Room::Ports),
    ("wire", Room::Wire),
    ("token", Room::Values),
    ("error", Room::Values),
    ("origin", Room::Values),
    ("secret", Room::Values),
    ("machine", Room::Machine),
    ("lib", Room::Face),
];

/// Upward all the same: the file, what it names, and why.
const EXCEPTIONS: [(&str, &str, &str); 2] = [
    ("tokens/mod.rs", "ClientBuilder", BEGINS),
    ("tokens/mod.rs", "builder::CustomTokenTransport", BEGINS),
];
const BEGINS: &str = "`TokenManager::builder` is where a user of tokens alone begins";

/// A file of alf-core, without comments and unit tests.
struct Source {
    /// Below `src/`.
    name: String,
    text: String,
}

impl Source {
    /// The module that it is, as a path from the crate's root.
    fn module(&self) -> Vec<String> {
        let name = self.name.trim_end_matches(".rs").trim_end_matches("/mod");
        name.split('/').map(str::to_owned).collect()
    }

    fn room(&self) -> Room {
        room(&self.module()[0]).unwrap_or_else(|| panic!("{} is in no room", self.name))
    }

    /// Every path in it that begins with `crate` or `super`, from the crate's root.
    fn paths(&self) -> BTreeSet<Vec<String>> {
        let mut paths = BTreeSet::new();
        for (start, root) in starts(&self.text) {
            for mut tail in use_tree(&mut &self.text[start..]) {
                let mut path = self.module();
                if root == "crate" {
                    path.clear();
                } else {
                    path.pop();
                }
                while tail.first().is_some_and(|segment| segment == "super") {
                    tail.remove(0);
                    path.pop();
                }
                path.append(&mut tail);
                paths.insert(path);
            }
        }
        paths
    }
}

/// Where the rest of a path begins, after each `crate::` and after each `super::` that begins one.
fn starts(text: &str) -> Vec<(usize, &'static str)> {
    let mut starts = Vec::new();
    for root in ["crate", "super"] {
        for (at, _) in text.match_indices(&format!("{root}::")) {
            let before = text[..at].chars().next_back().unwrap_or(' ');
            let begins = !before.is_alphanumeric() && !matches!(before, '_' | ':' | '$');
            if begins {
                starts.push((at + root.len() + 2, root));
            }
        }
    }
    starts
}

/// The paths of `a::{b, c::d}`, from where `text` begins; leaves what follows in it.
fn use_tree(text: &mut &str) -> Vec<Vec<String>> {
    *text = text.trim_start();
    if let Some(rest) = text.strip_prefix('{') {
        let mut paths = Vec::new();
        *text = rest;
        loop {
            *text = text.trim_start().trim_start_matches(',').trim_start();
            if let Some(rest) = text.strip_prefix('}') {
                *text = rest;
                return paths;
            }
            paths.append(&mut use_tree(text));
            skip_rename(text);
        }
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    assert!(end > 0, "no path: {text:.40}");
    let segment = text[..end].to_owned();
    *text = &text[end..];
    match text.strip_prefix("::") {
        Some(rest) if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '{') => {
            *text = rest;
            let tails = use_tree(text).into_iter();
            tails
                .map(|tail| [vec![segment.clone()], tail].concat())
                .collect()
        }
        // `::<T>`, or the end.
        Some(_) | None => vec![vec![segment]],
    }
}

fn skip_rename(text: &mut &str) {
    if let Some(rest) = text.trim_start().strip_prefix("as ") {
        let end = rest.find([',', '}']).unwrap_or(rest.len());
        *text = &rest[end..];
    }
}

fn room(module: &str) -> Option<Room> {
    let found = ROOMS.iter().find(|(name, _)| *name == module)?;
    Some(found.1)
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources.extend(source(&root, &path));
            }
        }
    }
    assert!(sources.len() > 30, "{}", sources.len());
    sources
}

/// `None` for unit tests, which may know everything.
fn source(root: &Path, path: &Path) -> Option<Source> {
    let name = path.strip_prefix(root).unwrap().components();
    let name: Vec<_> = name
        .map(|part| part.as_os_str().to_str().unwrap())
        .collect();
    if name
        .iter()
        .any(|part| matches!(*part, "tests" | "tests.rs"))
    {
        return None;
    }
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    Some(Source {
        name: name.join("/"),
        text: lines.collect::<Vec<_>>().join("\n"),
    })
}

/// The modules that the names at the crate's root come from: `Client` from `client`.
fn exports(sources: &[Source]) -> BTreeMap<String, String> {
    let lib = sources
        .iter()
        .find(|source| source.name == "lib.rs")
        .unwrap();
    let mut exports = BTreeMap::new();
    for part in lib.text.split("pub use ").skip(1) {
        for path in use_tree(&mut &*part) {
            let module = if path[0] == "self" {
                &path[1]
            } else {
                &path[0]
            };
            exports.insert(path.last().unwrap().clone(), module.clone());
        }
    }
    assert_eq!(exports["TokenRequest"], "wire");
    assert_eq!(exports["Client"], "client");
    exports
}

#[test]
fn every_file_has_a_room() {
    for source in sources() {
        // Panics where it has none.
        let _ = source.room();
    }
}

#[test]
fn arrows_point_down() {
    let sources = sources();
    let exports = exports(&sources);
    let mut upward = Vec::new();
    let mut used = BTreeSet::new();
    for source in &sources {
        for path in source.paths() {
            let Some(first) = path.first() else { continue };
            let module = exports.get(first).unwrap_or(first);
            let to = room(module).unwrap_or_else(|| {
                panic!("{}: {} comes from no room", source.name, path.join("::"))
            });
            if to >= source.room() {
                continue;
            }
            let named = path.join("::");
            match EXCEPTIONS
                .iter()
                .find(|(file, name, _)| *file == source.name && *name == named)
            {
                Some(exception) => drop(used.insert(exception)),
                None => upward.push(format!(
                    "{} ({:?}) names {named} ({to:?})",
                    source.name,
                    source.room(),
                )),
            }
        }
    }
    assert!(upward.is_empty(), "upward:\n{}", upward.join("\n"));
    assert_eq!(
        used.len(),
        EXCEPTIONS.len(),
        "an exception is not needed any more"
    );
}

#[test]
fn machines_know_nothing_but_core_and_collections() {
    for source in sources() {
        if source.room() != Room::Machine {
            continue;
        }
        let name = &source.name;
        for path in source.paths() {
            assert!(
                path.len() == 1 || path[0] == "machine",
                "{name}: {}",
                path.join("::")
            );
        }
        for line in source.text.lines().map(str::trim_start) {
            let line = line.strip_prefix("pub ").unwrap_or(line);
            let Some(path) = line.strip_prefix("use ") else {
                continue;
            };
            let allowed = ["core::", "std::collections::", "super::", "self::"];
            let is_module = path.split("::").next().is_some_and(is_machine_module);
            assert!(
                allowed.iter().any(|begin| path.starts_with(begin)) || is_module,
                "{name}: use {path}"
            );
        }
        assert_without(&source, &ASYNC_CLOCKS_LOCKS_RANDOMNESS);
        assert_without(&source, &["http::", "bytes::", "std::sync", "std::time"]);
    }
}

fn is_machine_module(name: &str) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/machine");
    folder.join(format!("{name}.rs")).exists()
}

#[test]
fn codecs_know_no_async_no_clock_no_lock_and_no_randomness() {
    for source in sources() {
        if source.room() == Room::Wire {
            assert_without(&source, &ASYNC_CLOCKS_LOCKS_RANDOMNESS);
        }
    }
}

fn assert_without(source: &Source, forbidden: &[&str]) {
    for word in forbidden {
        assert!(!source.text.contains(word), "{} has {word}", source.name);
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
