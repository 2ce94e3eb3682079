"""``kubectl create secret generic|docker-registry|tls``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_secret{,_docker,_tls}.go (1.36)
Differs: a TLS certificate is not held against its key.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from kplan.kubectl import keyvalues
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import flag
from kplan.kubectl.generating import SHARED, create, foreign_flag, given_name, made

DOCKER_KEY = ".dockerconfigjson"
FLAGS = (
    *SHARED,
    *keyvalues.FLAGS,
    flag("type"),
    flag("docker-username"),
    flag("docker-password"),
    flag("docker-email"),
    flag("docker-server", default="https://index.docker.io/v1/"),
    flag("cert"),
    flag("key"),
)

Data = dict[str, bytes]


def run(command: Command) -> AnyFailure | None:
    """Create a Secret of one of the types."""
    a = command.arguments
    sort = a.args.pop(0) if a.args else ""
    make = _SORTS.get(sort)
    if make is None:
        return Failure("must specify one of: docker-registry, generic, tls")
    if foreign := foreign_flag(command, sort, _OWN):
        return foreign
    name = given_name(command, sub=sort)
    if isinstance(name, Failure):
        return name
    found = make(command)
    if isinstance(found, Failure):
        return found
    type_, data = found
    encoded = {k: base64.b64encode(v).decode() for k, v in data.items()}
    if a["append-hash"]:
        content: dict[str, Any] = {"kind": "Secret", "type": type_, "name": name, "data": encoded}
        name = f"{name}-{keyvalues.content_hash(content)}"
    obj = made("v1", "Secret", name, type=type_) | ({"data": encoded} if encoded else {})
    return create(command, obj, "failed to create secret ")


def _generic(command: Command) -> tuple[str, Data] | Failure:
    data = keyvalues.read_pairs(command, "Secret", literals_first=True)
    return data if isinstance(data, Failure) else (command.arguments["type"], data)


def _docker(command: Command) -> tuple[str, Data] | Failure:
    a = command.arguments
    type_ = "kubernetes.io/dockerconfigjson"
    if a["from-file"]:
        a.values["from-file"] = [s if "=" in s else f"{DOCKER_KEY}={s}" for s in a["from-file"]]
        data = keyvalues.read_pairs(command, "Secret", literals_first=True)
        return data if isinstance(data, Failure) else (type_, data)
    user, password, email, server = (a[f"docker-{n}"] for n in ("username", "password", "email", "server"))
    if not (user and password and server):
        return Failure("either --from-file or the combination of --docker-username, --docker-password and --docker-server is required")
    entry = {"username": user, "password": password} | ({"email": email} if email else {})
    entry["auth"] = base64.b64encode(f"{user}:{password}".encode()).decode()
    config = json.dumps({"auths": {server: entry}}, separators=(",", ":"), ensure_ascii=False)
    return type_, {DOCKER_KEY: config.encode()}


def _tls(command: Command) -> tuple[str, Data] | Failure:
    a = command.arguments
    if not a["key"] or not a["cert"]:
        return Failure("key and cert must be specified")
    data: Data = {}
    for key, path in (("tls.crt", a["cert"]), ("tls.key", a["key"])):
        try:
            data[key] = command.read_bytes(path)
        except OSError as problem:
            return Failure(f"Cannot read file {path}, open {path}: {(problem.strerror or '').lower()}")
    return "kubernetes.io/tls", data


_OWN = {
    "generic": ("from-file", "from-literal", "from-env-file", "type", "append-hash"),
    "docker-registry": ("docker-username", "docker-password", "docker-email", "docker-server", "from-file", "append-hash"),
    "tls": ("cert", "key", "append-hash"),
}
_SORTS = {"generic": _generic, "docker-registry": _docker, "tls": _tls}
