"""How many replicas a metric asks for.

Three pods using 150m each of 100m requested, at a target of 50 %: the ratio is 3, so nine replicas.

Mirrors: pkg/controller/podautoscaler/replica_calculator.go (1.36)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from kplan.controllers.podautoscaler.metrics import Metrics, MetricsUnavailable, PodMetric, PodMetrics
from kplan.controllers.pods import condition, is_ready, phase_of
from kplan.model.instants import read_instant
from kplan.model.objects import EMPTY, Object, get_in, is_deleting, name_of
from kplan.model.quantity import parse_or_zero
from kplan.model.selectors import Selector

CPU_INITIALIZATION = 300.0
INITIAL_READINESS_DELAY = 30.0
_INT32 = 2**31 - 1


class Tolerance(NamedTuple):
    """How far off the target a ratio may be without consequence."""

    down: float = 0.1
    up: float = 0.1

    def covers(self, ratio: float) -> bool:
        """Whether the ratio is close enough to 1."""
        return 1.0 - self.down <= ratio <= 1.0 + self.up


class Proposal(NamedTuple):
    """Replicas, and what was measured: per pod in thousandths, and in percent where there is a request."""

    replicas: int
    usage: int
    utilization: int | None = None


class _Groups(NamedTuple):
    ready: int
    unready: set[str]
    missing: set[str]
    ignored: set[str]


@dataclass(frozen=True, slots=True)
class Calculator:
    """Computes proposals from one namespace's pods."""

    metrics: Metrics
    namespace: str
    pods: list[Object]
    """The pods the target's selector matches."""
    selector: Selector
    now: float
    tolerance: Tolerance

    def resource_utilization(self, current: int, target: int, resource: str, container: str) -> Proposal:
        """By the percentage of what the pods request.

        Raises: MetricsUnavailable.
        """
        metrics = self._resource(resource, container)
        groups = self._usable(metrics, resource)
        requests = {name_of(p): request_of(p, container, resource) for p in self.pods}
        utilization = _utilization(metrics, requests)
        known = [m.value for name, m in metrics.items() if name in requests]
        usage = sum(known) // len(known)

        def ratio(values: PodMetrics) -> float:
            return _utilization(values, requests) / target

        def assumed(name: str) -> int:
            return requests[name] * max(100, target) // 100

        return Proposal(self._propose(current, metrics, groups, ratio, assumed), usage, utilization)

    def resource_value(self, current: int, target: int, resource: str, container: str) -> Proposal:
        """By an average amount of a resource.

        Raises: MetricsUnavailable.
        """
        return self._plain(current, target, self._resource(resource, container), resource)

    def pods_metric(self, current: int, target: int, metric: str, selector: Selector) -> Proposal:
        """By the average of a metric of the pods.

        Raises: MetricsUnavailable.
        """
        try:
            metrics = self.metrics.of_pods(metric, self.namespace, [name_of(p) for p in self.pods], selector)
        except MetricsUnavailable as error:
            raise MetricsUnavailable(f"unable to get metric {metric}: {error}") from None
        return self._plain(current, target, metrics, "")

    def total(self, current: int, target: int, usage: int) -> Proposal:
        """By one value for the whole target.

        Raises: MetricsUnavailable.
        """
        ratio = usage / target
        if current == 0:
            return Proposal(math.ceil(ratio), usage)
        if self.tolerance.covers(ratio):
            return Proposal(current, usage)
        if not self.pods:
            raise MetricsUnavailable("unable to calculate ready pods: no pods returned by selector while calculating replica count")
        ready = sum(1 for p in self.pods if phase_of(p) == "Running" and is_ready(p))
        return Proposal(min(_INT32, math.ceil(ratio * ready)), usage)

    def per_pod(self, status_replicas: int, target: int, usage: int) -> Proposal:
        """By one value, divided by the number of pods."""
        replicas = status_replicas
        ratio = usage / (target * replicas) if replicas else math.inf if usage else math.nan
        if not self.tolerance.covers(ratio):
            replicas = min(_INT32, math.ceil(usage / target))
        return Proposal(replicas, math.ceil(usage / status_replicas) if status_replicas else 0)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _resource(self, resource: str, container: str) -> PodMetrics:
        try:
            return self.metrics.resource(resource, self.namespace, [name_of(p) for p in self.pods], self.selector, container)
        except MetricsUnavailable as error:
            raise MetricsUnavailable(f"unable to get metrics for resource {resource}: {error}") from None

    def _plain(self, current: int, target: int, metrics: PodMetrics, resource: str) -> Proposal:
        groups = self._usable(metrics, resource)

        def average(values: PodMetrics) -> int:
            return sum(m.value for m in values.values()) // len(values)

        usage = average(metrics)
        replicas = self._propose(current, metrics, groups, lambda values: average(values) / target, lambda _: target)
        return Proposal(replicas, usage)

    def _usable(self, metrics: PodMetrics, resource: str) -> _Groups:
        """Drop the metrics of pods that do not count (yet).

        Raises: MetricsUnavailable where none are left.
        """
        if not self.pods:
            raise MetricsUnavailable("no pods returned by selector while calculating replica count")
        groups = self._group(metrics, resource)
        for name in groups.ignored | groups.unready:
            metrics.pop(name, None)
        if not metrics:
            raise MetricsUnavailable("did not receive metrics for targeted pods (pods might be unready)")
        return groups

    def _group(self, metrics: PodMetrics, resource: str) -> _Groups:
        groups = _Groups(0, set(), set(), set())
        ready = 0
        for pod in self.pods:
            name, metric = name_of(pod), metrics.get(name_of(pod))
            if is_deleting(pod) or phase_of(pod) == "Failed":
                groups.ignored.add(name)
            elif phase_of(pod) == "Pending":
                groups.unready.add(name)
            elif metric is None:
                groups.missing.add(name)
            elif resource == "cpu" and self._is_warming_up(pod, metric):
                groups.unready.add(name)
            else:
                ready += 1
        return groups._replace(ready=ready)

    def _is_warming_up(self, pod: Object, metric: PodMetric) -> bool:
        ready, started = condition(pod, "Ready"), read_instant(get_in(pod, ("status", "startTime")))
        if ready is None or started is None:
            return True
        since = read_instant(ready.get("lastTransitionTime")) or 0.0
        if started + CPU_INITIALIZATION > self.now:
            return ready["status"] == "False" or metric.at < since + metric.window
        return ready["status"] == "False" and started + INITIAL_READINESS_DELAY > since

    def _propose(
        self, current: int, metrics: PodMetrics, groups: _Groups, ratio: Callable[[PodMetrics], float], assumed: Callable[[str], int]
    ) -> int:
        """Replicas for a ratio; pods that were not measured are assumed to be such that they dampen the change."""
        first = ratio(metrics)
        with_unready = bool(groups.unready) and first > 1.0
        if not with_unready and not groups.missing:
            return current if self.tolerance.covers(first) else math.ceil(first * groups.ready)
        values = dict(metrics)
        if first < 1.0:
            values |= {name: PodMetric(assumed(name)) for name in groups.missing}
        elif first > 1.0:
            values |= {name: PodMetric(0) for name in groups.missing}
        if with_unready:
            values |= {name: PodMetric(0) for name in groups.unready}
        second = ratio(values)
        if self.tolerance.covers(second) or (first < 1.0 < second) or (second < 1.0 < first):
            return current
        replicas = math.ceil(second * len(values))
        turns = (second < 1.0 and replicas > current) or (second > 1.0 and replicas < current)
        return current if turns else replicas


def _utilization(metrics: PodMetrics, requests: Mapping[str, int]) -> int:
    known = [n for n in metrics if n in requests]
    requested = sum(requests[n] for n in known)
    if not requested:
        raise MetricsUnavailable("no metrics returned matched known pods")
    return sum(metrics[n].value for n in known) * 100 // requested


def request_of(pod: Object, container: str, resource: str) -> int:
    """What a pod (or one of its containers) requests, in thousandths.

    Raises: MetricsUnavailable where a container requests nothing.
    """
    spec = pod["spec"]
    whole: Mapping[str, Any] = get_in(spec, ("resources", "requests")) or EMPTY
    if not container and whole:
        if resource not in whole:
            raise MetricsUnavailable(f"missing pod-level request for {resource} in Pod {name_of(pod)}")
        return parse_or_zero(whole[resource]).milli_value()
    sidecars = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    total = 0
    for c in [*spec["containers"], *sidecars]:
        if container in ("", c["name"]):
            requests = get_in(c, ("resources", "requests")) or EMPTY
            if resource not in requests:
                raise MetricsUnavailable(f"missing request for {resource} in container {c['name']} of Pod {name_of(pod)}")
            total += parse_or_zero(requests[resource]).milli_value()
        if container == c["name"]:
            return total
    if container:
        raise MetricsUnavailable(f"container {container} not found in Pod {name_of(pod)}")
    return total
