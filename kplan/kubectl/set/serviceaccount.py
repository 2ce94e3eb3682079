"""``kubectl set serviceaccount``: another ServiceAccount for a pod template.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/set/set_serviceaccount.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.client import SERVER
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.info import Info
from kplan.kubectl.podspecs import Draft, patch_all, pod_spec_in
from kplan.kubectl.set.image import SHARED, found

FLAGS = SHARED


def run(command: Command) -> AnyFailure | None:
    """Set the ServiceAccount; the old name of the field follows the new one, as the server keeps them equal."""
    a = command.arguments
    if a["local"] and command.dry_run == SERVER:
        return Failure("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
    if not a.args:
        return Failure("serviceaccount is required")
    infos = found(command, a.args[:-1])
    if not isinstance(infos, list):
        return infos

    def change(draft: Draft, info: Info) -> AnyFailure | None:
        spec = pod_spec_in(draft, info)
        if isinstance(spec, Failure):
            return spec
        spec["serviceAccountName"] = a.args[-1]
        return None

    return patch_all(command, infos, change, "serviceaccount updated", "failed to patch ServiceAccountName ", always=True)
