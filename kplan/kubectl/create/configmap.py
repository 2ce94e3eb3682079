"""``kubectl create configmap``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_configmap.go (1.36)
"""

from __future__ import annotations

import base64
from typing import Any

from kplan.kubectl import keyvalues
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.generating import SHARED, create, given_name, made

FLAGS = (*SHARED, *keyvalues.FLAGS)


def run(command: Command) -> AnyFailure | None:
    """Create a ConfigMap; what is no UTF-8 becomes binaryData."""
    name = given_name(command)
    if isinstance(name, Failure):
        return name
    pairs = keyvalues.read_pairs(command, "ConfigMap", literals_first=False)
    if isinstance(pairs, Failure):
        return pairs
    data: dict[str, str] = {}
    binary: dict[str, str] = {}
    for key, value in pairs.items():
        try:
            data[key] = value.decode()
        except UnicodeDecodeError:
            binary[key] = base64.b64encode(value).decode()
    if command.arguments["append-hash"]:
        content: dict[str, Any] = {"kind": "ConfigMap", "name": name, "data": data}
        name = f"{name}-{keyvalues.content_hash(content | ({'binaryData': binary} if binary else {}))}"
    obj = made("v1", "ConfigMap", name) | ({"data": data} if data else {}) | ({"binaryData": binary} if binary else {})
    return create(command, obj, "failed to create configmap: ")
