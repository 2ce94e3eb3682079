"""Fields of pods that the server forgets while their feature gate is off, unless the stored pod has them.

Mirrors: pkg/api/pod/util.go (DropDisabledPodFields, DropDisabledTemplateFields) (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.apiserver.rules.podoptions import CONTAINER_LISTS
from kplan.apiserver.strategy import Draft
from kplan.catalog.gates import Gates
from kplan.model.objects import EMPTY, Object, get_in

Path = tuple[str, ...]

_GATED_FIELDS: tuple[tuple[str, Path], ...] = (
    ("UserNamespacesSupport", ("hostUsers",)),
    ("SupplementalGroupsPolicy", ("securityContext", "supplementalGroupsPolicy")),
    ("PodLevelResources", ("resources",)),
    ("DynamicResourceAllocation", ("resourceClaims",)),
    ("GenericWorkload", ("schedulingGroup",)),
    ("HostnameOverride", ("hostnameOverride",)),
    ("SELinuxChangePolicy", ("securityContext", "seLinuxChangePolicy")),
)
"""Gate, and the field of the pod that it guards."""

_GATED_CONTAINER_FIELDS: tuple[tuple[str, Path], ...] = (
    ("ProcMountType", ("securityContext", "procMount")),
    ("DynamicResourceAllocation", ("resources", "claims")),
    ("InPlacePodVerticalScaling", ("resizePolicy",)),
    ("ContainerRestartRules", ("restartPolicyRules",)),
    ("ContainerStopSignals", ("lifecycle", "stopSignal")),
    ("PodLifecycleSleepAction", ("lifecycle", "preStop", "sleep")),
    ("PodLifecycleSleepAction", ("lifecycle", "postStart", "sleep")),
)
"""Gate, and the field of every container that it guards."""

_GATED_PROJECTIONS = (("ClusterTrustBundleProjection", "clusterTrustBundle"), ("PodCertificateRequest", "podCertificate"))


def drop_disabled_fields(spec: Draft, old: Object | None, gates: Gates) -> None:
    """Forget what is off from a pod spec; ``old`` is the stored spec on update."""
    before: Object = old or EMPTY
    for gate, path in _GATED_FIELDS:
        if not gates.on(gate) and get_in(before, path) is None:
            _drop(spec, path)
    for gate, path in _GATED_CONTAINER_FIELDS:
        if not gates.on(gate) and all(get_in(c, path) is None for c in _containers(before)):
            for container in _containers(spec):
                _drop_inside(container, path)
    for gate, field in _GATED_PROJECTIONS:
        if not gates.on(gate) and not any(s.get(field) is not None for s in _projections(before)):
            for source in _projections(spec):
                source.pop(field, None)
    _drop_restart_policies(spec, before, gates)
    _drop_from_lists(spec, before, gates)


def _containers(spec: Object) -> Iterator[Draft]:
    for name in CONTAINER_LISTS:
        yield from spec.get(name) or ()


def _projections(spec: Object) -> Iterator[Draft]:
    for volume in spec.get("volumes") or ():
        yield from get_in(volume, ("projected", "sources"), ())


def _drop(holder: Draft, path: Path) -> None:
    inner = get_in(holder, path[:-1])
    if isinstance(inner, dict):
        inner.pop(path[-1], None)


def _drop_inside(container: Draft, path: Path) -> None:
    """Drop a field; a lifecycle or hook that holds nothing any more goes with it."""
    if get_in(container, path) is None:
        return
    _drop(container, path)
    if path[0] == "lifecycle":
        for depth in range(len(path) - 1, 0, -1):
            if get_in(container, path[:depth]) == {}:
                _drop(container, path[:depth])


def _drop_restart_policies(spec: Draft, before: Object, gates: Gates) -> None:
    if gates.on("ContainerRestartRules"):
        return
    in_use = any(c.get("restartPolicy") not in (None, "Always") for c in before.get("initContainers") or ())
    if in_use or any(c.get("restartPolicy") is not None for c in before.get("containers") or ()):
        return
    for container in _containers(spec):
        sidecar = container in (spec.get("initContainers") or ()) and container.get("restartPolicy") == "Always"
        if not sidecar:
            container.pop("restartPolicy", None)


def _drop_from_lists(spec: Draft, before: Object, gates: Gates) -> None:
    mounts = [m for c in _containers(spec) for m in c.get("volumeMounts") or ()]
    old_mounts = (m for c in _containers(before) for m in c.get("volumeMounts") or ())
    if not gates.on("RecursiveReadOnlyMounts") and all(m.get("recursiveReadOnly") is None for m in old_mounts):
        for mount in mounts:
            mount.pop("recursiveReadOnly", None)
    spreads, old_spreads = spec.get("topologySpreadConstraints") or (), before.get("topologySpreadConstraints") or ()
    for gate, fields in (
        ("NodeInclusionPolicyInPodTopologySpread", ("nodeAffinityPolicy", "nodeTaintsPolicy")),
        ("MatchLabelKeysInPodTopologySpread", ("matchLabelKeys",)),
    ):
        if not gates.on(gate) and not any(c.get(f) for c in old_spreads for f in fields):
            for constraint in spreads:
                for field in fields:
                    constraint.pop(field, None)
    if not gates.on("EnvFiles") and not any(_file_keys(before)):
        for source in _file_keys(spec):
            source.pop("fileKeyRef", None)
    if not gates.on("ImageVolume") and all(v.get("image") is None for v in before.get("volumes") or ()):
        for volume in spec.get("volumes") or ():
            volume.pop("image", None)


def _file_keys(spec: Object) -> Iterator[Draft]:
    for container in _containers(spec):
        for variable in container.get("env") or ():
            source = variable.get("valueFrom")
            if source is not None and source.get("fileKeyRef") is not None:
                yield source
