"""The policies of a cluster with their bindings, compiled once.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_source.go (1.36)
Differs: policies go in the order of their names, bindings in the order of theirs, where the server's order is random.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kplan.apiserver.admission.contract import AdmissionContext
from kplan.model.objects import Object, name_of

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Hook(Generic[C]):
    """A policy that somebody bound."""

    policy: Object
    bindings: Sequence[Object]
    compiled: C


def hooks(kind: str, context: AdmissionContext, make: Callable[[Object], C]) -> Iterator[Hook[C]]:
    """Every bound policy of a kind (``ValidatingAdmissionPolicy``)."""
    group = "admissionregistration.k8s.io"
    policies = {name_of(p): p for p in context.view.objects(f"{kind}.{group}")}
    if not policies:
        return
    bindings: dict[str, list[Object]] = {}
    for binding in sorted(context.view.objects(f"{kind}Binding.{group}"), key=name_of):
        bindings.setdefault(binding["spec"].get("policyName") or "", []).append(binding)
    known: dict[str, tuple[Object, Any]] = context.memo.setdefault(f"compiled {kind}", {})
    for name, policy in sorted(policies.items()):
        if name not in bindings:
            continue
        spec = policy["spec"]
        if name not in known or known[name][0] is not spec:
            known[name] = spec, make(policy)
        yield Hook(policy, bindings[name], known[name][1])
