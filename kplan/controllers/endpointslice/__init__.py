"""Keeps the EndpointSlices of every Service that has a selector.

Mirrors: pkg/controller/endpointslice/endpointslice_controller.go (1.36)
Differs: the slices' own hints stand for the topology cache; of updates by others all count, tracked or not; a Service that
         has slices at the beginning is taken as in sync, as on a cluster whose controllers have been running.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.controllers.endpointslice.packing import CONTROLLER_NAME
from kplan.controllers.endpointslice.reconciler import reconcile_slices
from kplan.controllers.endpointslice.topology import hints_enabled, overloaded_services, zone_changed
from kplan.controllers.servicepods import SelectingServices, TriggerTimes, is_initial, selected_pods
from kplan.controllers.slices import MANAGED_BY, SERVICE_NAME, service_slices
from kplan.engine.contract import Context, Key, Noop, Steps, Watch
from kplan.model.objects import Ref, is_deleting, labels_of
from kplan.store.journal import Write
from kplan.store.view import View, pods_on


class EndpointSliceController:
    """The key is a Service."""

    name = "endpointslice-controller"
    priority = 0

    def __init__(self) -> None:
        self._services = SelectingServices()
        self._times = TriggerTimes()
        self.watches = (
            Watch("Service", _changed, "a Service"),
            Watch("Pod", self._services.affected, "a pod it selects"),
            Watch("EndpointSlice.discovery.k8s.io", _slice_changed, "somebody changed its slice"),
            Watch("Node", self._of_node, "a node its pods run on, or the zones its hints are about"),
        )

    def start(self, view: View, _: Context) -> None:
        """Learn the Services there are."""
        self._services.load(view)
        self._times.load(view)

    def observe(self, write: Write) -> None:
        """Follow the Services' selectors."""
        self._services.observe(write)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Make the slices list the Service's pods."""
        assert isinstance(key, Ref)
        service = view.get(key)
        if service is None:
            self._times.forget(key)
        elif service["spec"].get("type") == "ExternalName":
            yield Noop("service-is-an-external-name")
        elif not service["spec"].get("selector"):
            yield Noop("service-has-no-selector")
        else:
            pods = selected_pods(view, service)
            slices = [s for s in service_slices(view, key, CONTROLLER_NAME) if not is_deleting(s)]
            trigger_time = self._times.compute(service, pods)
            yield from reconcile_slices(service, pods, slices, trigger_time, view, ctx)

    def _of_node(self, write: Write, view: View) -> Iterable[Key]:
        if is_initial(write):
            return
        if write.before is None:
            for pod in pods_on(view, write.ref.name):
                yield from self._services.of(pod["metadata"]["namespace"], labels_of(pod))
        if zone_changed(write.before, write.after):
            yield from overloaded_services(view, [s for s in view.objects("Service") if hints_enabled(s)])


def _changed(write: Write, view: View) -> Iterable[Key]:
    in_sync = is_initial(write) and service_slices(view, write.ref, CONTROLLER_NAME)
    return () if in_sync or write.subresource == "status" else (write.ref,)


def _slice_changed(write: Write, _: View) -> Iterable[Key]:
    """The Services of a slice that somebody else made, changed, relabelled or deleted."""
    before, after = write.before, write.after
    if write.actor == EndpointSliceController.name or is_initial(write):
        return
    old, new = (labels_of(s) if s is not None else {} for s in (before, after))
    ours_before, ours = (x.get(MANAGED_BY) == CONTROLLER_NAME for x in (old, new))
    if before is not None and after is not None and old.get(SERVICE_NAME) != new.get(SERVICE_NAME):
        named = [new.get(SERVICE_NAME), old.get(SERVICE_NAME)]
    elif before is None or after is None:
        named = [(new or old).get(SERVICE_NAME)] if ours or ours_before else []
    else:
        raised = (after["metadata"].get("generation") or 0) > (before["metadata"].get("generation") or 0)
        named = [new.get(SERVICE_NAME)] if ours != ours_before or (ours and raised) else []
    for name in named:
        if name:
            yield Ref("Service", write.ref.namespace, name)


CONTROLLER = EndpointSliceController
