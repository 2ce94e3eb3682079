#!/usr/bin/env python3
"""Makes ``schemas/`` from what Kubernetes publishes of itself; the same input gives the same bytes.

    python schemas/build.py --facts DIR [--package DIR] [--out schemas]

``--facts`` holds what a 1.36 server says of itself (definitions, discovery, feature gates, API lifecycle, Go types of a pod
template).  ``--package`` is the unpacked wheel of ``kubernetes-validate``, which holds the definitions of the other minors.
What was taken from where is written down in PROVENANCE.md.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]

REFERENCE = 36
"""The minor whose facts are complete."""

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
CRD = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."

LEAVES: Mapping[str, Json] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": "quantity"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": "int-or-string"},
    META + "Time": {"type": "time", "format": "time"},
    META + "MicroTime": {"type": "time", "format": "micro-time"},
    META + "FieldsV1": {"type": "any", "preserve_unknown": True},
    META + "Patch": {"type": "any", "preserve_unknown": True},
    "io.k8s.apimachinery.pkg.runtime.RawExtension": {"type": "any", "preserve_unknown": True},
    CRD + "JSON": {"type": "any", "preserve_unknown": True},
    CRD + "JSONSchemaPropsOrArray": {"type": "any", "preserve_unknown": True},
    CRD + "JSONSchemaPropsOrBool": {"type": "any", "preserve_unknown": True},
    CRD + "JSONSchemaPropsOrStringArray": {"type": "any", "preserve_unknown": True},
}
"""Definitions whose Go type reads its own JSON: they become a type of the catalog's."""

EXTENSIONS = {
    "x-kubernetes-list-type": "list_type",
    "x-kubernetes-list-map-keys": "list_map_keys",
    "x-kubernetes-patch-merge-key": "merge_key",
    "x-kubernetes-map-type": "map_type",
}

FORK_GATES = {"MinimumKubeletVersion", "RouteExternalCertificate", "StoragePerformantSecurityPolicy"}
"""Gates of the fork the facts were read from; Kubernetes has no such gates."""


def schema_of(node: Json) -> Json:
    """One field's schema in the catalog's words."""
    out: Json = {}
    ref = reference_of(node)
    if ref in LEAVES:
        out |= LEAVES[ref]
    elif ref:
        out |= {"type": "object", "ref": ref}
    else:
        out["type"] = type_of(node)
        if "format" in node:
            out["format"] = node["format"]
    if "items" in node:
        out["items"] = schema_of(node["items"])
    if isinstance(node.get("additionalProperties"), dict):
        out["values"] = schema_of(node["additionalProperties"])
    if "enum" in node:
        out["enum"] = sorted(node["enum"])
    if "default" in node:
        out["default"] = node["default"]
    out |= {ours: node[theirs] for theirs, ours in EXTENSIONS.items() if theirs in node}
    if strategies := node.get("x-kubernetes-patch-strategy"):
        out["patch_strategies"] = strategies.split(",")
    return out


def reference_of(node: Json) -> str:
    """The name of the definition a node refers to, directly or wrapped in ``allOf``; else ""."""
    inner = node["allOf"][0] if "allOf" in node else node
    return str(inner.get("$ref", "")).rpartition("/")[2]


def type_of(node: Json) -> str:
    """The JSON type of a node; where null is allowed beside it, the other one."""
    kind = node.get("type", "object")
    return kind if isinstance(kind, str) else next(k for k in kind if k != "null")


def definition_of(node: Json) -> Json:
    """A definition: its fields and which of them are required."""
    out: Json = {"fields": {name: schema_of(inner) for name, inner in sorted(node.get("properties", {}).items())}}
    if node.get("required"):
        out["required"] = sorted(node["required"])
    return out


def references(definition: Json) -> Iterator[str]:
    """The definitions a compiled definition refers to."""
    pending = list(definition["fields"].values())
    while pending:
        schema = pending.pop()
        if "ref" in schema:
            yield schema["ref"]
        pending += [schema[k] for k in ("items", "values") if k in schema]


def reachable(compiled: Mapping[str, Json], roots: Iterable[str]) -> dict[str, Json]:
    """The definitions that can be reached from the roots, by name."""
    found: dict[str, Json] = {}
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = compiled[name]
            pending += references(compiled[name])
    return dict(sorted(found.items()))


def names_by_kind(definitions: Mapping[str, Json]) -> dict[tuple[str, str, str], str]:
    """The definition of each (group, version, kind); DeleteOptions and WatchEvent, which serve every group, left out."""
    out: dict[tuple[str, str, str], str] = {}
    for name, node in sorted(definitions.items()):
        known = node.get("x-kubernetes-group-version-kind", [])
        if len(known) == 1:
            out[known[0]["group"], known[0]["version"], known[0]["kind"]] = name
    return out


def split_version(api_version: str) -> tuple[str, str]:
    """(group, version) of ``apps/v1``."""
    group, _, version = api_version.rpartition("/")
    return group, version


def kinds_of(discovery: Json, named: Mapping[tuple[str, str, str], str]) -> list[Json]:
    """The served kinds in the server's order, subresources folded into their kind."""
    out: dict[tuple[str, str], Json] = {}
    for resource in discovery["resources"]:
        plural, slash, subresource = resource["name"].partition("/")
        at = resource["groupVersion"], plural
        if slash:
            if at in out:
                out[at]["subresources"].append(subresource)
            continue
        group, version = split_version(resource["groupVersion"])
        out[at] = {
            "group": group,
            "version": version,
            "kind": resource["kind"],
            "plural": plural,
            "singular": resource["singularName"],
            "short_names": resource.get("shortNames", []),
            "namespaced": resource["namespaced"],
            "verbs": sorted(resource["verbs"]),
            "categories": resource.get("categories", []),
            "subresources": [],
            "definition": named[group, version, resource["kind"]],
        }
    for kind in out.values():
        kind["subresources"].sort()
    return list(out.values())


def write_lines(path: Path, value: Mapping[str, Any] | list[Any]) -> None:
    """JSON with one entry a line, so that a reader can take one entry without parsing the others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(value, list):
        opening, closing, rows = "[", "]", [compact(v) for v in value]
    else:
        opening, closing, rows = "{", "}", [f"{compact(k)}:{compact(v)}" for k, v in value.items()]
    path.write_text(f"{opening}\n" + ",\n".join(rows) + f"\n{closing}\n", encoding="utf-8")


def compact(value: Any) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def read(path: Path) -> Any:
    """The JSON of a file, gzipped or not."""
    return json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())


def build_reference(facts: Path, out: Path) -> None:
    """``schemas/1.36`` and the lifecycle that all minors share."""
    merged: Json = read(facts / "schemas-v3.json.gz")
    compiled = {name: definition_of(node) for name, node in merged.items() if name not in LEAVES}
    kinds = kinds_of(read(facts / "discovery.json"), names_by_kind(merged))
    target = out / f"1.{REFERENCE}"
    write_lines(target / "kinds.json", kinds)
    write_lines(target / "definitions.json", dict(sorted(compiled.items())))
    gates = {name: gate["enabled"] for name, gate in sorted(read(facts / "feature-gates.json").items())}
    write_lines(target / "gates.json", {k: v for k, v in gates.items() if k not in FORK_GATES})
    write_lines(target / "pod-template-go-types.json", read(facts / "pod-template-go-types.json"))
    lifecycle = sorted(read(facts / "api-lifecycle.json"), key=lambda e: (e["group"], e["version"], e["kind"]))
    write_lines(out / "lifecycle.json", lifecycle)


def main() -> None:
    """Reads the arguments and builds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=Path, required=True)
    parser.add_argument("--package", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    build_reference(arguments.facts, arguments.out)


if __name__ == "__main__":
    main()
