"""``kubectl rollout history``: the revisions of a rollout and why they came to be.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/rollout/rollout_history.go, pkg/polymorphichelpers/history.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import DRY_RUN, FILES, INT, OUTPUT, SELECTOR, flag
from kplan.kubectl.info import Info, printed_name
from kplan.kubectl.revisions import controller_revisions, replica_sets, revision_of
from kplan.kubectl.rollout.changing import selected
from kplan.kubectl.tables import columns
from kplan.model.objects import Object, annotations_of

FLAGS = (*FILES, *OUTPUT, SELECTOR, DRY_RUN, flag("revision", INT))
CHANGE_CAUSE = "kubernetes.io/change-cause"


def run(command: Command) -> AnyFailure | None:
    """Print histories."""
    if command.arguments["revision"] < 0:
        return Failure(f"revision must be a positive integer: {command.arguments['revision']}")
    selection = selected(command)
    return selection if isinstance(selection, Failure) else selection.error or selection.visit(lambda info: _print(command, info))


def _print(command: Command, info: Info) -> AnyFailure | None:
    obj, wanted = info.object or {}, command.arguments["revision"]
    if info.kind.group_kind not in ("Deployment.apps", "DaemonSet.apps", "StatefulSet.apps"):
        return Failure(f'no history viewer has been implemented for "{info.kind.group_kind}"')
    found = _revisions(command, info, obj)
    if wanted and wanted not in found and found:
        return Failure("unable to find the specified revision")
    rows = [["REVISION", "CHANGE-CAUSE"], *([str(n), annotations_of(found[n]).get(CHANGE_CAUSE) or "<none>"] for n in sorted(found))]
    text = "\n".join(columns(rows, gap=2)) + "\n" if found else "No rollout history found."
    if wanted and found:
        from kplan.kubectl.describing import pod_template_text

        text = pod_template_text(found[wanted])
    note = f"with revision #{wanted}" if wanted else ""
    command.client.screen.say(printed_name(obj, f"{note}\n{text}"))
    return None


def _revisions(command: Command, info: Info, obj: Object) -> dict[int, Object]:
    view = command.client.server.view
    if info.kind.kind == "Deployment":
        return {n: rs for rs in replica_sets(view, obj) if (n := revision_of(rs)) is not None}
    return {int(r.get("revision") or 0): r for r in controller_revisions(view, obj)}
