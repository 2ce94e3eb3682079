"""Pods that no kubelet runs as they are written, whatever they are assumed to do: images without a name, kernel parameters of the whole node.

Mirrors: pkg/kubelet/images/image_manager.go (EnsureImageExists), pkg/kubelet/sysctl/allowlist.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.apiserver.podsecurity.checks.sysctls import SAFE_32
from kplan.checks.contract import Check, Finding, Subject
from kplan.kubelet.images import unreadable
from kplan.model.diagnostics import Severity
from kplan.model.objects import Path, get_in
from kplan.plan.plan import Symbol
from kplan.store.relations import pod_specs

_SWAPPED = str.maketrans("./", "/.")


def run(subject: Subject) -> Iterator[Finding]:
    """Every pod of what the user writes."""
    for change in subject.plan.changes:
        if change.after is None or change.symbol in (Symbol.REFUSED, Symbol.UNCHANGED):
            continue
        for path, spec in pod_specs(change.after):
            for at, message, hint in (*_images(spec), *_sysctls(spec)):
                yield Finding(change.ref, message, hint, (*path, *at))


def _images(spec: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    for field in ("initContainers", "containers"):
        for i, container in enumerate(spec.get(field) or []):
            if (image := container.get("image")) and (why := unreadable(image)):
                words = f"the image of container {container.get('name')} cannot be pulled (InvalidImageName): {why}"
                yield (field, i, "image"), words, "correct the name of the image; perhaps a placeholder was not filled in"


def _sysctls(spec: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """Kernel parameters that kubelets refuse unless they are configured to allow them."""
    for i, wanted in enumerate(get_in(spec, ("securityContext", "sysctls")) or []):
        if _normalized(wanted["name"]) not in SAFE_32:
            words = f'nodes refuse its pods (SysctlForbidden: forbidden sysctl: "{_normalized(wanted["name"])}" not allowlisted)'
            yield ("securityContext", "sysctls", i, "name"), f"{words}, unless their kubelets are told to allow it", "see --allowed-unsafe-sysctls of the kubelet"


def _normalized(name: str) -> str:
    """The name with dots between its parts."""
    separators = [c for c in name if c in "./"]
    return name.translate(_SWAPPED) if separators[:1] == ["/"] else name


CHECK = Check("KP608", "pods that no node runs as they are written", Severity.WARNING, run)
