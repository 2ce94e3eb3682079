"""Namespaces, quotas, ConfigMaps and the like, described.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go (1.36)
"""

from __future__ import annotations

from base64 import b64decode

from kplan.kubectl.columns.base import UNSET, labels_text, selector_text
from kplan.kubectl.describe.parts import Case, events, head, instant, marks, rows, spec_of, status_of
from kplan.model.objects import Object
from kplan.model.quantity import NANO, Quantity


def namespace(case: Case) -> None:
    """A Namespace, with its quotas and limits."""
    paper, status = case.paper, status_of(case.object)
    head(case, namespace=False)
    marks(case)
    paper.line(0, "Status", status.get("phase") or "")
    if status.get("conditions"):
        paper.line(0, "Conditions")
        paper.write(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage\n")
        paper.write(1, "----\t------\t------------------\t------\t-------\n")
        for c in status["conditions"]:
            paper.write(1, "\t".join([c["type"], c["status"], instant(c.get("lastTransitionTime")), c.get("reason") or "", c.get("message") or ""]) + "\n")
    paper.write(0, "\n")
    _quotas(case)
    paper.write(0, "\n")
    _limits(case)


def _quotas(case: Case) -> None:
    paper = case.paper
    found = sorted(case.find("ResourceQuota", case.meta["name"]), key=lambda q: str(q["metadata"]["name"]))
    if not found:
        paper.write(0, "No resource quota.\n")
        return
    paper.write(0, "Resource Quotas\n")
    for quota in found:
        paper.line(1, "Name", quota["metadata"]["name"])
        _scopes(case, quota, 1, "* ")
        paper.write(1, "Resource\tUsed\tHard\n")
        paper.write(1, "--------\t---\t---\n")
        _used(case, quota, 1)


_SCOPES = {
    "Terminating": "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively "
    "terminated by the system.",
    "NotTerminating": "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container "
    "command is not expected to terminate.",
    "BestEffort": "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.",
    "NotBestEffort": "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of "
    "service.",
}


def _scopes(case: Case, quota: Object, level: int, bullet: str) -> None:
    scopes = sorted(spec_of(quota).get("scopes") or ())
    if scopes:
        case.paper.line(level, "Scopes", ", ".join(scopes))
    for scope in scopes:
        if scope in _SCOPES:
            case.paper.write(level, f"{bullet}{_SCOPES[scope]}\n")


def _used(case: Case, quota: Object, level: int, *, alike: bool = False) -> None:
    """What is used; ``alike`` in the notation of the limit."""
    status = status_of(quota)
    for name in sorted(status.get("hard") or {}):
        hard, used = status["hard"][name], (status.get("used") or {}).get(name, "0")
        case.paper.write(level, f"{name}\t{_as_noted(used, hard) if alike else used}\t{hard}\n")


def _as_noted(used: str, hard: str) -> str:
    amount, limit = Quantity.parse(used), Quantity.parse(hard)
    return used if amount.format == limit.format else str(Quantity(amount.value() * NANO, limit.format))


def quota(case: Case) -> None:
    """A ResourceQuota."""
    head(case)
    _scopes(case, case.object, 0, " * ")
    case.paper.write(0, "Resource\tUsed\tHard\n")
    case.paper.write(0, "--------\t----\t----\n")
    _used(case, case.object, 0, alike=True)


_LIMIT_HEADS = (
    "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n",
    "----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n",
)
_LIMITS = ("min", "max", "defaultRequest", "default", "maxLimitRequestRatio")


def _limits(case: Case) -> None:
    found = case.find("LimitRange", case.meta["name"])
    if not found:
        case.paper.write(0, "No LimitRange resource.\n")
        return
    case.paper.write(0, "Resource Limits\n")
    for line in _LIMIT_HEADS:
        case.paper.write(0, f" {line}")
    for limits in found:
        _limit_rows(case, limits, " ")


def _limit_rows(case: Case, obj: Object, indent: str) -> None:
    for item in spec_of(obj).get("limits") or ():
        for name in sorted({n for field in _LIMITS for n in item.get(field) or ()}):
            cells = [str((item.get(field) or {}).get(name, "-")) for field in _LIMITS]
            case.paper.write(0, indent + "\t".join([item.get("type") or "", name, *cells]) + "\n")


def limit_range(case: Case) -> None:
    """A LimitRange."""
    head(case)
    for line in _LIMIT_HEADS:
        case.paper.write(0, line)
    _limit_rows(case, case.object, "")


def config_map(case: Case) -> None:
    """A ConfigMap."""
    paper = case.paper
    head(case)
    marks(case)
    paper.write(0, "\nData\n====\n")
    for key, text in sorted((case.object.get("data") or {}).items()):
        paper.write(0, f"{key}:\n----\n{text}\n\n")
    paper.write(0, "\nBinaryData\n====\n")
    for key, text in sorted((case.object.get("binaryData") or {}).items()):
        paper.write(0, f"{key}: {len(b64decode(text))} bytes\n")
    paper.write(0, "\n")
    events(case)


def secret(case: Case) -> None:
    """A Secret: how long its values are."""
    paper, kind = case.paper, case.object.get("type") or ""
    head(case)
    marks(case)
    paper.write(0, f"\nType:\t{kind}\n")
    paper.write(0, "\nData\n====\n")
    for key, text in sorted((case.object.get("data") or {}).items()):
        value = b64decode(text)
        shown = value.decode(errors="replace") if (key, kind) == ("token", "kubernetes.io/service-account-token") else f"{len(value)} bytes"
        paper.line(0, key, shown)


def service_account(case: Case) -> None:
    """A ServiceAccount."""
    head(case)
    marks(case)
    rows(case.paper, "Image pull secrets", (s.get("name") or "" for s in case.object.get("imagePullSecrets") or ()))
    events(case)


def budget(case: Case) -> None:
    """A PodDisruptionBudget."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    head(case)
    if spec.get("minAvailable") is not None:
        paper.line(0, "Min available", spec["minAvailable"])
    elif spec.get("maxUnavailable") is not None:
        paper.line(0, "Max unavailable", spec["maxUnavailable"])
    paper.line(0, "Selector", UNSET if spec.get("selector") is None else selector_text(spec["selector"]))
    paper.line(0, "Status")
    for label, field in (
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ):
        paper.line(2, label, status.get(field) or 0)
    events(case)


def priority_class(case: Case) -> None:
    """A PriorityClass."""
    paper, obj = case.paper, case.object
    head(case, namespace=False)
    paper.line(0, "Value", obj.get("value") or 0)
    paper.line(0, "GlobalDefault", str(bool(obj.get("globalDefault"))).lower())
    paper.line(0, "PreemptionPolicy", obj.get("preemptionPolicy") or "")
    paper.line(0, "Description", obj.get("description") or "")
    paper.line(0, "Annotations", labels_text(case.meta.get("annotations")))
    events(case)


DESCRIBE = {
    "Namespace": namespace,
    "ResourceQuota": quota,
    "LimitRange": limit_range,
    "ConfigMap": config_map,
    "Secret": secret,
    "ServiceAccount": service_account,
    "PodDisruptionBudget.policy": budget,
    "PriorityClass.scheduling.k8s.io": priority_class,
}
