"""What the controllers of Endpoints and EndpointSlices ask: which Services select a pod, and how a pod is one of theirs.

Mirrors: staging/src/k8s.io/endpointslice/{utils.go,util/controller_utils.go,util/trigger_time_tracker.go} (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.apiserver.rules.addresses import parse_ip_sloppy
from kplan.controllers.pods import condition, is_ready, is_terminal
from kplan.engine.contract import Key
from kplan.model.objects import EMPTY, Object, Ref, is_deleting, labels_of, name_of, namespace_of, ref_of
from kplan.model.selectors import from_labels
from kplan.store.journal import Write
from kplan.store.view import View, select

TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"
HEADLESS = "service.kubernetes.io/headless"

_Bucket = dict[tuple[str, ...], dict[tuple[str, ...], dict[Ref, None]]]


class SelectingServices:
    """Finds the Services that select a pod without asking every Service.

    The Services of a namespace are grouped by the keys of their selectors; of each group the pod's values name the ones
    that match.
    """

    def __init__(self) -> None:
        self._namespaces: dict[str, _Bucket] = {}

    def load(self, view: View) -> None:
        """Learn the Services there are."""
        for service in view.objects("Service"):
            self._put(service)

    def observe(self, write: Write) -> None:
        """Follow a write."""
        if write.ref.kind == "Service":
            if write.before is not None:
                self._drop(write.before)
            if write.after is not None:
                self._put(write.after)

    def of(self, namespace: str, labels: Mapping[str, str]) -> list[Ref]:
        """The Services of a namespace whose selector matches the labels."""
        found: list[Ref] = []
        for keys, by_values in self._namespaces.get(namespace, _NONE).items():
            try:
                found.extend(by_values.get(tuple(labels[k] for k in keys), ()))
            except KeyError:
                continue
        return found

    def affected(self, write: Write, _: View) -> Iterable[Key]:
        """The Services whose endpoints a write to a pod may change."""
        before, after = write.before, write.after
        if is_initial(write):
            return ()
        if before is None or after is None:
            return self.of(write.ref.namespace, labels_of(after or before or EMPTY))
        pod_changed, labels_changed = endpoints_changed(before, after)
        if not labels_changed:
            return self.of(write.ref.namespace, labels_of(after)) if pod_changed else ()
        old, new = self.of(write.ref.namespace, labels_of(before)), self.of(write.ref.namespace, labels_of(after))
        if pod_changed:
            return dict.fromkeys((*new, *old))
        return [s for s in (*new, *old) if (s in new) != (s in old)]

    def _put(self, service: Object) -> None:
        if place := _selector_parts(service):
            keys, values = place
            bucket = self._namespaces.setdefault(namespace_of(service), {})
            bucket.setdefault(keys, {}).setdefault(values, {})[ref_of(service)] = None

    def _drop(self, service: Object) -> None:
        if place := _selector_parts(service):
            keys, values = place
            by_values = self._namespaces[namespace_of(service)][keys]
            by_values[values].pop(ref_of(service), None)
            if not by_values[values]:
                del by_values[values]
            if not by_values:
                del self._namespaces[namespace_of(service)][keys]


_NONE: _Bucket = {}


def _selector_parts(service: Object) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    selector = service["spec"].get("selector")
    if not selector:
        return None
    keys = tuple(sorted(selector))
    return keys, tuple(selector[k] for k in keys)


def is_initial(write: Write) -> bool:
    """Whether a write only shows an object that was there from the beginning; its Service is shown as well."""
    return write.seq == 0


def selected_pods(view: View, service: Object) -> list[Object]:
    """The pods a Service selects."""
    return select(view, "Pod", namespace_of(service), from_labels(service["spec"].get("selector")))


# -- one pod -----------------------------------------------------------------------------------------------------------


def endpoints_changed(before: Object, after: Object) -> tuple[bool, bool]:
    """(whether the pod changed as an endpoint, whether it may have changed Services)."""
    spec, old = after["spec"], before["spec"]
    moved = labels_of(before) != labels_of(after) or any((spec.get(k) or "") != (old.get(k) or "") for k in ("hostname", "subdomain"))
    if is_deleting(after) or is_deleting(before) or is_ready(before) != is_ready(after):
        return True, moved
    return _ips(before) != _ips(after), moved


def _ips(pod: Object) -> list[str]:
    return [p.get("ip") or "" for p in (pod.get("status") or EMPTY).get("podIPs") or ()]


def should_be_in_endpoints(pod: Object, *, include_terminating: bool) -> bool:
    """Whether a pod is an endpoint at all: it has an address and has not finished."""
    status = pod.get("status") or EMPTY
    if is_terminal(pod) or not (status.get("podIP") or status.get("podIPs")):
        return False
    return include_terminating or not is_deleting(pod)


def addresses(pod: Object, *, ipv6: bool) -> list[str]:
    """The pod's addresses of one family, as Go prints them."""
    found = []
    for ip in _ips(pod):
        if ":" not in ip:
            if not ipv6:
                found.append(ip if _is_plain(ip) else str(parse_ip_sloppy(ip)))
        elif (parsed := parse_ip_sloppy(ip)) is not None and (parsed.version == 6) == ipv6:
            found.append(str(parsed))
    return found


def _is_plain(ip: str) -> bool:
    return not any(octet[0] == "0" and len(octet) > 1 for octet in ip.split(".") if octet)


def hostname_in(pod: Object, service: Object) -> str:
    """The host name under which the Service's DNS names the pod; "" where it names it not."""
    spec = pod["spec"]
    return spec.get("hostname") or "" if (spec.get("subdomain") or "") == name_of(service) else ""


def find_port(pod: Object, service_port: Mapping[str, Any]) -> int | None:
    """The container port a Service's port leads to; None where the pod has no port of that name and protocol."""
    target = service_port.get("targetPort")
    if not isinstance(target, str):
        return int(target or 0)
    spec = pod["spec"]
    sidecars = (c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always")
    for container in (*(spec.get("containers") or ()), *sidecars):
        for port in container.get("ports") or ():
            if port.get("name") == target and (port.get("protocol") or "TCP") == (service_port.get("protocol") or "TCP"):
                return int(port["containerPort"])
    return None


def is_headless(service: Object) -> bool:
    """Whether the Service has no cluster IP."""
    return service["spec"].get("clusterIP") in (None, "", "None")


# -- when the last change began ----------------------------------------------------------------------------------------


class TriggerTimes:
    """The earliest of the changes since the last look at a Service: its creation, and its pods' becoming (un)ready."""

    def __init__(self) -> None:
        self._known: dict[Ref, tuple[str, dict[str, str]]] = {}

    def load(self, view: View) -> None:
        """Take all there is as seen."""
        for service in view.objects("Service"):
            if service["spec"].get("selector"):
                self.compute(service, selected_pods(view, service))

    def compute(self, service: Object, pods: Iterable[Object]) -> str:
        """The instant to write into the annotation; "" for none."""
        key = ref_of(service)
        times = {name_of(p): t for p in pods if (t := _trigger_time(p))}
        made = service["metadata"].get("creationTimestamp") or ""
        known = self._known.get(key)
        self._known[key] = (made, times)
        if known is None:
            return made
        changed = [t for name, t in times.items() if t > known[1].get(name, "")]
        if made > known[0]:
            changed.append(made)
        return min(changed, default="")

    def forget(self, service: Ref) -> None:
        """The Service is gone."""
        self._known.pop(service, None)


def _trigger_time(pod: Object) -> str:
    ready = condition(pod, "Ready")
    return (ready.get("lastTransitionTime") or "") if ready is not None else ""
