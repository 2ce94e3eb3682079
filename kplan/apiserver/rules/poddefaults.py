"""What the API server fills into a pod: the pod itself, and the pod of a template.

Mirrors: pkg/apis/core/v1/defaults.go, pkg/apis/core/v1/zz_generated.defaults.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.apiserver.rules.images import image_tag
from kplan.apiserver.rules.persistentvolumeclaims import default_claim_spec
from kplan.apiserver.rules.persistentvolumes import round_resource_list
from kplan.apiserver.rules.podresources import (
    aggregate_container_limits,
    aggregate_container_requests,
    is_pod_level_resource,
)
from kplan.apiserver.rules.resourcenames import is_huge_page_resource, is_overcommit_allowed
from kplan.apiserver.strategy import Draft
from kplan.model.objects import EMPTY

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_FILE_MODE = 0o644

_PLAIN_SOURCES: Mapping[str, Mapping[str, Any]] = {
    "hostPath": {"type": ""},
    "secret": {"defaultMode": _FILE_MODE},
    "configMap": {"defaultMode": _FILE_MODE},
    "downwardAPI": {"defaultMode": _FILE_MODE},
    "projected": {"defaultMode": _FILE_MODE},
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": False, "kind": "Shared"},
}
"""Sources whose absent fields get a value (pointers in Go: empty is a value)."""

_TEXT_SOURCES: Mapping[str, Mapping[str, str]] = {
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}
"""Sources whose absent or empty fields get a value."""


def default_pod(pod: Draft) -> None:
    """A whole Pod: requests follow limits, host ports follow container ports; then its spec."""
    spec = pod.setdefault("spec", {})
    for container in _containers(spec, "containers", "initContainers"):
        _request_what_is_limited(container)
    if spec.get("resources") is not None:
        _default_pod_level_resources(spec)
    if spec.get("enableServiceLinks") is None:
        spec["enableServiceLinks"] = True
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        spec["terminationGracePeriodSeconds"] = 1
    drop_init_container_annotations(pod["metadata"])
    if spec.get("hostNetwork"):
        for container in _containers(spec, "containers", "initContainers"):
            _default_host_ports(container)
    default_pod_spec(spec)


def default_pod_template(template: Draft) -> None:
    """A PodTemplateSpec of a controller."""
    drop_init_container_annotations(template.get("metadata") or {})
    default_pod_spec(template.setdefault("spec", {}))


_INIT_CONTAINER_ANNOTATIONS = tuple(
    f"pod.{level}.kubernetes.io/init-container{what}" for level in ("beta", "alpha") for what in ("s", "-statuses")
)


def drop_init_container_annotations(meta: Draft) -> None:
    """Forget the annotations that held init containers before they were a field."""
    annotations = meta.get("annotations") or {}
    for key in _INIT_CONTAINER_ANNOTATIONS:
        annotations.pop(key, None)


def _containers(spec: Draft, *lists: str) -> Iterator[Draft]:
    for name in lists:
        yield from spec.get(name) or ()


def _request_what_is_limited(container: Draft) -> None:
    resources = container.get("resources") or EMPTY
    limits = resources.get("limits")
    if limits:
        requests = container["resources"].setdefault("requests", {})
        for name, amount in limits.items():
            requests.setdefault(name, amount)


def _default_pod_level_resources(spec: Draft) -> None:
    resources = spec["resources"]
    if resources.get("limits") or resources.get("requests"):
        limits = dict(resources.get("limits") or EMPTY)
        for name, amount in aggregate_container_limits(spec).items():
            if is_huge_page_resource(name) and name not in (resources.get("requests") or EMPTY):
                limits.setdefault(name, str(amount))
        if limits:
            resources["limits"] = limits
    if resources.get("limits"):
        requests = dict(resources.get("requests") or EMPTY)
        for name, amount in aggregate_container_requests(spec).items():
            if is_pod_level_resource(name) and is_overcommit_allowed(name):
                requests.setdefault(name, str(amount))
        for name, limit in resources["limits"].items():
            if is_pod_level_resource(name):
                requests.setdefault(name, limit)
        if requests:
            resources["requests"] = requests


def _default_host_ports(container: Draft) -> None:
    for port in container.get("ports") or ():
        if not port.get("hostPort") and port.get("containerPort"):
            port["hostPort"] = port["containerPort"]


def default_pod_spec(spec: Draft) -> None:
    """A PodSpec, wherever it is."""
    for field, value in (("dnsPolicy", "ClusterFirst"), ("restartPolicy", "Always"), ("schedulerName", "default-scheduler")):
        if not spec.get(field):
            spec[field] = value
    if spec.get("securityContext") is None:
        spec["securityContext"] = {}
    if spec.get("terminationGracePeriodSeconds") is None:
        spec["terminationGracePeriodSeconds"] = 30
    for volume in spec.get("volumes") or ():
        _default_volume(volume)
    for container in _containers(spec, *CONTAINER_LISTS):
        _default_container(container)
    round_resource_list(spec.get("overhead"))
    _round_resources(spec)
    alias_service_account(spec)


def alias_service_account(spec: Draft) -> None:
    """``serviceAccount`` is the old name of ``serviceAccountName``; what is read is written in both.

    Mirrors: pkg/apis/core/v1/conversion.go (Convert_v1_PodSpec_To_core_PodSpec and back).
    """
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    for field in ("serviceAccountName", "serviceAccount"):
        if name:
            spec[field] = name
        else:
            spec.pop(field, None)


def _round_resources(holder: Draft) -> None:
    resources = holder.get("resources") or EMPTY
    round_resource_list(resources.get("limits"))
    round_resource_list(resources.get("requests"))


def _default_volume(volume: Draft) -> None:
    sources = [name for name, value in volume.items() if name != "name" and value is not None]
    if not sources:
        volume["emptyDir"] = {}
    for name in sources:
        source = volume[name]
        for field, value in _PLAIN_SOURCES.get(name, EMPTY).items():
            if source.get(field) is None:
                source[field] = value
        for field, value in _TEXT_SOURCES.get(name, EMPTY).items():
            if not source.get(field):
                source[field] = value
        if (deeper := _DEEPER_SOURCES.get(name)) is not None:
            deeper(source)


def _default_downward_files(source: Draft) -> None:
    for file in source.get("items") or ():
        _default_field_ref(file.get("fieldRef"))


def _default_projected(source: Draft) -> None:
    for projection in source.get("sources") or ():
        _default_downward_files(projection.get("downwardAPI") or {})
        token = projection.get("serviceAccountToken")
        if token is not None and token.get("expirationSeconds") is None:
            token["expirationSeconds"] = 3600


def _default_ephemeral(source: Draft) -> None:
    template = source.get("volumeClaimTemplate")
    if template is not None:
        default_claim_spec(template.setdefault("spec", {}))


def _default_image(source: Draft) -> None:
    if not source.get("pullPolicy"):
        source["pullPolicy"] = _pull_policy(source.get("reference") or "")


_DEEPER_SOURCES = {
    "downwardAPI": _default_downward_files,
    "projected": _default_projected,
    "ephemeral": _default_ephemeral,
    "image": _default_image,
}


def _pull_policy(image: str) -> str:
    return "Always" if image_tag(image) == "latest" else "IfNotPresent"


def _default_container(container: Draft) -> None:
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = _pull_policy(container.get("image") or "")
    if not container.get("terminationMessagePath"):
        container["terminationMessagePath"] = "/dev/termination-log"
    if not container.get("terminationMessagePolicy"):
        container["terminationMessagePolicy"] = "File"
    for port in container.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
    for variable in container.get("env") or ():
        _default_env_source(variable.get("valueFrom") or {})
    _round_resources(container)
    for name in _PROBES:
        if (probe := container.get(name)) is not None:
            _default_probe(probe)
    lifecycle = container.get("lifecycle") or {}
    for moment in ("postStart", "preStop"):
        _default_http_get((lifecycle.get(moment) or {}).get("httpGet"))


def _default_env_source(source: Draft) -> None:
    _default_field_ref(source.get("fieldRef"))
    key = source.get("fileKeyRef")
    if key is not None and key.get("optional") is None:
        key["optional"] = False


def _default_field_ref(reference: Draft | None) -> None:
    if reference is not None and not reference.get("apiVersion"):
        reference["apiVersion"] = "v1"


_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def _default_probe(probe: Draft) -> None:
    for field, value in _PROBE.items():
        if not probe.get(field):
            probe[field] = value
    _default_http_get(probe.get("httpGet"))
    grpc = probe.get("grpc")
    if grpc is not None and grpc.get("service") is None:
        grpc["service"] = ""


def _default_http_get(action: Draft | None) -> None:
    if action is not None:
        if not action.get("path"):
            action["path"] = "/"
        if not action.get("scheme"):
            action["scheme"] = "HTTP"
