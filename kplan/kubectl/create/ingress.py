"""``kubectl create ingress --rule=host/path=service:port[,tls[=secret]]``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_ingress.go (1.36)
"""

from __future__ import annotations

import re
from typing import Any

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import ARRAY, flag
from kplan.kubectl.generating import SHARED, create, given_name, made
from kplan.model.integers import int_or_text

FLAGS = (*SHARED, flag("class"), flag("rule", ARRAY), flag("default-backend"), flag("annotation", ARRAY))
_RULE = re.compile(r"^(?P<host>[\w\*\-\.]*)(?P<path>/.*)=(?P<svcname>[\w\-]+):(?P<svcport>[\w\-]+)(?:,(?P<istls>tls)(?:=(?P<secretname>[\w\-]+))?)?")
_EMPTY = (
    "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules "
    "(which catch specific paths)"
)


def run(command: Command) -> AnyFailure | None:
    """Create an Ingress."""
    a = command.arguments
    name = given_name(command)
    if isinstance(name, Failure):
        return name
    if error := _wrong(a["rule"], a["annotation"], a["default-backend"]):
        return Failure(error)
    spec: dict[str, Any] = {}
    if a["class"]:
        spec["ingressClassName"] = a["class"]
    if a["default-backend"]:
        spec["defaultBackend"] = _backend(a["default-backend"])
    if tls := _tls(a["rule"]):
        spec["tls"] = tls
    if a["rule"]:
        spec["rules"] = _rules(a["rule"])
    annotations = dict(pair.split("=", 1) for pair in a["annotation"])
    obj = made("networking.k8s.io/v1", "Ingress", name, metadata={"annotations": annotations} if annotations else None, spec=spec)
    return create(command, obj, "failed to create ingress: ")


def _wrong(rules: list[str], annotations: list[str], backend: str) -> str:
    if not backend and not rules:
        return _EMPTY
    for rule in rules:
        if not _RULE.match(rule):
            return f"rule {rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
    for annotation in annotations:
        if "=" not in annotation:
            return f"annotation {annotation} is invalid and should be in format key=[value]"
    if backend and len(backend.split(":")) != 2:
        return "default-backend should be in format servicename:serviceport"
    return ""


def _backend(word: str) -> dict[str, Any]:
    name, port = word.split(":")[:2]
    number = int_or_text(port)
    return {"service": {"name": name, "port": {"number": number} if isinstance(number, int) else {"name": port}}}


def _rules(rules: list[str]) -> list[dict[str, Any]]:
    """A rule for each host; a path that ends in ``*`` is a prefix."""
    out: list[dict[str, Any]] = []
    for rule in rules:
        host, path = rule.split(",")[0].split("/", 1)
        where, service = path.split("=")[:2]
        where = f"/{where}"
        prefix = where.endswith("*")
        entry = {"path": where[:-1] if prefix else where, "pathType": "Prefix" if prefix else "Exact", "backend": _backend(service)}
        known = next((r for r in out if r.get("host", "") == host), None)
        if known is not None:
            known["http"]["paths"].append(entry)
        else:
            out.append(({"host": host} if host else {}) | {"http": {"paths": [entry]}})
    return out


def _tls(rules: list[str]) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    seen: set[str] = set()
    for rule in rules:
        parts = rule.split(",")
        host = rule.split("/", 1)[0]
        if len(parts) != 2 or host in seen:
            continue
        seen.add(host)
        secret = parts[1].split("=")[1] if "=" in parts[1] else ""
        same = next((t for t in out if t.get("secretName", "") == secret), None)
        if same is not None:
            same.setdefault("hosts", []).append(host)
        elif entry := ({"hosts": [host]} if host else {}) | ({"secretName": secret} if secret else {}):
            out.append(entry)
    return out
