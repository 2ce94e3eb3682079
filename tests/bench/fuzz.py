"""Hostile input: mutated manifests into the loader, mutated objects of every kind through the API server's door.

    python tests/bench/fuzz.py SECONDS [--seed N] [--seeds OBJECTS.jsonl.gz]

What must hold: no exception, no more than a second of processor time for an input of at most 1 MB, and not more than
500 MB of memory.  The same two properties run for a few seconds in ``tests/properties/test_hostile.py``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from ruamel.yaml import YAML  # noqa: E402

from kplan.apiserver.server import APIServer  # noqa: E402
from kplan.catalog.catalog import Catalog  # noqa: E402
from kplan.catalog.definitions import Schema  # noqa: E402
from kplan.load.sources import load_sources  # noqa: E402
from kplan.model.names import Names  # noqa: E402
from kplan.model.objects import thaw  # noqa: E402
from kplan.store.store import Store  # noqa: E402

MOST_SECONDS = 1.0
MOST_MEGABYTES = 500
MOST_BYTES = 1_000_000

Json = Any


def deep(levels: int) -> Json:
    """A value nested so many levels deep."""
    out: Json = {}
    for i in range(levels):
        out = [out] if i % 2 else {"a": out}
    return out


ODD: tuple[Callable[[random.Random], Json], ...] = tuple(  # noqa: RUF005
    (lambda r, v=v: thaw({"v": v})["v"])
    for v in (
        None, True, False, 0, 1, -1, 2**31, 2**31 - 1, -(2**31) - 1, 2**63, 2**63 - 1, -(2**63) - 1, 10**40, 1.5, -0.0, 1e308, 1e-300,
        "", " ", "x", "X_Y", "-", ".", "*", "0", "-1", "1Gi", "1e400", "1e-400", "100%", "1.5%", "999999999999999999999%", "9" * 400,
        "\x00", "\ud7ff", "é", "\U0001f600", "a/b/c", "a/", "/a", "//", "..", "../x", "a" * 64, "a" * 254, "a" * 5000, "a.b." * 200,
        "2026-01-01T00:00:00Z", "9999999h", "1m1", "P1D", "10.0.0.0/33", "::1", "::ffff:1.2.3.4", "1.2.3.256", "fe80::1%eth0",
        "http://[", "(((((", "(a+)+$", "$(A)", "{{", "kubernetes.io/x", "*.example.com", "true", "null", "AAAA", "@@@=", "In", "Exists",
        [], {}, [None], [{}], [[]], {"": ""}, {"a": None}, {"a": {}}, {"a": 1}, ["a", "a"], [1], {"$patch": "delete"}, {"matchLabels": None},
        {"matchExpressions": [{"key": None, "operator": "In", "values": None}]}, [{"name": "a"}, {"name": "a"}], {"name": None},
    )
) + (
    lambda r: deep(r.choice((10, 60, 180))),
    lambda r: "a" * r.choice((10_000, 300_000)),
    lambda r: [r.choice((None, "a", 1, {}))] * r.choice((200, 5_000)),
    lambda r: {f"k{i}": "v" for i in range(r.choice((100, 3_000)))},
    lambda r: r.randint(-(10**6), 10**20),
    lambda r: "".join(chr(r.randint(1, 0x2FF)) for _ in range(r.randint(1, 20))),
)
ODD_KEYS = ("", " ", "a.b", "a/b", "x" * 300, "$ref", "__class__", "\x00", "name", "Name", "é", "-", "metadata", "spec", "[0]", "*")


def places(value: Json, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all values inside a value."""
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in steps:
        yield (*at, key)
        yield from places(inner, (*at, key))


def mutate(obj: Json, r: random.Random, corpus: list[Json]) -> Json:
    """The object with some of its values replaced, dropped, repeated, moved or taken from another object."""
    out = thaw(obj)
    for _ in range(r.choice((1, 1, 1, 2, 3, 6))):
        found = [p for p in places(out) if p not in (("apiVersion",), ("kind",)) or r.random() < 0.02]
        if not found:
            break
        path = r.choice(found)
        parent = out
        for step in path[:-1]:
            parent = parent[step]
        last = path[-1]
        match r.randrange(10):
            case 0 | 1:
                del parent[last]
            case 2 if isinstance(parent, dict):
                parent[r.choice(ODD_KEYS)] = r.choice(ODD)(r)
            case 3 if isinstance(parent, list):
                parent.append(thaw({"v": parent[last]})["v"])
            case 4:
                other = r.choice(corpus)
                inside = r.choice(list(places(other)) or [()])
                for step in inside:
                    other = other[step]
                parent[last] = thaw({"v": other})["v"]
            case _:
                parent[last] = r.choice(ODD)(r)
    return out


# -- what is mutated -------------------------------------------------------------------------------------------------

_BY_NAME: dict[str, Json] = {
    "name": "a", "namespace": "default", "labels": {"app": "a"}, "matchLabels": {"app": "a"}, "annotations": {"a": "b"}, "image": "i:1",
    "apiGroup": "", "protocol": "TCP", "port": 80, "containerPort": 80, "restartPolicy": "Always", "mountPath": "/a", "path": "/a",
    "accessModes": ["ReadWriteOnce"], "operator": "In", "values": ["a"], "key": "a", "schedule": "* * * * *", "host": "a.example.com",
    "pathType": "Prefix", "driver": "d.example.com", "provisioner": "p.example.com", "handler": "h", "expression": "true", "cidr": "10.0.0.0/8",
    "apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"], "verbs": ["get"], "managedFields": [],
    "finalizers": ["a.example.com/b"], "generateName": "", "deletionTimestamp": None, "resourceVersion": "", "uid": "",
}  # fmt: skip
_BY_TYPE: dict[str, Json] = {
    "string": "a", "integer": 1, "number": 1.0, "boolean": True, "int-or-string": 1, "quantity": "1", "time": "2026-01-01T00:00:00Z",
    "any": {"apiVersion": "v1", "kind": "ConfigMap"}, "object": {}, "array": [],
}  # fmt: skip


def sample(schema: Schema, name: str, catalog: Catalog, depth: int) -> Json:
    """A value with every field its schema has, down to a depth."""
    if name in _BY_NAME:
        return thaw({"v": _BY_NAME[name]})["v"]
    if schema.enum:
        return schema.enum[0]
    if schema.ref and depth > 0:
        fields = catalog.definition(schema.ref).fields
        return {k: v for k, s in fields.items() if (v := sample(s, k, catalog, depth - 1)) is not None}
    if schema.items is not None:
        return [sample(schema.items, "", catalog, depth)]
    if schema.values is not None:
        return {"a": sample(schema.values, "", catalog, depth)}
    return thaw({"v": _BY_TYPE[schema.type]})["v"]


CRD = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "widgets.example.com", "uid": "crd"},
    "spec": {
        "group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "versions": [{
            "name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": {
                    "type": "object", "required": ["size"],
                    "x-kubernetes-validations": [{"rule": "!has(self.name) || self.name.matches('^(a+)+$') || self.tags.all(t, t.size() < 9)"},
                                                 {"rule": "self.size >= oldSelf.size", "messageExpression": "'shrunk to ' + string(self.size)"}],
                    "properties": {
                        "size": {"type": "integer", "minimum": 1, "maximum": 9, "default": 1},
                        "name": {"type": "string", "maxLength": 20, "pattern": "^(a+)+$"},
                        "tags": {"type": "array", "maxItems": 20, "x-kubernetes-list-type": "set", "items": {"type": "string", "maxLength": 30, "format": "date-time"}},
                        "ports": {"type": "array", "maxItems": 20, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"],
                                  "items": {"type": "object", "required": ["port"], "properties": {"port": {"type": "integer"}, "q": {"x-kubernetes-int-or-string": True}}}},
                        "template": {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
                        "map": {"type": "object", "additionalProperties": {"type": "number", "multipleOf": 0.5}},
                        "free": {"x-kubernetes-preserve-unknown-fields": True}, "maybe": {"type": "string", "nullable": True, "enum": ["a", "b"]}}},
                "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}}]},
    "status": {"acceptedNames": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}, "storedVersions": ["v1"],
               "conditions": [{"type": "Established", "status": "True"}, {"type": "NamesAccepted", "status": "True"}]},
}  # fmt: skip
WIDGET = {
    "apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"},
    "spec": {"size": 3, "name": "aaa", "tags": ["2026-01-01T00:00:00Z"], "ports": [{"port": 1, "q": "5%"}, {"port": 2}], "maybe": None,
             "template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"a": "b"}}}, "map": {"a": 1.5}, "free": {"x": [1]}},
}  # fmt: skip
POLICY = {
    "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "p", "uid": "p"},
    "spec": {
        "failurePolicy": "Fail", "matchConstraints": {"resourceRules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}]},
        "variables": [{"name": "labels", "expression": "object == null ? {} : object.metadata.?labels.orValue({})"}],
        "validations": [{"expression": "variables.labels.all(k, variables.labels[k] != 'bad')", "messageExpression": "'bad label on ' + object.metadata.name"}]},
}  # fmt: skip
BINDING = {
    "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "p", "uid": "b"},
    "spec": {"policyName": "p", "validationActions": ["Deny", "Audit"]},
}  # fmt: skip
WORLD: tuple[Json, ...] = (
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "uid": "n", "labels": {
        "pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/warn": "restricted"}}, "status": {"phase": "Active"}},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default", "uid": "a"}},
    {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l", "namespace": "default", "uid": "l"}, "spec": {"limits": [
        {"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "1"}, "min": {"cpu": "1m"}}, {"type": "Pod", "max": {"cpu": "10"}},
        {"type": "PersistentVolumeClaim", "max": {"storage": "10Gi"}}]}},
    {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "default", "uid": "q"},
     "spec": {"hard": {"cpu": "100k", "pods": "9k", "requests.storage": "1Ti", "services": "9k", "count/widgets.example.com": "9k"}},
     "status": {"hard": {"cpu": "100k", "pods": "9k", "requests.storage": "1Ti", "services": "9k"}, "used": {"cpu": "0", "pods": "0", "requests.storage": "0", "services": "0"}}},
    {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "a", "uid": "pc"}, "value": 5, "globalDefault": True},
    {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "a", "uid": "sc", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
     "provisioner": "p.example.com", "allowVolumeExpansion": True, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
    {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "a", "uid": "rc"}, "handler": "h", "overhead": {"podFixed": {"cpu": "1m"}}},
    {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "a", "uid": "ic"}, "spec": {"controller": "c.example.com/x"}},
    CRD, POLICY, BINDING,
)  # fmt: skip


def server() -> APIServer:
    """A server that has something for every admission plugin to do."""
    return APIServer(Store(WORLD), Catalog.at("1.36"), Names(0))


@cache
def corpus(extra: str = "") -> list[Json]:
    """The objects that are mutated: every kind with all its fields, and those of the tables of cases."""
    catalog = Catalog.at("1.36")
    found: list[Json] = [WIDGET, CRD, POLICY, BINDING, *WORLD]
    for info in catalog.kinds():
        if "create" not in info.verbs or not info.definition:
            continue
        for depth in (2, 4, 7):
            body = {k: sample(s, k, catalog, depth) for k, s in catalog.definition(info.definition).fields.items() if k not in ("apiVersion", "kind", "metadata")}
            found.append({"apiVersion": info.api_version, "kind": info.kind, "metadata": {"name": "a", "labels": {"app": "a"}}, **body})
    for table in ("apiserver", "admission"):
        for path in sorted((ROOT / "tests" / "cases" / table).glob("*.yaml")):
            for document in YAML(typ="safe").load_all(path):
                for case in document if isinstance(document, list) else ():
                    found += [case["create"]] if "create" in case else []
    if extra:
        with gzip.open(extra, "rt") as lines:
            found += [row.get("result", row["object"]) if row.get("code") == 201 else row["object"] for row in map(json.loads, lines)]
    return [thaw(json.loads(json.dumps(o, default=str))) for o in found if isinstance(o, dict) and isinstance(o.get("metadata"), dict)]


# -- the two properties ------------------------------------------------------------------------------------------------


def placed(obj: Json, door: APIServer) -> Json:
    """The object as kubectl sends it, as far as that can be done."""
    info = door.resolve(obj.get("apiVersion") if isinstance(obj.get("apiVersion"), str) else "", obj.get("kind") if isinstance(obj.get("kind"), str) else "")
    meta = obj.get("metadata")
    if info is not None and info.namespaced and isinstance(meta, dict):
        return {**obj, "metadata": {"namespace": "default", **meta}}
    return obj


def through_the_door(r: random.Random, door: APIServer, seeds: list[Json]) -> str:
    """Create a mutated object; then update what is stored, and mutated stored objects, by the user and as a status."""
    obj = r.choice(seeds)
    hostile = obj if r.random() < 0.3 else mutate(obj, r, seeds)
    if not isinstance(hostile.get("apiVersion"), str) or not isinstance(hostile.get("kind"), str):
        return "unreadable"  # the loader lets no such object pass
    outcome = door.create(placed(hostile, door), user=True, validation=r.choice(("Strict", "Warn", "Ignore")), dry_run=r.random() < 0.2)
    json.dumps(outcome.error.message if outcome.error is not None else outcome.object)
    if outcome.object is None:
        return "refused"
    result = "created"
    for _ in range(3):
        changed = mutate(outcome.object, r, seeds)
        if (changed.get("apiVersion"), changed.get("kind")) != (outcome.object["apiVersion"], outcome.object["kind"]):
            continue
        again = door.update(changed, user=True, subresource=r.choice(("", "", "status")), dry_run=r.random() < 0.5)
        json.dumps(again.error.message if again.error is not None else again.object)
        result = "updated" if again.ok else result
    return result


def text_of(r: random.Random, seeds: list[Json]) -> bytes:
    """A manifest, damaged."""
    objects = [r.choice(seeds) for _ in range(r.choice((1, 1, 2, 5)))]
    if r.random() < 0.3:
        objects = [mutate(o, r, seeds) for o in objects]
    if r.random() < 0.5:
        text = "\n---\n".join(json.dumps(o, indent=r.choice((None, 1, 2)), ensure_ascii=r.random() < 0.5) for o in objects)
    else:
        text = "\n---\n".join(_block(o, 0) for o in objects)
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(r.choice((0, 1, 1, 2, 8, 40))):
        at = r.randrange(len(data) + 1)
        match r.randrange(6):
            case 0:
                del data[at : at + r.choice((1, 1, 5, 80))]
            case 1:
                data[at:at] = data[at : at + r.randrange(60)]
            case 2:
                data[at:at] = bytes((r.randrange(256),))
            case 3:
                data = data[: at or 1]
            case 4 if r.random() < 0.1:
                data[at:at] = r.choice(_BOMBS)[: MOST_BYTES // 2]
            case _:
                data[at:at] = r.choice(_TOKENS)
    return bytes(data[:MOST_BYTES])


_TOKENS = (b"\t", b"\r", b"\n", b"\n\n", b": ", b":", b"- ", b"-", b"? ", b"&a ", b"*a", b"<<: *a\n", b"!!binary ", b"!x ", b"|\n", b">-\n", b"'", b'"', b"\\", b"{", b"}",
           b"[", b"]", b",", b"#", b" #", b"---\n", b"...\n", b"%YAML 1.1\n", b"\xef\xbb\xbf", b"\x00", b"\xff", b"\xc2\x85", b"\xe2\x80\xa8", b"  ", b"1_000", b"0o7", b".inf", b"1:30", b"~", b"{{ .x }}")  # fmt: skip
_BOMBS = (
    b"[" * 400_000, b"{" * 400_000, b"- " * 200_000, b"a: " * 200_000, b'{"a":' * 80_000, b"? " * 200_000, b"!" * 400_000, b"&a " * 100_000, b'"' * 400_000, b"'" * 400_000,
    b"#" * 400_000, b" " * 400_000, b"\n" * 400_000, b"\t" * 400_000, b"---\n" * 100_000, b"\\" * 400_000, b"|" * 400_000, b"9" * 400_000, b"a" * 400_000, b"%" * 400_000,
    b"".join(b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9) if i else b"x") for i in range(30)),
    b"".join(b"%s- a:\n" % (b" " * i) for i in range(600)), b"a: |\n" + b"  x\n" * 100_000, b"- a\n" * 100_000, b"a: b\n" * 80_000, b"{a: b}, " * 50_000, b"a: 'b\n" * 60_000,
)  # fmt: skip


def _block(value: Json, indent: int) -> str:
    """A value as block YAML."""
    pad = "  " * indent
    if isinstance(value, dict) and value:
        return "\n".join(f"{pad}{json.dumps(k) if not str(k).isidentifier() else k}:{_below(v, indent)}" for k, v in value.items())
    if isinstance(value, list) and value:
        return "\n".join(f"{pad}-{_below(v, indent)}" for v in value)
    return pad + json.dumps(value)


def _below(value: Json, indent: int) -> str:
    return "\n" + _block(value, indent + 1) if isinstance(value, (dict, list)) and value else " " + json.dumps(value, ensure_ascii=False)


def through_the_loader(r: random.Random, seeds: list[Json]) -> str:
    """Load a damaged manifest, and ask where its values stand."""
    loaded = load_sources(["-"], stdin=text_of(r, seeds))
    for document in loaded.documents[:3]:
        document.locate(("metadata", "name"))
        tuple(document.duplicates)
    return "loaded" if loaded.documents else "nothing"


# -- the measure -----------------------------------------------------------------------------------------------------------


class TooSlow(BaseException):
    """More processor time than is allowed; the limit for a single input is ten times the limit that is reported."""


def _ring(*_: object) -> None:
    raise TooSlow


def measured(work: Callable[[], str]) -> tuple[str, float]:
    """What it answered and the processor time it took.

    Raises: TooSlow, and whatever the work raises.
    """
    signal.signal(signal.SIGVTALRM, _ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS * 10)
    begin = time.process_time()
    try:
        return work(), time.process_time() - begin
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def megabytes() -> float:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(seconds: float, seed: int, extra: str) -> int:
    """Fuzz for so long; tells what was found, and returns how many things were."""
    seeds, counts, found = corpus(extra), Counter[str](), {}
    door, slowest, end = server(), 0.0, time.monotonic() + seconds
    base = megabytes()
    while time.monotonic() < end:
        seed += 1
        r = random.Random(seed)
        if seed % 50 == 0:
            door = server()
        which = "load" if r.random() < 0.4 else "serve"
        try:
            if which == "load":
                answer, took = measured(lambda r=r: through_the_loader(r, seeds))
            else:
                answer, took = measured(lambda r=r, door=door: through_the_door(r, door, seeds))
            counts[f"{which}: {answer}"] += 1
            slowest = max(slowest, took)
            problem = f"{took:.1f} s" if took > MOST_SECONDS else ""
            key: Any = (which, "slow")
        except (Exception, TooSlow) as error:
            frames = traceback.extract_tb(error.__traceback__)
            ours = [f for f in frames if "/kplan/" in f.filename] or frames
            key = (type(error).__name__, ours[-1].filename.split("/kplan/")[-1], ours[-1].lineno)
            problem = f"{key}: {str(error)[:100]}"
        if problem:
            if key not in found or key[1] == "slow":
                print(f"{which} seed {seed}: {problem}", flush=True)
            found[key] = found.get(key, 0) + 1
    print(f"{sum(counts.values())} inputs from {len(seeds)} objects; {dict(sorted(counts.items()))}")
    print(f"slowest {slowest:.2f} s; memory {megabytes():.0f} MB, of which {base:.0f} MB before the first input; {len(found)} findings: {found}")
    return len(found) + (megabytes() > MOST_MEGABYTES)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", default="", metavar="OBJECTS.jsonl.gz", help="more objects to mutate: one a line, under \"object\"")
    given = parser.parse_args()
    sys.exit(1 if run(given.seconds, given.seed, given.seeds) else 0)
