"""The metrics an autoscaler sees: what ``--metrics FILE`` holds, in the form the metrics APIs answer in.

The file is a list (or a ``List``) of PodMetrics of metrics.k8s.io, MetricValueLists of custom.metrics.k8s.io and
ExternalMetricValueLists of external.metrics.k8s.io: what ``kubectl get --raw`` prints of them.  Without a file there is
no metrics API, as on a cluster where nobody has installed one.

Mirrors: pkg/controller/podautoscaler/metrics/{client,utilization}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kplan.model.instants import read_duration, read_instant
from kplan.model.objects import EMPTY, group_of
from kplan.model.quantity import parse_or_zero
from kplan.model.selectors import Selector

Json = Mapping[str, Any]
_DEFAULT_WINDOW = 60.0


class MetricsUnavailable(Exception):
    """A metric that nobody gives; its message is the metrics client's."""


class PodMetric(NamedTuple):
    """One measured value, in thousandths."""

    value: int
    at: float = 0.0
    window: float = _DEFAULT_WINDOW


PodMetrics = dict[str, PodMetric]
"""By pod name."""


@dataclass(slots=True)
class Metrics:
    """Everything that was measured."""

    pods: list[Json] = field(default_factory=list)
    custom: list[Json] = field(default_factory=list)
    external: list[Json] = field(default_factory=list)
    known: bool = False

    @staticmethod
    def of(source: Any) -> Metrics:
        """What ``Options.metrics`` holds: documents, as loaded; None: there are no metrics."""
        found = Metrics(known=source is not None)
        for item in _items(source):
            group = group_of(item.get("apiVersion") or "")
            if group == "metrics.k8s.io":
                found.pods.append(item)
            elif group == "custom.metrics.k8s.io" or "describedObject" in item:
                found.custom.append(item)
            elif group == "external.metrics.k8s.io" or "metricName" in item:
                found.external.append(item)
        return found

    def resource(self, resource: str, namespace: str, names: Sequence[str], selector: Selector, container: str) -> PodMetrics:
        """Usage of a resource by pods, of one container where one is named.

        The pods are those whose metrics carry labels that are selected, there or not; without labels the ones named.

        Raises: MetricsUnavailable.
        """
        if not self.known:
            raise MetricsUnavailable(
                "unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"
            )
        measured = [m for m in self.pods if m["metadata"].get("namespace") == namespace and _is_of(m["metadata"], names, selector)]
        if not measured:
            raise MetricsUnavailable("no metrics returned from resource metrics API")
        out: PodMetrics = {}
        for m in measured:
            usages = [c.get("usage") or EMPTY for c in m.get("containers") or () if container in ("", c["name"])]
            if usages and all(resource in u for u in usages):
                total = sum(parse_or_zero(u[resource]).milli_value() for u in usages)
                out[m["metadata"]["name"]] = PodMetric(total, read_instant(m.get("timestamp")) or 0.0, _window(m))
        return out

    def of_pods(self, metric: str, namespace: str, names: Sequence[str], selector: Selector) -> PodMetrics:
        """A custom metric of pods.

        Raises: MetricsUnavailable.
        """
        found = [m for m in self._custom(metric, namespace, selector) if m["describedObject"].get("kind") == "Pod"]
        found = [m for m in found if m["describedObject"].get("name") in names]
        if not found:
            raise MetricsUnavailable("no metrics returned from custom metrics API")
        return {
            m["describedObject"]["name"]: PodMetric(
                parse_or_zero(m.get("value")).milli_value(), read_instant(m.get("timestamp")) or 0.0, m.get("windowSeconds") or _DEFAULT_WINDOW
            )
            for m in found
        }

    def of_object(self, metric: str, namespace: str, ref: Json, selector: Selector) -> int:
        """A custom metric of one object.

        Raises: MetricsUnavailable.
        """
        name = namespace if ref["kind"] == "Namespace" else ref["name"]
        for m in self._custom(metric, namespace, selector):
            if m["describedObject"].get("kind") == ref["kind"] and m["describedObject"].get("name") == name:
                return parse_or_zero(m.get("value")).milli_value()
        raise MetricsUnavailable(
            "unable to fetch metrics from custom metrics API: the server could not find the metric "
            f"{metric} for {ref['kind'].lower()}s{_dotted(ref)} {name}"
        )

    def of_outside(self, metric: str, namespace: str, selector: Selector) -> list[int]:
        """The values of an external metric.

        Raises: MetricsUnavailable.
        """
        if not self.known:
            raise MetricsUnavailable(
                "unable to fetch metrics from external metrics API: the server could not find the requested resource "
                f"(get {metric}.external.metrics.k8s.io)"
            )
        found = [m for m in self.external if m.get("metricName") == metric and selector.matches(m.get("metricLabels") or EMPTY)]
        if not found:
            raise MetricsUnavailable("no metrics returned from external metrics API")
        return [parse_or_zero(m.get("value")).milli_value() for m in found]

    def _custom(self, metric: str, namespace: str, selector: Selector) -> list[Json]:
        if not self.known:
            raise MetricsUnavailable("unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered")
        return [m for m in self.custom if _name(m) == metric and m["describedObject"].get("namespace", namespace) == namespace and _chosen(m, selector)]


def _is_of(meta: Json, names: Sequence[str], selector: Selector) -> bool:
    return selector.matches(meta["labels"]) if meta.get("labels") else meta["name"] in names


def _items(source: Any) -> Iterator[Json]:
    if isinstance(source, Mapping):
        if "items" in source:
            for item in source["items"] or ():
                yield from _items({"apiVersion": source.get("apiVersion", ""), **item})
        else:
            yield source
    elif isinstance(source, Sequence) and not isinstance(source, str):
        for item in source:
            yield from _items(item)


def _window(m: Json) -> float:
    try:
        return read_duration(m["window"]) if m.get("window") else _DEFAULT_WINDOW
    except ValueError:
        return _DEFAULT_WINDOW


def _name(m: Json) -> str:
    return (m.get("metric") or EMPTY).get("name") or m.get("metricName") or ""


def _chosen(m: Json, selector: Selector) -> bool:
    labels = ((m.get("metric") or EMPTY).get("selector") or EMPTY).get("matchLabels") or EMPTY
    return selector.matches(labels)


def _dotted(ref: Json) -> str:
    group = group_of(ref.get("apiVersion") or "")
    return f".{group}" if group else ""
