#!/usr/bin/env python3
"""Makes ``schemas/`` from what Kubernetes publishes of itself; the same input gives the same bytes.

    python schemas/build.py --facts DIR [--package DIR] [--out schemas]

``schemas/1.36/go-types.json`` is made before by ``go_types.py``; the other minors' are made from it.

``--facts`` holds what a 1.36 server says of itself (definitions, discovery, feature gates, API lifecycle, Go types of a pod
template).  ``--package`` is the unpacked wheel of ``kubernetes-validate``, which holds the definitions of the other minors.
What was taken from where, and why, is written down in PROVENANCE.md.
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

OTHERS = (31, 32, 33, 34, 35, 37)
"""The minors made from the package."""

GO_STRUCTS = Path(__file__).parent / f"1.{REFERENCE}" / "go-types.json"
"""What ``go_types.py`` made."""

PACKAGED = "kubernetes_validate/kubernetes-json-schema/v1.{minor}.0-local/_definitions.json"

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

LEGACY_BETAS = {31: {("flowcontrol.apiserver.k8s.io", "v1beta3")}}
"""Beta versions a minor still serves by default; all others are off unless asked for."""

LATER_SUBRESOURCES = {("pods", "resize"): 33}
"""Subresources that came after 1.31, and the first minor that serves them by default."""

_WRITE = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]

LATER_KINDS: Mapping[tuple[str, str], Json] = {
    ("certificates.k8s.io", "ClusterTrustBundle"): {"namespaced": False, "subresources": []},
    ("certificates.k8s.io", "PodCertificateRequest"): {"namespaced": True, "subresources": ["status"]},
    ("resource.k8s.io", "DeviceTaintRule"): {"namespaced": False, "subresources": ["status"]},
    ("storagemigration.k8s.io", "StorageVersionMigration"): {"namespaced": False, "subresources": ["status"]},
}
"""Kinds whose first stable version came after 1.36: what their definitions do not say."""

POSTED = {
    ("authentication.k8s.io", "v1", "TokenRequest"),
    ("autoscaling", "v1", "Scale"),
    ("policy", "v1", "Eviction"),
    ("", "v1", "Status"),
}
"""Kinds that subresources take, or that the server answers with."""

WORKLOAD_REF: Json = {"go": "WorkloadRef", "inline": False, "json": "workloadRef", "omitempty": True, "type": "*v1.WorkloadReference"}
WORKLOAD_REFERENCE: Json = {
    "v1.WorkloadReference": [
        {"go": "Name", "inline": False, "json": "name", "omitempty": False, "type": "string"},
        {"go": "PodGroup", "inline": False, "json": "podGroup", "omitempty": False, "type": "string"},
        {"go": "PodGroupReplicaKey", "inline": False, "json": "podGroupReplicaKey", "omitempty": True, "type": "string"},
    ]
}
"""The one pod template field that 1.35 had and 1.36 has not: it stood last in PodSpec, where schedulingGroup is now."""

GO_TYPES = {
    ("boolean", ""): "bool",
    ("integer", ""): "int64",
    ("integer", "int32"): "int32",
    ("integer", "int64"): "int64",
    ("number", "double"): "float64",
    ("string", "byte"): "[]uint8",
    ("quantity", ""): "resource.Quantity",
    ("int-or-string", ""): "intstr.IntOrString",
    ("time", "time"): "v1.Time",
    ("time", "micro-time"): "v1.MicroTime",
    ("any", ""): "runtime.RawExtension",
}

RETIRED: list[Json] = [
    {"group": group, "version": version, "kind": kind, "introduced": introduced, "deprecated": deprecated, "removed": removed}
    | ({"replacement": replacement} if replacement else {})
    for group, version, kind, introduced, deprecated, removed, replacement in (
        ("apiextensions.k8s.io", "v1beta1", "CustomResourceDefinition", "1.7", "1.16", "1.22", "apiextensions.k8s.io/v1/CustomResourceDefinition"),
        ("apiregistration.k8s.io", "v1beta1", "APIService", "1.7", "1.19", "1.22", "apiregistration.k8s.io/v1/APIService"),
        ("autoscaling", "v2beta1", "HorizontalPodAutoscaler", "1.8", "1.22", "1.25", "autoscaling/v2/HorizontalPodAutoscaler"),
        ("autoscaling", "v2beta2", "HorizontalPodAutoscaler", "1.12", "1.23", "1.26", "autoscaling/v2/HorizontalPodAutoscaler"),
        ("extensions", "v1beta1", "PodSecurityPolicy", "1.2", "1.11", "1.16", "policy/v1beta1/PodSecurityPolicy"),
        ("policy", "v1beta1", "PodSecurityPolicy", "1.10", "1.21", "1.25", ""),
    )
]
"""APIs whose types 1.36 no longer carries, or carries outside its API module, so that the facts do not name them."""


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
    if "x-kubernetes-map-type" in node:
        out["map_type"] = node["x-kubernetes-map-type"]
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
    compiled = compile_all(merged)
    kinds = kinds_of(read(facts / "discovery.json"), names_by_kind(merged))
    target = out / f"1.{REFERENCE}"
    write_lines(target / "kinds.json", kinds)
    write_lines(target / "definitions.json", dict(sorted(compiled.items())))
    gates = {name: gate["enabled"] for name, gate in sorted(read(facts / "feature-gates.json").items())}
    write_lines(target / "gates.json", {k: v for k, v in gates.items() if k not in FORK_GATES})
    write_lines(target / "pod-template-go-types.json", read(facts / "pod-template-go-types.json"))
    lifecycle = read(facts / "api-lifecycle.json") + RETIRED
    write_lines(out / "lifecycle.json", sorted(lifecycle, key=lambda e: (e["group"], e["version"], e["kind"])))


def compile_all(definitions: Mapping[str, Json]) -> dict[str, Json]:
    """All definitions but the leaves, compiled."""
    return {name: definition_of(node) for name, node in definitions.items() if name not in LEAVES}


def packaged(package: Path, minor: int) -> Json:
    """The package's definitions of a minor, without the enums it adds to apiVersion and kind."""
    definitions: Json = read(package / PACKAGED.format(minor=minor))["$defs"]
    for node in definitions.values():
        for inner in node.get("properties", {}).values():
            inner.pop("enum", None)
    return definitions


def served_kinds(minor: int, kinds: list[Json], named: Mapping[tuple[str, str, str], str]) -> list[Json]:
    """The kinds a minor serves by default: those of its definitions that are stable, described as 1.36 describes them."""
    described = {(kind["group"], kind["kind"]): kind for kind in reversed(kinds)}
    described |= {at: described_later(at) for at in LATER_KINDS}
    groups = list(dict.fromkeys(kind["group"] for kind in kinds))
    out = [
        described[group, kind] | {"version": version, "definition": definition}
        for (group, version, kind), definition in named.items()
        if (group, kind) in described and is_served(minor, group, version)
    ]
    for kind in out:
        kind["subresources"] = [s for s in kind["subresources"] if LATER_SUBRESOURCES.get((kind["plural"], s), 0) <= minor]
    return sorted(out, key=lambda k: (groups.index(k["group"]) if k["group"] in groups else len(groups), rank(k["version"]), k["plural"]))


def described_later(at: tuple[str, str]) -> Json:
    """What discovery says of a kind that 1.36 does not serve."""
    group, kind = at
    names = {"plural": kind.lower() + "s", "singular": kind.lower(), "short_names": []}
    return {"group": group, "version": "", "kind": kind} | names | {"verbs": _WRITE, "categories": []} | LATER_KINDS[at]


def is_served(minor: int, group: str, version: str) -> bool:
    """Whether a minor serves a version of a group by default."""
    return ("alpha" not in version and "beta" not in version) or (group, version) in LEGACY_BETAS.get(minor, ())


def rank(version: str) -> tuple[bool, int]:
    """The order of versions in discovery: stable ones first, the newest of them first."""
    return "beta" in version, -int(version.removeprefix("v").partition("beta")[0])


def add_reference_facts(compiled: Json, reference: Json, raw: Json, raw_reference: Json) -> None:
    """Enums and defaults, which the package lacks, from the same field of 1.36.

    A default is taken where the type is the same.  An enum is taken where also the field's description is the same, since a
    value added or removed in between is described there.
    """
    for name, entry in compiled.items():
        for field, schema in entry["fields"].items():
            facts = reference.get(name, {"fields": {}})["fields"].get(field)
            if facts is None or (facts["type"], facts.get("ref")) != (schema["type"], schema.get("ref")):
                continue
            if "default" in facts:
                schema["default"] = facts["default"]
            if description(raw, name, field) == description(raw_reference, name, field):
                copy_enums(facts, schema)


def copy_enums(facts: Json, schema: Json) -> None:
    """The enum of a field, or of its items or values."""
    if "enum" in facts:
        schema["enum"] = facts["enum"]
    for inner in ("items", "values"):
        if inner in facts and inner in schema:
            copy_enums(facts[inner], schema[inner])


def description(definitions: Json, name: str, field: str) -> str:
    """The description of a field."""
    return str(definitions[name]["properties"][field].get("description", ""))


def gates_at(minor: int, history: Mapping[str, list[Json]]) -> dict[str, bool]:
    """The gates a minor knows, at their defaults."""
    out = {}
    for name, stages in sorted(history.items()):
        reached = [stage for stage in stages if numbers(stage["since"]) <= (1, minor)]
        if reached:
            out[name] = max(reached, key=lambda stage: numbers(stage["since"]))["default"]
    return out


def numbers(minor: str) -> tuple[int, ...]:
    """``1.36`` as (1, 36)."""
    return tuple(map(int, minor.split(".")))


def go_types_at(minor: int, types: Mapping[str, list[Json]], definitions: Json, reference: Json) -> Json:
    """The Go structs of a pod template at a minor before 1.36: those of 1.36 without the fields that came later."""
    out: Json = {}
    for name, fields in types.items():
        known, now = (properties_of(name, d) for d in (definitions, reference))
        later = (now or set()) - (known or set())
        out[name] = [f for f in fields if f["json"] not in later]
        if minor == 35 and name == "v1.PodSpec":
            out[name].append(WORKLOAD_REF)
    if minor == 35:
        out |= WORKLOAD_REFERENCE
    return out


def properties_of(go_type: str, definitions: Json) -> set[str] | None:
    """The JSON fields of a Go struct of the pod template; None where no definition is named like it."""
    kind = go_type.removeprefix("v1.")
    for prefix in ("io.k8s.api.core.v1.", META):
        if prefix + kind in definitions:
            return set(definitions[prefix + kind].get("properties", {}))
    return None


def go_structs_at(structs: Mapping[str, list[str]], definitions: Json) -> dict[str, list[str]]:
    """The Go structs of a minor, from those of 1.36: the same fields in the same order, others after them."""
    out = {}
    for name, definition in definitions.items():
        fields = definition["fields"]
        known = [text for text in structs.get(name, ()) if text.split()[0] in fields]
        seen = {text.split()[0] for text in known}
        out[name] = known + [likely_go_field(f, definition) for f in fields if f not in seen]
    return {name: fields for name, fields in out.items() if fields}


def likely_go_field(field: str, definition: Json) -> str:
    """A field 1.36 does not know as the API conventions have it: an optional scalar or struct is a pointer."""
    schema, is_object = definition["fields"][field], "metadata" in definition["fields"]
    if is_object and field in ("apiVersion", "kind"):
        return f"{field} string o @TypeMeta"
    if field in definition.get("required", ()):
        return f"{field} {go_type(schema)}"
    pointer = schema["type"] not in ("array", "any") and "values" not in schema and not (is_object and "ref" in schema)
    return f"{field} {'*' if pointer else ''}{go_type(schema)} o"


def go_type(schema: Json) -> str:
    """The Go type a schema most likely has."""
    if "ref" in schema:
        return ".".join(schema["ref"].split(".")[-2:])
    if "items" in schema:
        return "[]" + go_type(schema["items"])
    if "values" in schema:
        return "map[string]" + go_type(schema["values"])
    return GO_TYPES.get((schema["type"], schema.get("format", "")), str(schema["type"]))


def build_other(minor: int, facts: Path, package: Path, out: Path) -> None:
    """``schemas/1.<minor>`` from the package, with 1.36's facts where it has none."""
    raw, raw_reference = packaged(package, minor), packaged(package, REFERENCE)
    reference = read(facts / "schemas-v3.json.gz")
    named = names_by_kind(raw)
    kinds = kinds_of(read(facts / "discovery.json"), names_by_kind(reference))
    compiled = compile_all(raw)
    add_reference_facts(compiled, compile_all(reference), raw, raw_reference)
    served = served_kinds(minor, kinds, named)
    target = out / f"1.{minor}"
    write_lines(target / "kinds.json", served)
    definitions = reachable(compiled, roots(served, named, compiled))
    write_lines(target / "definitions.json", definitions)
    write_lines(target / "go-types.json", go_structs_at(read(GO_STRUCTS), definitions))
    write_lines(target / "gates.json", gates_at(minor, read(facts / "feature-gates-by-version.json")))
    types = read(facts / "pod-template-go-types.json")
    write_lines(target / "pod-template-go-types.json", types if minor > REFERENCE else go_types_at(minor, types, raw, raw_reference))


def roots(served: list[Json], named: Mapping[tuple[str, str, str], str], compiled: Json) -> Iterator[str]:
    """The definitions to keep: the served kinds, their lists, and what is posted to subresources."""
    for kind in served:
        yield kind["definition"]
        if listed := named.get((kind["group"], kind["version"], kind["kind"] + "List")):
            yield listed
    yield from (name for at, name in named.items() if at in POSTED)
    yield from (name for name in compiled if name.startswith(META))


def check_derivation(facts: Path, package: Path) -> None:
    """Holds what the package's 1.36 would give against what a 1.36 server says.

    Raises: AssertionError where they differ, for then the other minors cannot be trusted either.
    """
    raw, reference = packaged(package, REFERENCE), read(facts / "schemas-v3.json.gz")
    kinds = kinds_of(read(facts / "discovery.json"), names_by_kind(reference))
    derived = served_kinds(REFERENCE, kinds, names_by_kind(raw))
    assert derived == kinds, [k for k in derived if k not in kinds]
    compiled, known = compile_all(raw), compile_all(reference)
    add_reference_facts(compiled, known, raw, raw)
    for name in reachable(compiled, roots(derived, names_by_kind(raw), compiled)):
        assert name not in known or compiled[name] == known[name], name


def main() -> None:
    """Reads the arguments and builds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=Path, required=True)
    parser.add_argument("--package", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    build_reference(arguments.facts, arguments.out)
    if arguments.package:
        check_derivation(arguments.facts, arguments.package)
        for minor in OTHERS:
            build_other(minor, arguments.facts, arguments.package, arguments.out)


if __name__ == "__main__":
    main()
