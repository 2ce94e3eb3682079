"""``kubectl run``: one pod of an image, and if asked a Service before it.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/run/run.go, pkg/generate/versioned/{run,service}.go (1.36)
"""

from __future__ import annotations

import re
from typing import Any

from kplan.apiserver.rules.names import is_env_var_name
from kplan.kubectl.client import NONE
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import ARRAY, BOOL, DRY_RUN, DURATION, FILES, OUTPUT, flag, manager
from kplan.kubectl.generating import create, made
from kplan.kubectl.overrides import FLAGS as OVERRIDES
from kplan.kubectl.overrides import overridden
from kplan.kubectl.pairs import parse_labels
from kplan.kubectl.verbs.delete import DELETION
from kplan.model.integers import complaint

FLAGS = (
    *FILES,
    *OUTPUT,
    *OVERRIDES,
    *DELETION,
    DRY_RUN,
    manager("kubectl-run"),
    flag("annotations", ARRAY),
    flag("image"),
    flag("image-pull-policy"),
    flag("rm", BOOL),
    flag("env", ARRAY),
    flag("port"),
    flag("labels", short="l"),
    flag("stdin", BOOL, short="i"),
    flag("tty", BOOL, short="t"),
    flag("attach", BOOL),
    flag("leave-stdin-open", BOOL),
    flag("restart", default="Always"),
    flag("command", BOOL),
    flag("expose", BOOL),
    flag("quiet", BOOL, short="q"),
    flag("privileged", BOOL),
    flag("wait", BOOL),
    flag("record", BOOL),
    flag("save-config", BOOL),
    flag("pod-running-timeout", DURATION, default=60.0),
)
_IMAGE = re.compile(
    r"^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?/)?"
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
    r"(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$",
    re.ASCII,
)


def run(command: Command) -> AnyFailure | None:
    """Run an image."""
    a = command.arguments
    if "image" not in a.changed:
        return Failure('required flag(s) "image" not set')
    if error := _conflicting(command):
        return error
    pod = _pod(command)
    if isinstance(pod, Failure):
        return pod
    final = overridden(command.client, pod, a["overrides"], a["override-type"])
    if isinstance(final, Failure):
        return final
    said = len(command.client.screen.stdout)
    failed = create(command, final, "")
    if failed is not None:
        return failed
    if not a["expose"]:
        return None
    line = command.client.screen.stdout[said:]
    del command.client.screen.stdout[said:]
    failed = create(command, _service(command), "")
    command.client.screen.stdout += line
    return failed


def _conflicting(command: Command) -> Failure | None:
    a = command.arguments
    if not a.args or a.dash == 0:
        return command.usage("NAME is required for run")
    if not a["image"]:
        return Failure("--image is required")
    if not _IMAGE.match(a["image"]):
        return Failure(f'Invalid image name "{a["image"]}": invalid reference format')
    if a["tty"] and not a["stdin"]:
        return command.usage("-i/--stdin is required for containers with -t/--tty=true")
    if a["expose"] and not a["port"]:
        return command.usage("--port must be set when exposing a service")
    if a["restart"] not in ("", "Always", "OnFailure", "Never"):
        return command.usage(f"invalid restart policy: {a['restart']}")
    attached = a["attach"] or a["stdin"]
    if not attached and a["rm"]:
        return command.usage("--rm should only be used for attached containers")
    if attached and command.dry_run != NONE:
        return command.usage("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)")
    if a["image-pull-policy"] not in ("", "Always", "IfNotPresent", "Never"):
        return command.usage(f"invalid image pull policy: {a['image-pull-policy']}")
    return None


def _labels(text: str, name: str) -> dict[str, str] | Failure:
    return parse_labels(text) if text else {"run": name}


def _pod(command: Command) -> dict[str, Any] | Failure:
    a = command.arguments
    name = a.args[0]
    labels = _labels(a["labels"], name)
    if isinstance(labels, Failure):
        return labels
    container: dict[str, Any] = {"name": name, "image": a["image"]}
    env = []
    for pair in a["env"]:
        key, equals, value = pair.partition("=")
        if not equals or list(is_env_var_name(key)):
            return Failure(f"invalid env: {pair}")
        env.append({"name": key, "value": value} if value else {"name": key})
    if a["port"] and (wrong := complaint(a["port"])):
        return Failure(f'strconv.Atoi: parsing "{a["port"]}": {wrong}')
    for key, value in (
        ("stdin", a["stdin"]),
        ("stdinOnce", a["stdin"] and not a["leave-stdin-open"]),
        ("tty", a["tty"]),
        ("securityContext", {"privileged": True} if a["privileged"] else None),
        ("command" if a["command"] else "args", a.args[1:]),
        ("env", env),
        ("imagePullPolicy", a["image-pull-policy"]),
        ("ports", [{"containerPort": int(a["port"])}] if a["port"] else None),
    ):
        if value:
            container[key] = value
    annotations = dict(p.split("=", 1) for p in a["annotations"] if "=" in p)
    metadata: dict[str, Any] = {"labels": labels} | ({"annotations": annotations} if annotations else {})
    spec = {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": a["restart"] or "Always"}
    return made("v1", "Pod", name, metadata=metadata, spec=spec)


def _service(command: Command) -> dict[str, Any]:
    a = command.arguments
    name, port = a.args[0], int(a["port"])
    labels = _labels(a["labels"], name)
    given = labels if a["labels"] and isinstance(labels, dict) else None
    spec = {"ports": [{"port": port, "protocol": "TCP", "targetPort": port}], "selector": labels}
    return made("v1", "Service", name, metadata={"labels": given} if given else None, spec=spec)
