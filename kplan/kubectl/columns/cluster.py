"""Nodes, namespaces, quotas, roles and whatever else there is, as ``kubectl get`` shows it.

Mirrors: pkg/printers/internalversion/printers.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.kubectl.columns.base import (
    NONE,
    UNKNOWN,
    UNSET,
    Columns,
    age,
    condition,
    human,
    name,
    plain,
    since,
    spec,
    status,
)
from kplan.model.objects import Object, get_in
from kplan.model.selectors import from_label_selector

_ROLE = "node-role.kubernetes.io/"


def _node(obj: Object, now: float) -> list[Any]:
    ready = condition(obj, "Ready")
    words = ["Unknown"] if ready is None else ["Ready" if ready.get("status") == "True" else "NotReady"]
    if spec(obj, "unschedulable"):
        words.append("SchedulingDisabled")
    info = status(obj, "nodeInfo", default={})
    kernel = info.get("kernelVersion") or UNKNOWN
    if info.get("architecture"):
        kernel += f" ({info['architecture']})"
    version = info.get("kubeletVersion") or ""
    seen = [_address(obj, "InternalIP"), _address(obj, "ExternalIP"), info.get("osImage") or UNKNOWN, kernel]
    return [name(obj), ",".join(words), roles_of(obj), age(obj, now), version, *seen, info.get("containerRuntimeVersion") or UNKNOWN]


def roles_of(obj: Object) -> str:
    """The roles of a node, by its labels."""
    labels = obj["metadata"].get("labels") or {}
    found = {k.removeprefix(_ROLE) for k in labels if k.startswith(_ROLE)} | {labels.get("kubernetes.io/role") or ""}
    return ",".join(sorted(found - {""})) or NONE


def _address(obj: Object, kind: str) -> str:
    return next((a["address"] for a in status(obj, "addresses", default=[]) if a.get("type") == kind), NONE)


def _namespace(obj: Object, now: float) -> list[Any]:
    return [name(obj), status(obj, "phase", default=""), age(obj, now)]


def _config_map(obj: Object, now: float) -> list[Any]:
    return [name(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), age(obj, now)]


def _secret(obj: Object, now: float) -> list[Any]:
    return [name(obj), obj.get("type") or "", len(obj.get("data") or {}), age(obj, now)]


def _quota(obj: Object, now: float) -> list[Any]:
    hard, used = status(obj, "hard", default={}), status(obj, "used", default={})
    shown: tuple[list[str], list[str]] = ([], [])
    for resource in sorted(hard):
        shown[resource.startswith("limits.")].append(f"{resource}: {used.get(resource, '0')}/{hard[resource]}")
    return [name(obj), *map(", ".join, shown), age(obj, now)]


def _budget(obj: Object, now: float) -> list[Any]:
    bounds = [spec(obj, f, default="N/A") for f in ("minAvailable", "maxUnavailable")]
    return [name(obj), *bounds, status(obj, "disruptionsAllowed", default=0), age(obj, now)]


def _priority(obj: Object, now: float) -> list[Any]:
    default = obj.get("globalDefault") or False
    return [name(obj), obj.get("value") or 0, default, age(obj, now), obj.get("preemptionPolicy") or ""]


def _binding(obj: Object, now: float) -> list[Any]:
    role = f"{get_in(obj, ('roleRef', 'kind'))}/{get_in(obj, ('roleRef', 'name'))}"
    return [name(obj), role, age(obj, now), *_subjects(obj.get("subjects") or [])]


def _subjects(subjects: Iterable[Mapping[str, Any]]) -> list[str]:
    """(users, groups, service accounts) of a binding."""
    found: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for subject in subjects:
        place = f"{subject['namespace']}/" if subject.get("namespace") and subject["kind"] == "ServiceAccount" else ""
        found.get(subject["kind"], []).append(place + subject["name"])
    return [", ".join(names) for names in found.values()]


def _signing(obj: Object, now: float) -> list[Any]:
    seconds = spec(obj, "expirationSeconds")
    duration = NONE if seconds is None else human(seconds)
    return [name(obj), age(obj, now), spec(obj, "signerName", default=NONE), spec(obj, "username", default=""), duration, _signed(obj)]


def _signed(obj: Object) -> str:
    kinds = {c.get("type") for c in status(obj, "conditions", default=[])}
    words = ["Denied" if "Denied" in kinds else "Approved" if "Approved" in kinds else "Pending"]
    return ",".join([*words, *(["Failed"] if "Failed" in kinds else []), *(["Issued"] if status(obj, "certificate") else [])])


def _event(obj: Object, now: float) -> list[Any]:
    began = since(obj.get("firstTimestamp") or obj.get("eventTime"), now)
    ended = since(obj["lastTimestamp"], now) if obj.get("lastTimestamp") else began
    count = obj.get("count") or 1
    if obj.get("series"):
        ended, count = since(obj["series"].get("lastObservedTime"), now), obj["series"].get("count") or 0
    about = obj.get("involvedObject") or {}
    target = (about.get("kind") or "").lower() + (f"/{about['name']}" if about.get("name") else "")
    source = obj.get("source") or {}
    by = [source.get("component") or obj.get("reportingComponent") or "", source.get("host") or obj.get("reportingInstance") or ""]
    message = (obj.get("message") or "").strip()
    said = [ended, obj.get("type") or "", obj.get("reason") or "", target, about.get("fieldPath") or "", ", ".join(filter(None, by)), message]
    return [*said, began, count, name(obj)]


def _policy(field: str) -> Any:
    def cells(obj: Object, now: float) -> list[Any]:
        kind = spec(obj, "paramKind")
        return [name(obj), len(spec(obj, field, default=[])), f"{kind['apiVersion']}/{kind['kind']}" if kind else UNSET, age(obj, now)]

    return Columns(f"NAME|{field.upper()}|PARAMKIND|AGE", cells)


def _policy_binding(obj: Object, now: float) -> list[Any]:
    given, shown = spec(obj, "paramRef") or {}, UNSET
    if given.get("name"):
        shown = f"{given.get('namespace') or '*'}/{given['name']}"
    elif given.get("selector") is not None:
        shown = str(from_label_selector(given["selector"]))
    return [name(obj), spec(obj, "policyName", default=""), shown, age(obj, now)]


def _flow(obj: Object, now: float) -> list[Any]:
    dangling = condition(obj, "Dangling")
    level, method = spec(obj, "priorityLevelConfiguration", "name", default=""), spec(obj, "distinguisherMethod", "type", default=NONE)
    precedence = spec(obj, "matchingPrecedence", default=0)
    return [name(obj), level, precedence, method, age(obj, now), dangling["status"] if dangling else "?"]


def _level(obj: Object, now: float) -> list[Any]:
    queuing = spec(obj, "limited", "limitResponse", "queuing") or {}
    shares = spec(obj, "limited", "nominalConcurrencyShares")
    return [name(obj), spec(obj, "type", default=""), shares, *(queuing.get(k) for k in ("queues", "handSize", "queueLengthLimit")), age(obj, now)]


def _claim(obj: Object, now: float) -> list[Any]:
    gone, allocated = bool(obj["metadata"].get("deletionTimestamp")), status(obj, "allocation") is not None
    states = ["deleted"] if gone else []
    if allocated:
        states += ["allocated", *(["reserved"] if status(obj, "reservedFor") else [])]
    elif not gone:
        states.append("pending")
    return [name(obj), ",".join(states), age(obj, now)]


def _taint(obj: Object, now: float) -> list[Any]:
    taint = spec(obj, "taint", default={})
    added = since(taint["timeAdded"], now) if taint.get("timeAdded") else ""
    return [name(obj), *(taint.get(k) or "" for k in ("key", "value", "effect")), added, age(obj, now)]


def _definition(obj: Object, _: float) -> list[Any]:
    return [name(obj), obj["metadata"].get("creationTimestamp") or ""]


_NAMED = "NAME|AGE"
_HOOKS = plain("len:webhooks", heads="NAME|WEBHOOKS|AGE")
_BINDING = Columns("NAME|ROLE|AGE|USERS*|GROUPS*|SERVICEACCOUNTS*", _binding)
_POLICY_BINDING = Columns("NAME|POLICYNAME|PARAMREF|AGE", _policy_binding)

TABLES = {
    "Node": Columns("NAME|STATUS|ROLES|AGE|VERSION|INTERNAL-IP*|EXTERNAL-IP*|OS-IMAGE*|KERNEL-VERSION*|CONTAINER-RUNTIME*", _node),
    "Namespace": Columns("NAME|STATUS|AGE", _namespace),
    "ConfigMap": Columns("NAME|DATA|AGE", _config_map),
    "Secret": Columns("NAME|TYPE|DATA|AGE", _secret),
    "ServiceAccount": plain(heads=_NAMED),
    "ResourceQuota": Columns("NAME|REQUEST|LIMIT|AGE", _quota),
    "LimitRange": Columns("NAME|CREATED AT", _definition),
    "Event": Columns("LAST SEEN|TYPE|REASON|OBJECT|SUBOBJECT*|SOURCE*|MESSAGE|FIRST SEEN*|COUNT*|NAME*", _event),
    "PodDisruptionBudget.policy": Columns("NAME|MIN AVAILABLE|MAX UNAVAILABLE|ALLOWED DISRUPTIONS|AGE", _budget),
    "PriorityClass.scheduling.k8s.io": Columns("NAME|VALUE|GLOBAL-DEFAULT|AGE|PREEMPTIONPOLICY*", _priority),
    "RuntimeClass.node.k8s.io": plain("handler", heads="NAME|HANDLER|AGE"),
    "Role.rbac.authorization.k8s.io": Columns("NAME|CREATED AT", _definition),
    "ClusterRole.rbac.authorization.k8s.io": Columns("NAME|CREATED AT", _definition),
    "RoleBinding.rbac.authorization.k8s.io": _BINDING,
    "ClusterRoleBinding.rbac.authorization.k8s.io": _BINDING,
    "CertificateSigningRequest.certificates.k8s.io": Columns(
        "NAME|AGE|SIGNERNAME|REQUESTOR|REQUESTEDDURATION|CONDITION", _signing
    ),
    "Lease.coordination.k8s.io": plain("spec.holderIdentity", heads="NAME|HOLDER|AGE"),
    "MutatingWebhookConfiguration.admissionregistration.k8s.io": _HOOKS,
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io": _HOOKS,
    "ValidatingAdmissionPolicy.admissionregistration.k8s.io": _policy("validations"),
    "MutatingAdmissionPolicy.admissionregistration.k8s.io": _policy("mutations"),
    "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io": _POLICY_BINDING,
    "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io": _POLICY_BINDING,
    "FlowSchema.flowcontrol.apiserver.k8s.io": Columns(
        "NAME|PRIORITYLEVEL|MATCHINGPRECEDENCE|DISTINGUISHERMETHOD|AGE|MISSINGPL", _flow
    ),
    "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io": Columns(
        "NAME|TYPE|NOMINALCONCURRENCYSHARES|QUEUES|HANDSIZE|QUEUELENGTHLIMIT|AGE", _level
    ),
    "CustomResourceDefinition.apiextensions.k8s.io": Columns("NAME|CREATED AT", _definition),
    "DeviceClass.resource.k8s.io": plain(heads=_NAMED),
    "ResourceClaim.resource.k8s.io": Columns("NAME|STATE|AGE", _claim),
    "ResourceClaimTemplate.resource.k8s.io": plain(heads=_NAMED),
    "ResourceSlice.resource.k8s.io": plain("spec.nodeName", "spec.driver", "spec.pool.name", heads="NAME|NODE|DRIVER|POOL|AGE"),
    "DeviceTaintRule.resource.k8s.io": Columns("NAME|KEY|VALUE|EFFECT|TIMEADDED|AGE", _taint),
}
