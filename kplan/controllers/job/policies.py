"""When a pod's failure counts, and when a Job has succeeded early.

Mirrors: pkg/controller/job/pod_failure_policy.go, success_policy.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kplan.controllers.job.indexes import Intervals, overlap, read_indexes, total
from kplan.model.objects import EMPTY, Object, get_in, is_deleting, name_of, namespace_of


class Verdict(NamedTuple):
    """What a failure policy makes of a failed pod: the message that fails the Job, whether it counts, the rule's action."""

    message: str = ""
    counts: bool = True
    action: str = ""


def only_replaces_failed(job: Object) -> bool:
    """Whether a pod is replaced only once it has ended, not already when it is being deleted."""
    spec = job["spec"]
    return spec.get("podReplacementPolicy") == "Failed" or spec.get("podFailurePolicy") is not None


def is_pod_failed(pod: Object, job: Object) -> bool:
    """Whether a pod has failed; unless only failed pods are replaced, one that is being deleted counts as failed."""
    phase = get_in(pod, ("status", "phase"))
    if phase == "Failed":
        return True
    return not only_replaces_failed(job) and is_deleting(pod) and phase != "Succeeded"


def match_failure_policy(job: Object, pod: Object) -> Verdict:
    """What the Job's failure policy makes of a failed pod: the first rule that matches decides."""
    for i, rule in enumerate((job["spec"].get("podFailurePolicy") or EMPTY).get("rules") or ()):
        action = rule["action"]
        said = _match_rule(rule, pod)
        if said is None:
            continue
        match action:
            case "Ignore":
                return Verdict(counts=False, action=action)
            case "FailIndex" | "Count":
                return Verdict(action=action)
            case "FailJob":
                return Verdict(f"{said} matching FailJob rule at index {i}", action=action)
    return Verdict()


def _match_rule(rule: Mapping[str, Any], pod: Object) -> str | None:
    """What is to be said of a pod the rule matches."""
    status = pod.get("status") or EMPTY
    where = f"{namespace_of(pod)}/{name_of(pod)}"
    if rule.get("onExitCodes"):
        for key in ("containerStatuses", "initContainerStatuses"):
            for c in status.get(key) or ():
                ended = get_in(c, ("state", "terminated"))
                if ended is not None and _matches_exit_code(rule["onExitCodes"], c["name"], ended.get("exitCode") or 0):
                    return f"Container {c['name']} for pod {where} failed with exit code {ended.get('exitCode') or 0}"
        return None
    for c in status.get("conditions") or ():
        for pattern in rule.get("onPodConditions") or ():
            if c["type"] == pattern["type"] and c["status"] == pattern.get("status", "True"):
                return f"Pod {where} has condition {c['type']}"
    return None


def _matches_exit_code(requirement: Mapping[str, Any], container: str, code: int) -> bool:
    if code == 0 or requirement.get("containerName") not in (None, container):
        return False
    listed = code in (requirement.get("values") or ())
    return listed if requirement["operator"] == "In" else not listed


def fail_job_message(job: Object, pods: Sequence[Object]) -> str:
    """The message of the first pod whose failure fails the whole Job; "" where there is none."""
    if job["spec"].get("podFailurePolicy") is None:
        return ""
    failed = (p for p in pods if is_pod_failed(p, job))
    return next((v.message for p in failed if (v := match_failure_policy(job, p)).message), "")


def match_success_policy(job: Object, succeeded: Intervals) -> str:
    """The message of the first success rule that is met; "" where none is."""
    policy = job["spec"].get("successPolicy")
    if policy is None or not succeeded:
        return ""
    completions = job["spec"]["completions"]
    for i, rule in enumerate(policy.get("rules") or ()):
        wanted, count = rule.get("succeededIndexes"), rule.get("succeededCount")
        if wanted is not None:
            required = read_indexes(wanted, completions)
            met = overlap(required, succeeded)
            if required and (met == total(required) or (count is not None and met >= count)):
                return f"Matched rules at index {i}"
        elif count is not None and total(succeeded) >= count:
            return f"Matched rules at index {i}"
    return ""
