"""``kubectl set resources``: requests and limits of containers.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/set/set_resources.go, pkg/generate/versioned/run.go: populateResourceListV1 (1.36)
"""

from __future__ import annotations

from kplan.kubectl.client import SERVER
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, aggregate
from kplan.kubectl.flags import flag
from kplan.kubectl.info import Info
from kplan.kubectl.podspecs import Draft, chosen, patch_all, pod_spec_in
from kplan.kubectl.set.image import SHARED, found
from kplan.model.quantity import Quantity, QuantityError

FLAGS = (*SHARED, flag("containers", short="c", default="*"), flag("limits"), flag("requests"))


def run(command: Command) -> AnyFailure | None:
    """Set requests and limits."""
    a = command.arguments
    infos = found(command, a.args)
    if not isinstance(infos, list):
        return infos
    if a["local"] and command.dry_run == SERVER:
        return Failure("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
    if a["all"] and a["selector"]:
        return Failure("cannot set --all and --selector at the same time")
    if not a["limits"] and not a["requests"]:
        return Failure("you must specify an update to requests or limits (in the form of --requests/--limits)")
    wanted: dict[str, dict[str, str]] = {}
    for which in ("limits", "requests"):
        parsed = parse_resources(a[which])
        if isinstance(parsed, Failure):
            return parsed
        wanted[which] = parsed
    missing: list[AnyFailure | None] = []

    def change(draft: Draft, info: Info) -> AnyFailure | None:
        spec = pod_spec_in(draft, info)
        if isinstance(spec, Failure):
            return spec
        containers = chosen(spec, a["containers"])
        if not containers:
            missing.append(Failure(f"error: unable to find container named {a['containers']}"))
        for container in containers:
            for which, quantities in wanted.items():
                if quantities:
                    container.setdefault("resources", {}).setdefault(which, {}).update(quantities)
        return None

    failed = patch_all(command, infos, change, "resource requirements updated", "failed to patch resources update to pod template ")
    return aggregate([*missing, *(failed.errors if failed is not None and not isinstance(failed, Failure) else [failed])])


def parse_resources(text: str) -> dict[str, str] | Failure:
    """The quantities of ``cpu=100m,memory=256Mi``."""
    out: dict[str, str] = {}
    for part in text.split(",") if text else ():
        pieces = part.split("=")
        if len(pieces) != 2:
            return Failure(f"Invalid argument syntax {part}, expected <resource>=<value>")
        try:
            out[pieces[0]] = str(Quantity.parse(pieces[1]))
        except QuantityError as problem:
            return Failure(str(problem))
    return out
