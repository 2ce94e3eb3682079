"""What the server warns about pods and templates.

Mirrors: pkg/api/pod/warnings.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kplan.apiserver.field import ROOT, FieldPath
from kplan.apiserver.rules.addresses import warnings_for_ip
from kplan.apiserver.rules.nodeselectors import DEPRECATED_NODE_LABELS, node_selector_term_warnings
from kplan.apiserver.rules.persistentvolumeclaims import claim_spec_warnings
from kplan.apiserver.rules.podoptions import containers_with_paths
from kplan.apiserver.rules.podtemplates import APP_ARMOR, SECCOMP_CONTAINER, SECCOMP_POD
from kplan.catalog.gates import Gates
from kplan.model.gotext import go_quote
from kplan.model.objects import EMPTY, Object, get_in
from kplan.model.quantity import Quantity

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NULL_SELECTOR = "a null labelSelector results in matching no pod"
_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_VOLUMES = {
    "photonPersistentDisk": ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    "gitRepo": ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    "scaleIO": ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    "flocker": ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    "storageos": ("storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    "quobyte": ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    "glusterfs": ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    "cephfs": ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    "rbd": ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
}
_WHOLE_BYTES = ("memory", "ephemeral-storage")


def pod_warnings(pod: Object, old: Object | None, gates: Gates) -> Iterator[str]:
    """Warnings for a pod (``old`` is there for symmetry: pods are warned about on create only)."""
    return _warnings(pod.get("spec") or EMPTY, pod["metadata"], ROOT, gates, template=False)


def pod_template_warnings(template: Object, path: FieldPath, gates: Gates) -> Iterator[str]:
    """Warnings for the template of a controller, at ``path``."""
    return _warnings(template.get("spec") or EMPTY, template.get("metadata") or EMPTY, path, gates, template=True)


def _warnings(spec: Object, meta: Object, path: FieldPath, gates: Gates, *, template: bool) -> Iterator[str]:
    here, annotations = path.child("spec"), meta.get("annotations") or EMPTY
    yield from _node_warnings(spec, here)
    for key, said in _ANNOTATIONS.items():
        if key in annotations:
            yield f"{path.child('metadata', 'annotations').key(key)}: {said}"
    for i, volume in enumerate(spec.get("volumes") or ()):
        yield from _volume_warnings(volume, here.child("volumes").index(i), gates)
    yield from _overlap_warnings(spec.get("volumes") or ())
    yield from _duplicate_warnings(spec, here)
    yield from _fraction_warnings(spec.get("overhead"), here.child("overhead"))
    if SECCOMP_POD in annotations and get_in(spec, ("securityContext", "seccompProfile")) is None:
        yield f'{path.child("metadata", "annotations").key(SECCOMP_POD)}: non-functional in v1.27+; use the "seccompProfile" field instead'
    for container, there in containers_with_paths(spec, here):
        yield from _container_warnings(container, there, annotations, path, spec, template)
    yield from _port_warnings(spec, here)
    seconds = spec.get("terminationGracePeriodSeconds")
    if seconds is not None and seconds < 0:
        yield f"{here.child('terminationGracePeriodSeconds')}: must be >= 0; negative values are invalid and will be treated as 1"
    yield from _affinity_warnings(spec, here.child("affinity"))
    for i, server in enumerate(get_in(spec, ("dnsConfig", "nameservers"), ())):
        yield from warnings_for_ip(here.child("dnsConfig", "nameservers").index(i), server)
    for i, alias in enumerate(spec.get("hostAliases") or ()):
        yield from warnings_for_ip(here.child("hostAliases").index(i).child("ip"), alias.get("ip") or "")


def _node_warnings(spec: Object, path: FieldPath) -> Iterator[str]:
    for key in spec.get("nodeSelector") or ():
        if said := DEPRECATED_NODE_LABELS.get(key):
            yield f"{path.child('nodeSelector').key(key)}: {said}"
    affinity, here = get_in(spec, ("affinity", "nodeAffinity"), EMPTY), path.child("affinity", "nodeAffinity")
    for i, term in enumerate(get_in(affinity, (_REQUIRED, "nodeSelectorTerms"), ())):
        yield from node_selector_term_warnings(term, here.child(_REQUIRED, "nodeSelectorTerms").index(i))
    for i, weighted in enumerate(affinity.get(_PREFERRED) or ()):
        yield from node_selector_term_warnings(
            weighted.get("preference") or EMPTY, here.child(_PREFERRED).index(i).child("preference")
        )
    for i, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        there, key = path.child("topologySpreadConstraints").index(i), constraint.get("topologyKey") or ""
        if said := DEPRECATED_NODE_LABELS.get(key):
            yield f"{there.child('topologyKey')}: {key} is {said}"
        if constraint.get("labelSelector") is None:
            yield f"{there.child('labelSelector')}: {_NULL_SELECTOR}"


def _volume_warnings(volume: Object, path: FieldPath, gates: Gates) -> Iterator[str]:
    for field, (name, said) in _VOLUMES.items():
        if volume.get(field) is not None:
            driver = field == "gitRepo" and gates.on("GitRepoVolumeDriver")
            yield f"{path.child(name)}: {'deprecated in v1.11' if driver else said}"
    template = get_in(volume, ("ephemeral", "volumeClaimTemplate"))
    if template is not None:
        yield from claim_spec_warnings(template.get("spec") or EMPTY, path.child("ephemeral", "volumeClaimTemplate", "spec"))


def _duplicate_warnings(spec: Object, path: FieldPath) -> Iterator[str]:
    for field, key in (("hostAliases", "ip"), ("imagePullSecrets", "name")):
        seen: set[str] = set()
        for i, item in enumerate(spec.get(field) or ()):
            value = item.get(key) or ""
            if value in seen:
                yield f"{path.child(field).index(i).child(key)}: duplicate {key} {go_quote(value)}"
            seen.add(value)
    for i, item in enumerate(spec.get("imagePullSecrets") or ()):
        if not item.get("name"):
            yield f'{path.child("imagePullSecrets").index(i).child("name")}: invalid empty name ""'


def _fraction_warnings(amounts: Object | None, path: FieldPath) -> Iterator[str]:
    for name in _WHOLE_BYTES:
        amount = (amounts or EMPTY).get(name)
        if amount is not None and Quantity.parse(amount).has_part_of_one():
            yield f"{path.key(name)}: fractional byte value {go_quote(str(Quantity.parse(amount)))} is invalid, must be an integer"


def _container_warnings(
    container: Object, path: FieldPath, annotations: Object, root: FieldPath, spec: Object, template: bool
) -> Iterator[str]:
    name, context = container.get("name") or "", container.get("securityContext") or EMPTY
    key = SECCOMP_CONTAINER + name
    if key in annotations and context.get("seccompProfile") is None:
        yield f'{root.child("metadata", "annotations").key(key)}: non-functional in v1.27+; use the "seccompProfile" field instead'
    key = APP_ARMOR + name
    if template and key in annotations and context.get("appArmorProfile") is None:
        if get_in(spec, ("securityContext", "appArmorProfile")) is None:
            yield f'{root.child("metadata", "annotations").key(key)}: deprecated since v1.30; use the "appArmorProfile" field instead'
    resources = container.get("resources") or EMPTY
    for resource in _WHOLE_BYTES:
        for what in ("limits", "requests"):
            one = {k: v for k, v in (resources.get(what) or EMPTY).items() if k == resource}
            yield from _fraction_warnings(one, path.child("resources", what))
    seen: set[str] = set()
    for i, variable in enumerate(container.get("env") or ()):
        called, value = variable.get("name") or "", variable.get("value") or ""
        if called in seen:
            reference = f"$({called})"
            if variable.get("valueFrom") is not None or value == reference or reference not in value:
                yield (
                    f"{path.child('env').index(i)}: hides previous definition of {go_quote(called)}, "
                    "which may be dropped when using apply"
                )
        seen.add(called)


def _port_warnings(spec: Object, path: FieldPath) -> Iterator[str]:
    every = [
        (here.child("ports").index(i), port)
        for container, here in containers_with_paths(spec, path)
        for i, port in enumerate(container.get("ports") or ())
    ]
    taken: dict[tuple[int, str], list[tuple[FieldPath, Object]]] = {}
    for here, port in every:
        ip, host = port.get("hostIP") or "", port.get("hostPort") or 0
        number, protocol = port.get("containerPort") or 0, port.get("protocol") or ""
        if ip and not host:
            shown = f"{{Name:{port.get('name') or ''} HostPort:0 ContainerPort:{number} Protocol:{protocol} HostIP:{ip}}}"
            yield f"{here}: hostIP set without hostPort: {shown}"
        others = taken.setdefault((number, protocol), [])
        for there, other in others:
            other_ip, other_host = other.get("hostIP") or "", other.get("hostPort") or 0
            if (ip, host) == (other_ip, other_host):
                yield f"{here}: duplicate port definition with {there}"
            elif not host or not other_host:
                yield f"{here}: overlapping port definition with {there}"
            elif host == other_host and bool(ip) != bool(other_ip):
                yield f"{here}: dangerously ambiguous port definition with {there}"
        others.append((here, port))
    named: dict[str, FieldPath] = {}
    for here, port in every:
        if name := port.get("name"):
            if name in named:
                yield (
                    f"{here}: duplicate port name {go_quote(name)} with {named[name]}, "
                    f"services and probes that select ports by name will use {named[name]}"
                )
            else:
                named[name] = here


def _affinity_warnings(spec: Object, path: FieldPath) -> Iterator[str]:
    for kind in ("podAffinity", "podAntiAffinity"):
        affinity, here = get_in(spec, ("affinity", kind), EMPTY), path.child(kind)
        for i, term in enumerate(affinity.get(_REQUIRED) or ()):
            if term.get("labelSelector") is None:
                yield f"{here.child(_REQUIRED).index(i).child('labelSelector')}: {_NULL_SELECTOR}"
        for i, weighted in enumerate(affinity.get(_PREFERRED) or ()):
            if get_in(weighted, ("podAffinityTerm", "labelSelector")) is None:
                yield f"{here.child(_PREFERRED).index(i).child('podAffinityTerm', 'labelSelector')}: {_NULL_SELECTOR}"


# -- files of volumes that cover each other --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    source: str

    def __str__(self) -> str:
        return f"{go_quote(self.path)} ({self.source})" if self.source else go_quote(self.path)

    def covers(self, other: _File) -> bool:
        return bool(self.path and other.path) and (
            f"{self.path}/".startswith(f"{other.path}/") or f"{other.path}/".startswith(f"{self.path}/")
        )


def _overlap_warnings(volumes: Iterable[Object]) -> Iterator[str]:
    for volume in volumes:
        name = go_quote(volume.get("name") or "")
        for field, title, named in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"), ("downwardAPI", "DownwardAPI", "")):
            source = volume.get(field)
            if source is not None:
                described = f"{title} {go_quote(source.get(named) or '')}" if named else title
                for said in _collisions([_File(i.get("path") or "", "") for i in source.get("items") or ()]):
                    yield f"volume {name} ({described}): overlapping paths: {said}"
        files: list[_File] = []
        for source in get_in(volume, ("projected", "sources"), ()):
            if not any(v is not None for v in source.values()):
                yield f"volume {name} (Projected) has no sources provided"
            files.extend(_projected_files(source))
        for said in _collisions(files):
            yield f"volume {name} (Projected): overlapping paths: {said}"


def _collisions(files: list[_File]) -> Iterator[str]:
    stripped = [_File(f.path.rstrip("/"), f.source) for f in files]
    for i, file in enumerate(stripped):
        for other in stripped[:i]:
            if file.covers(other):
                yield f"{file} with {other}"


def _projected_files(source: Object) -> list[_File]:
    for field, title in (("configMap", "ConfigMap"), ("secret", "Secret")):
        keyed = source.get(field)
        if keyed is not None and keyed.get("items") is not None:
            described = f"{title} {go_quote(keyed.get('name') or '')}"
            return [_File(i.get("path") or "", described) for i in keyed["items"]]
    if (downward := source.get("downwardAPI")) is not None and downward.get("items") is not None:
        return [_File(i.get("path") or "", "DownwardAPI") for i in downward["items"]]
    if (token := source.get("serviceAccountToken")) is not None:
        return [_File(token.get("path") or "", "ServiceAccountToken")]
    if (bundle := source.get("clusterTrustBundle")) is not None:
        named = bundle.get("name") if bundle.get("name") is not None else bundle.get("signerName")
        return [_File(bundle.get("path") or "", f"ClusterTrustBundle {go_quote(named or '')}")]
    certificate = source.get("podCertificate") or EMPTY
    kinds = (("certificateChainPath", "chain"), ("keyPath", "key"), ("credentialBundlePath", "credential bundle"))
    return [_File(certificate[f], f"PodCertificate {what}") for f, what in kinds if certificate.get(f)]
