#!/usr/bin/env python3
"""Makes ``schemas/<minor>/go-types.json``: what the API's Go structs know that a server does not publish.

    python schemas/go_types.py --source KUBERNETES/staging/src/k8s.io --definitions schemas/1.36/definitions.json --out FILE

Of every definition: its fields in Go's order, the name of each field's Go type (error messages say it), whether it is a
pointer, whether it is left out when empty, and the embedded structs it comes through.  Fields the server does not serve are
left out, so a fork's own fields do not get in.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

PACKAGES = {
    "io.k8s.api": "api",
    "io.k8s.apimachinery.pkg": "apimachinery/pkg",
    "io.k8s.apiextensions-apiserver.pkg": "apiextensions-apiserver/pkg",
    "io.k8s.kube-aggregator.pkg": "kube-aggregator/pkg",
}
STRUCT = re.compile(r"^type (\w+) struct \{(.*?)^\}", re.M | re.S)
NAMED = re.compile(r"^\s*(?:type )?(\w+) (string|int32|int64|map\[[\w.]+\]\S+|\[\]\S+)$", re.M)
IMPORT = re.compile(r'^\s*(?:import )?(\w+ )?"([\w./-]+)"$', re.M)
FIELD = re.compile(r"^\s*(?:(?P<name>\w+)\s+)?(?P<type>[*\[\]\w.]+)\s*(?:`(?P<tag>.*)`)?\s*(?://.*)?$")
JSON_TAG = re.compile(r'json:"([^"]*)"')
BASIC = {"string", "bool", "int32", "int64", "uint32", "float64", "byte", "uint8", "int"}


class Package:
    """The structs of one Go package."""

    def __init__(self, directory: Path) -> None:
        self.name = directory.name
        self.structs: dict[str, str] = {}
        self.imports: dict[str, str] = {}
        for file in sorted(directory.glob("*.go")):
            if file.name.endswith("_test.go") or file.name.startswith(("zz_generated", "generated")):
                continue
            text = file.read_text()
            for alias, path in IMPORT.findall(text):
                name = path.rsplit("/", 1)[-1]
                self.imports[alias.strip() or name] = name
            self.structs |= dict(STRUCT.findall(text))

    def lines(self, struct: str) -> Iterator[tuple[str, str, str, str]]:
        """(Go name, Go type, JSON name, o for omitempty or z for omitzero) of each field; an embedded struct has no JSON name."""
        for line in self.structs[struct].split("\n"):
            line = line.strip()
            if not line or line.startswith("//"):
                continue
            match = FIELD.match(line)
            if match is None:
                continue
            tag = JSON_TAG.search(match["tag"] or "")
            json_name, *options = (tag[1] if tag else "").split(",")
            if json_name == "-" or (match["tag"] is None and match["name"]):
                continue
            omitted = "z" if "omitzero" in options else "o" if "omitempty" in options else ""
            yield match["name"] or match["type"].rsplit(".", 1)[-1], match["type"], json_name, omitted

    def spelled(self, go_type: str) -> str:
        """A type as reflection prints it."""

        def word(match: re.Match[str]) -> str:
            alias, dot, name = match[0].rpartition(".")
            if not dot:
                return {"byte": "uint8"}.get(name, name) if name in BASIC or name == "map" else f"{self.name}.{name}"
            return f"{self.imports.get(alias, alias)}.{name}"

        return re.sub(r"[\w.]+", word, go_type)


def fields(package: Package, struct: str, served: Mapping[str, object], inside: str = "") -> Iterator[str]:
    """The fields of a struct, embedded ones in place, as ``name type [o|z] [@Embedded.Names]``."""
    for name, go_type, json_name, omitted in package.lines(struct):
        if json_name:
            if json_name in served:
                yield " ".join(filter(None, (json_name, package.spelled(go_type), omitted, f"@{inside}" if inside else "")))
        elif go_type.endswith("TypeMeta"):
            yield f"kind string o @{name}"
            yield f"apiVersion string o @{name}"
        elif "." not in go_type and go_type in package.structs:
            yield from fields(package, go_type, served, f"{inside}.{name}".strip("."))
        else:
            print("embedded from elsewhere:", struct, go_type, file=sys.stderr)


def main() -> None:
    """Read the sources, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--definitions", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    packages: dict[Path, Package] = {}
    out = []
    for name, definition in json.loads(options.definitions.read_text()).items():
        prefix = next(p for p in PACKAGES if name.startswith(p + "."))
        where, _, struct = name.removeprefix(prefix).strip(".").rpartition(".")
        directory = options.source / PACKAGES[prefix] / where.replace(".", "/")
        package = packages.setdefault(directory, Package(directory))
        if struct not in package.structs:
            print("no struct:", name, file=sys.stderr)
            continue
        found = list(fields(package, struct, definition["fields"]))
        missing = set(definition["fields"]) - {f.split()[0] for f in found}
        if missing:
            print("missing:", name, sorted(missing), file=sys.stderr)
        out.append(f"{json.dumps(name)}:{json.dumps(found, separators=(',', ':'))}")
    options.out.write_text("{\n" + ",\n".join(out) + "\n}\n")


if __name__ == "__main__":
    main()
