"""Four questions to `cargo metadata`, asked by .ci/run.

features  prints "<crate> <feature>" for each feature that a library of the workspace mentions in its code, and "<crate>" for none
          of them. The others only enable something in a dependency, and code that compiles without it compiles with it.
rusts     prints "<Rust version> <crate>" for each published crate: the oldest Rust that it promises to compile on
packages  prints the Cargo.toml of a workspace of the published crates, each unpacked from its .crate file
msrv      fails if a crate that users compile with one of ours asks for a newer Rust than ours promises
"""

import json
import pathlib
import subprocess
import sys

COMMAND = ["cargo", "metadata", "--locked", "--all-features", "--format-version", "1"]


def version(text):
    return tuple(int(part) for part in text.split("."))[:2]


def features(metadata):
    members = set(metadata["workspace_members"])
    for package in metadata["packages"]:
        library = any("lib" in target["kind"] for target in package["targets"])
        # Examples and interop are for nobody to depend on.
        if library and package["id"] in members and package["publish"] != []:
            print(package["name"])
            sources = pathlib.Path(package["manifest_path"]).parent.joinpath("src").rglob("*.rs")
            code = "".join(source.read_text() for source in sources)
            for feature in sorted(package["features"].keys() - {"default"}):
                if f'feature = "{feature}"' in code:
                    print(package["name"], feature)


def published(metadata):
    members = set(metadata["workspace_members"])
    return [package for package in metadata["packages"] if package["id"] in members and package["publish"] != []]


def rusts(metadata):
    for package in published(metadata):
        print(package["rust_version"], package["name"])


def packages(metadata):
    directories = {package["name"]: "{name}-{version}".format(**package) for package in published(metadata)}
    print('[workspace]\nresolver = "3"\nmembers =', json.dumps(list(directories.values())))
    print("[patch.crates-io]")
    for name, directory in directories.items():
        print(f'{name} = {{ path = "{directory}" }}')


def compiled(metadata, root):
    """What users of a crate compile: normal and build dependencies, on any platform. Our tests may need a newer Rust."""
    edges = {node["id"]: node["deps"] for node in metadata["resolve"]["nodes"]}
    reached, todo = set(), [root]
    while todo:
        package = todo.pop()
        if package not in reached:
            reached.add(package)
            for edge in edges[package]:
                if any(kind["kind"] != "dev" for kind in edge["dep_kinds"]):
                    todo.append(edge["pkg"])
    return reached


def msrv(metadata):
    packages = {package["id"]: package for package in metadata["packages"]}
    failed = False
    for crate in published(metadata):
        promised = version(crate["rust_version"])
        reached = compiled(metadata, crate["id"])
        newer = [packages[i] for i in sorted(reached) if version(packages[i]["rust_version"] or "0.0") > promised]
        print(f"{crate['name']}: {len(reached)} crates, {len(newer)} ask for more than Rust {crate['rust_version']}")
        for package in newer:
            print("    {name} {version} asks for Rust {rust_version}".format(**package))
        failed = failed or bool(newer)
    return 1 if failed else 0


if __name__ == "__main__":
    answer = {"features": features, "rusts": rusts, "packages": packages, "msrv": msrv}[sys.argv[1]]
    sys.exit(answer(json.loads(subprocess.check_output(COMMAND))))
