"""What each crate pulls in, and what it must not; asked by .ci/run.

alf-core needs no HTTP library and no async runtime; alf-isahc and alf-surf need no tokio and no other adapter's library;
what is known to be unsafe in surf's tree is in nobody else's. Prints how many crates each adapter adds to its bare library.
"""

import re
import subprocess
import sys
import tomllib

HTTP_LIBRARIES = {"reqwest", "hyper", "hyper-util", "isahc", "curl", "surf", "http-client", "ureq"}
RUNTIMES = {"tokio", "async-std", "async-global-executor", "async-executor", "async-io", "smol"}

# A crate, its features, and whom its tree must be without.
ABSENT = [
    ("alf-core", "", HTTP_LIBRARIES | RUNTIMES),
    ("alf-isahc", "default", HTTP_LIBRARIES - {"isahc", "curl"} | RUNTIMES),
    ("alf-surf", "h1-client", HTTP_LIBRARIES - {"surf", "http-client"} | {"tokio"}),
    ("alf-surf", "h1-client-no-tls", HTTP_LIBRARIES - {"surf", "http-client"} | {"tokio"}),
    # This back end of surf is an isahc of old; alf-isahc's is another.
    ("alf-surf", "curl-client", HTTP_LIBRARIES - {"surf", "http-client", "isahc", "curl"} | {"isahc v2", "tokio"}),
]

# An adapter, its features, what its bare library is made of, and how many crates it should add at most.
ADDED = [
    ("alf-reqwest", "default", ["reqwest"], 10),
    ("alf-isahc", "default", ["isahc"], 15),
    ("alf-surf", "h1-client-no-tls", ["surf", "http-client", "async-h1", "async-std"], 15),
    ("alf-surf", "curl-client", ["surf", "http-client", "isahc"], 15),
]


def tree(crate, features, *more):
    """The depth and "name vVERSION" of every line of `cargo tree`."""
    command = ["cargo", "tree", "--locked", "--no-dedupe", "--prefix", "depth", "--format", " {p}"]
    command += ["-p", crate, "--no-default-features", "--features", features, *more]
    lines = subprocess.check_output(command, text=True).splitlines()
    matches = (re.match(r"(\d+) (\S+ v\S+)", line) for line in lines)
    return [(int(match[1]), match[2]) for match in matches if match]


def compiled(crate, features, *more):
    """What `cargo tree` says of all that a user of the crate compiles, here."""
    return tree(crate, features, "-e", "normal,build", *more)


def below(lines, name):
    """The packages of a tree that stand below one of that name, and itself."""
    packages, top = set(), None
    for depth, package in lines:
        if top is not None and depth <= top:
            top = None
        if top is None and package.split()[0] == name:
            top = depth
        if top is not None:
            packages.add(package)
    return packages


def among(packages, names):
    """Those whose name, or "name vVERSION" up to a dot, is one of the names."""
    return sorted(p for p in packages if any(p == n or p.startswith((n + " ", n + ".")) for n in names))


def names_in(lines):
    return {package for _, package in lines}


def unwelcome():
    for crate, features, names in ABSENT:
        found = among(names_in(compiled(crate, features)), names)
        print(f"{crate} ({features or 'no features'}): {', '.join(found) or 'none'} of {', '.join(sorted(names))}")
        if found:
            yield f"{crate} pulls in {', '.join(found)}"


def excused_elsewhere():
    """What deny.toml excuses because surf has it: whether anything else brings it."""
    with open("deny.toml", "rb") as file:
        ignored = tomllib.load(file)["advisories"]["ignore"]
    excused = {exception["reason"].split(":")[0] for exception in ignored}
    lines = compiled("alf-surf", "h1-client,h1-client-no-tls,curl-client", "--target", "all")
    # http-client is the part of surf that has the back ends.
    packages = names_in(lines) - below(lines, "surf") - below(lines, "http-client")
    for crate in ["alf-core", "alf-isahc", "alf-reqwest", "alf-testkit"]:
        packages |= names_in(compiled(crate, "", "--all-features", "--target", "all"))
    print(f"excused in surf's tree, and looked for in all others: {', '.join(sorted(excused))}")
    for package in among(packages, excused):
        yield f"{package} is in a tree without surf; deny.toml excuses it in surf's alone"


def added():
    for crate, features, library, aim in ADDED:
        lines = tree(crate, features, "-e", "normal")
        bare = set().union(*(below(lines, name) for name in library))
        names = {package.split()[0] for package in names_in(lines)} - {package.split()[0] for package in bare}
        others = sorted(name for name in names if not name.startswith("alf-"))
        print(f"{crate} ({features}) adds {len(others)} crates to {library[0]}'s (aim: {aim}): {', '.join(others)}")


if __name__ == "__main__":
    mistakes = [*unwelcome(), *excused_elsewhere()]
    added()
    for mistake in mistakes:
        print("error:", mistake, file=sys.stderr)
    sys.exit(1 if mistakes else 0)
