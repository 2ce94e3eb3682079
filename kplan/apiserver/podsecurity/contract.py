"""What a check of the Pod Security Standards is, and what it may ask of a pod.

A check is a module in ``checks/`` with a constant ``CHECK``; nothing lists them.  Its revisions say since which minor a
test applies, and which checks of the baseline it stands in for.

Mirrors: k8s.io/pod-security-admission/policy/{checks,helpers,visitor}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from kplan.model.objects import EMPTY, Object


class Pod(NamedTuple):
    """A pod, or a template that pods are made from."""

    metadata: Object
    spec: Object


class Finding(NamedTuple):
    """Why a pod is forbidden, and the values that make it so."""

    reason: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


Test = Callable[[Pod], Finding | None]


@dataclass(frozen=True, slots=True)
class Revision:
    """A test as of a minor version of the standards."""

    since: int
    test: Test
    overrides: tuple[str, ...] = ()
    """Checks of the baseline that are not asked where this one is."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check; a later revision takes the place of an earlier one."""

    id: str
    level: str
    revisions: tuple[Revision, ...]

    def at(self, minor: int) -> Revision | None:
        """The revision that applies to a minor."""
        return next((r for r in reversed(self.revisions) if r.since <= minor), None)


def containers(pod: Pod) -> Iterator[Mapping[str, Any]]:
    """Every container of a pod: those that prepare, those that work, those added later."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from pod.spec.get(field) or ()


def security(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    """The security context of a container or of a pod's spec."""
    return holder.get("securityContext") or EMPTY


def is_windows(pod: Pod) -> bool:
    """Whether a pod says that it runs on Windows."""
    return bool((pod.spec.get("os") or EMPTY).get("name") == "windows")


def has_own_users(pod: Pod) -> bool:
    """Whether a pod runs in a user namespace, where root is nobody outside."""
    return pod.spec.get("hostUsers") is False


def unless(exempt: Callable[[Pod], bool], test: Test) -> Test:
    """The test, not asked of the pods that are exempt."""
    return lambda pod: None if exempt(pod) else test(pod)


def quoted(items: Iterable[str]) -> str:
    """``"a", "b"``."""
    return ", ".join(f'"{item}"' for item in items)


def counted(noun: str, count: int) -> str:
    """The noun, or its plural."""
    return noun if count == 1 else noun + "s"


def named(noun: str, names: Iterable[str]) -> str:
    """``container "a"``, ``containers "a", "b"``."""
    every = list(names)
    return f"{counted(noun, len(every))} {quoted(every)}"


def setters(pod_did: bool, names: Iterable[str]) -> str:
    """Who set a value: ``pod and container "a"``; "" if nobody did."""
    every = list(names)
    return " and ".join([*(["pod"] if pod_did else []), *([named("container", every)] if every else [])])


def find_setters(pod: Pod, is_bad: Callable[[Mapping[str, Any]], bool]) -> str:
    """Who of the pod and its containers has a security context that is bad."""
    return setters(is_bad(security(pod.spec)), [c["name"] for c in containers(pod) if is_bad(security(c))])
