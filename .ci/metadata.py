"""Two questions to `cargo metadata`, asked by .ci/run.

features  prints "<crate> <feature>" for each feature of each library of the workspace, and "<crate>" for none of them
msrv      fails if a crate that users of alf compile asks for a newer Rust than alf does
"""

import json
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
            for feature in sorted(package["features"].keys() - {"default"}):
                print(package["name"], feature)


def msrv(metadata):
    packages = {package["id"]: package for package in metadata["packages"]}
    edges = {node["id"]: node["deps"] for node in metadata["resolve"]["nodes"]}
    published = [i for i in metadata["workspace_members"] if packages[i]["publish"] != []]
    promised = min(version(packages[i]["rust_version"]) for i in published)

    # What users compile: normal and build dependencies, on any platform. Our tests may need a newer Rust.
    reached, todo = set(), list(published)
    while todo:
        package = todo.pop()
        if package not in reached:
            reached.add(package)
            for edge in edges[package]:
                if any(kind["kind"] != "dev" for kind in edge["dep_kinds"]):
                    todo.append(edge["pkg"])

    newer = [
        "{name} {version} asks for Rust {rust_version}".format(**packages[i])
        for i in sorted(reached)
        if version(packages[i]["rust_version"] or "0.0") > promised
    ]
    print("\n".join(newer) or "{} crates, none asks for more than Rust {}.{}".format(len(reached), *promised))
    return 1 if newer else 0


if __name__ == "__main__":
    answer = {"features": features, "msrv": msrv}[sys.argv[1]]
    sys.exit(answer(json.loads(subprocess.check_output(COMMAND))))
