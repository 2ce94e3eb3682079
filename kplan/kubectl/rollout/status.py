"""``kubectl rollout status``: how far a rollout is.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/rollout/rollout_status.go, pkg/polymorphichelpers/rollout_status.go (1.36)
Differs: a rollout that waits is given its progress deadline, and no longer.
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import BOOL, DRY_RUN, DURATION, FILES, INT, SELECTOR, flag
from kplan.kubectl.info import Info
from kplan.kubectl.revisions import revision_of
from kplan.kubectl.rollout.changing import selected
from kplan.model.objects import Object, get_in

FLAGS = (*FILES, SELECTOR, DRY_RUN, flag("watch", BOOL, default=True, short="w"), flag("revision", INT), flag("timeout", DURATION))
DEADLINE = 600


def run(command: Command) -> AnyFailure | None:
    """Print the status of rollouts, and wait for them."""
    if command.arguments["revision"] < 0:
        return Failure(f"revision must be a positive integer: {command.arguments['revision']}")
    selection = selected(command)
    if isinstance(selection, Failure):
        return selection
    if selection.error is not None:
        return selection.error
    seen = 0

    def watch(info: Info) -> AnyFailure | None:
        nonlocal seen
        seen += 1
        return _watch(command, info)

    error = selection.visit(watch)
    if error is None and not seen:
        command.client.screen.complain(f"No resources found in {command.client.namespace} namespace.")
    return error


def _watch(command: Command, info: Info) -> AnyFailure | None:
    viewer = _VIEWERS.get(info.kind.group_kind)
    if viewer is None:
        return Failure(f"no status viewer has been implemented for {info.kind.group_kind}")
    for attempt in (0, 1):
        if error := info.get(command.client):
            return error
        obj = info.object or {}
        said = viewer(obj, command.arguments["revision"])
        if isinstance(said, Failure):
            return said
        text, done = said
        command.client.screen.say(text)
        if done or not command.arguments["watch"]:
            return None
        if not attempt:
            command.client.pause(command.arguments["timeout"] or get_in(obj, ("spec", "progressDeadlineSeconds")) or DEADLINE)
    return Failure("timed out waiting for the condition")


Said = tuple[str, bool] | Failure


def _deployment(obj: Object, revision: int) -> Said:
    name, status = obj["metadata"]["name"], obj.get("status") or {}
    running = revision_of(obj)
    if revision > 0 and running != revision:
        return Failure(f"desired revision ({revision}) is different from the running revision ({running})")
    if (obj["metadata"].get("generation") or 0) > (status.get("observedGeneration") or 0):
        return "Waiting for deployment spec update to be observed...", False
    progressing: Object = next((c for c in status.get("conditions") or () if c["type"] == "Progressing"), {})
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Failure(f'deployment "{name}" exceeded its progress deadline')
    waiting = f'Waiting for deployment "{name}" rollout to finish: '
    wanted, updated = get_in(obj, ("spec", "replicas"), 1), status.get("updatedReplicas") or 0
    total, available = status.get("replicas") or 0, status.get("availableReplicas") or 0
    if updated < wanted:
        return f"{waiting}{updated} out of {wanted} new replicas have been updated...", False
    if total > updated:
        return f"{waiting}{total - updated} old replicas are pending termination...", False
    if available < updated:
        return f"{waiting}{available} of {updated} updated replicas are available...", False
    return f'deployment "{name}" successfully rolled out', True


def _daemonset(obj: Object, _: int) -> Said:
    name, status = obj["metadata"]["name"], obj.get("status") or {}
    if get_in(obj, ("spec", "updateStrategy", "type")) != "RollingUpdate":
        return Failure("rollout status is only available for RollingUpdate strategy type")
    if (obj["metadata"].get("generation") or 0) > (status.get("observedGeneration") or 0):
        return "Waiting for daemon set spec update to be observed...", False
    waiting = f'Waiting for daemon set "{name}" rollout to finish: '
    wanted = status.get("desiredNumberScheduled") or 0
    updated, available = status.get("updatedNumberScheduled") or 0, status.get("numberAvailable") or 0
    if updated < wanted:
        return f"{waiting}{updated} out of {wanted} new pods have been updated...", False
    if available < wanted:
        return f"{waiting}{available} of {wanted} updated pods are available...", False
    return f'daemon set "{name}" successfully rolled out', True


def _statefulset(obj: Object, _: int) -> Said:
    status = obj.get("status") or {}
    if get_in(obj, ("spec", "updateStrategy", "type")) != "RollingUpdate":
        return Failure("rollout status is only available for RollingUpdate strategy type")
    observed = status.get("observedGeneration") or 0
    if not observed or (obj["metadata"].get("generation") or 0) > observed:
        return "Waiting for statefulset spec update to be observed...", False
    wanted, ready = get_in(obj, ("spec", "replicas"), 1), status.get("readyReplicas") or 0
    if ready < wanted:
        return f"Waiting for {wanted - ready} pods to be ready...", False
    rolling = get_in(obj, ("spec", "updateStrategy", "rollingUpdate"))
    updated = status.get("updatedReplicas") or 0
    if rolling is not None:
        partition = rolling.get("partition")
        if partition is not None and updated < wanted - partition:
            return f"Waiting for partitioned roll out to finish: {updated} out of {wanted - partition} new pods have been updated...", False
        return f"partitioned roll out complete: {updated} new pods have been updated...", True
    update, current = status.get("updateRevision") or "", status.get("currentRevision") or ""
    if update != current:
        return f"waiting for statefulset rolling update to complete {updated} pods at revision {update}...", False
    return f"statefulset rolling update complete {status.get('currentReplicas') or 0} pods at revision {current}...", True


_VIEWERS = {"Deployment.apps": _deployment, "DaemonSet.apps": _daemonset, "StatefulSet.apps": _statefulset}
