"""A probe asks a port by a name that its container does not have: it can never be answered.

Mirrors: pkg/probe/util.go (ResolveContainerPort), pkg/kubelet/prober/worker.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Path, get_in
from kplan.plan.plan import Symbol
from kplan.store.relations import pod_specs

_PROBES = {
    "startupProbe": "the container never counts as started, so that it is never ready",
    "readinessProbe": "the container is never ready",
    "livenessProbe": "nobody notices when the container hangs",
}
"""What comes of a probe that cannot be made: what it said last holds, and that is what it began with."""
_ASKING = ("httpGet", "tcpSocket")


def run(subject: Subject) -> Iterator[Finding]:
    """Every probe of what the user writes."""
    for change in subject.plan.changes:
        if change.after is None or change.symbol in (Symbol.REFUSED, Symbol.UNCHANGED):
            continue
        for path, spec in pod_specs(change.after):
            for field in ("initContainers", "containers"):
                for i, container in enumerate(spec.get(field) or []):
                    for at, message in _unanswered(container):
                        yield Finding(change.ref, message, "name a port of the container, or give its number", (*path, field, i, *at))


def _unanswered(container: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Where a container's probe names a port it does not have, and what comes of it."""
    names = {p.get("name") for p in container.get("ports") or []}
    for probe, outcome in _PROBES.items():
        for action in _ASKING:
            port = get_in(container, (probe, action, "port"))
            if isinstance(port, str) and port not in names and not port.isdigit():
                yield (probe, action, "port"), f"the {probe} of container {container.get('name')} asks port {port}, which the container does not have: {outcome}"


CHECK = Check("KP406", "a probe whose port its container does not have", Severity.WARNING, run)
