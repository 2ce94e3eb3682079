"""The parameters that a binding gives to its policy.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go (CollectParams),
         staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_source.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.admission.contract import AdmissionContext
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, Ref
from kplan.model.selectors import from_label_selector


class ParamsError(Exception):
    """Parameters that cannot be had; its text is the server's."""


def param_kind(policy: Object, context: AdmissionContext) -> KindInfo | None:
    """The kind of a policy's parameters, None where it has none.

    Raises: ParamsError where nobody serves it.
    """
    wanted: Mapping[str, Any] | None = policy["spec"].get("paramKind")
    if wanted is None:
        return None
    api_version, kind = wanted.get("apiVersion") or "", wanted.get("kind") or ""
    found = next((i for i in context.kinds() if i.api_version == api_version and i.kind == kind), None)
    if found is None:
        group, _, version = api_version.rpartition("/")
        raise ParamsError(f"failed to find resource referenced by paramKind: '{group}/{version}, Kind={kind}'")
    return found


def collect_params(
    info: KindInfo | None, reference: Mapping[str, Any] | None, namespace: str, context: AdmissionContext
) -> list[Object | None]:
    """The parameters; None is one that is not there, and none at all means that nothing is to be done.

    Raises: ParamsError.
    """
    if info is None or reference is None:
        return [None]
    where = reference.get("namespace") or ""
    if info.namespaced:
        where = where or namespace
        if not where:
            raise ParamsError("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources")
    elif where:
        raise ParamsError("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
    found: list[Object | None]
    if name := reference.get("name"):
        one = context.view.get(Ref(info.group_kind, where, name))
        found = [] if one is None else [one]
    elif (selector := reference.get("selector")) is not None:
        chosen = from_label_selector(selector)
        objects = context.view.objects(info.group_kind, where) if info.namespaced else context.view.objects(info.group_kind)
        found = [o for o in objects if chosen.matches(o["metadata"].get("labels") or {})]
    else:
        raise ParamsError("one of name or selector must be provided")
    if not found and reference.get("parameterNotFoundAction") == "Deny":
        raise ParamsError("no params found for policy binding with `Deny` parameterNotFoundAction")
    return found
