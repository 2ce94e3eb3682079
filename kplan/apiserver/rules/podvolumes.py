"""The volumes of a pod.

Mirrors: pkg/apis/core/validation/validation.go (ValidateVolumes, validateVolumeSource) (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kplan.apiserver.field import (
    Errors,
    FieldError,
    FieldPath,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
)
from kplan.apiserver.rules import volumesources as sources
from kplan.apiserver.rules.containerenv import validate_downward_file
from kplan.apiserver.rules.names import (
    byte_length,
    each_invalid,
    is_dns1123_label,
    name_is_dns_subdomain,
    range_error,
)
from kplan.apiserver.rules.persistentvolumeclaims import validate_claim_spec
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podpaths import (
    validate_local_descending_path,
    validate_local_non_reserved_path,
    validate_mode,
)
from kplan.apiserver.rules.projections import validate_projections
from kplan.apiserver.rules.templatemetadata import validate_template_object_meta
from kplan.model.gotext import go_quote
from kplan.model.objects import EMPTY, Object
from kplan.model.quantity import Quantity

Rule = Callable[[Object, FieldPath, PodOptions], Errors]

__all__ = ["validate_local_non_reserved_path", "validate_pull_policy", "validate_volumes"]

_ONE_TYPE = "may not specify more than 1 volume type"
PULL_POLICIES = ("Always", "IfNotPresent", "Never")


def validate_volumes(volumes: list[Object], meta: Object | None, path: FieldPath, options: PodOptions) -> tuple[Mapping[str, Object], list[FieldError]]:
    """spec.volumes: the good ones by name, and the errors. ``meta`` is the pod's, None in a template."""
    errors: list[FieldError] = []
    good: dict[str, Object] = {}
    pod_name = (meta or EMPTY).get("name") or ""
    made = {f"{pod_name}-{v.get('name') or ''}" for v in volumes if v.get("ephemeral") is not None} if pod_name else set()
    for i, volume in enumerate(volumes):
        here, name = path.index(i), volume.get("name") or ""
        found = list(_validate_source(volume, here, pod_name, options))
        if not name:
            found.append(required(here.child("name")))
        else:
            found.extend(each_invalid(here.child("name"), name, is_dns1123_label(name)))
        if name in good:
            found.append(duplicate(here.child("name"), name))
        if found:
            errors.extend(found)
        else:
            good[name] = volume
        claim = (volume.get("persistentVolumeClaim") or EMPTY).get("claimName") or ""
        if volume.get("persistentVolumeClaim") is not None and claim in made:
            said = "must not reference a PVC that gets created for an ephemeral volume"
            errors.append(invalid(here.child("persistentVolumeClaim", "claimName"), claim, said))
    return good, errors


def _validate_source(volume: Object, path: FieldPath, pod_name: str, options: PodOptions) -> Errors:
    found = False
    name = volume.get("name") or ""
    for field, refused_as, known_as, rule in _SOURCES:
        source = volume.get(field)
        if source is None:
            continue
        if found:
            yield forbidden(path.child(refused_as), _ONE_TYPE)
        else:
            yield from rule(source, path.child(known_as), options)
        if field == "iscsi" and source.get("initiatorName") is not None:
            if byte_length(f"{name}:{source.get('targetPortal') or ''}") > 64:
                said = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."
                yield invalid(path.child("name"), name, said)
        if field == "ephemeral" and not found and pod_name and name:
            claim = f"{pod_name}-{name}"
            for said in name_is_dns_subdomain(claim, False):
                yield invalid(path.child("name"), name, f"PVC name {go_quote(claim)}: {said}")
        found = True
    if not found:
        yield required(path, "must specify a volume type")


def _plain(rule: sources.Rule) -> Rule:
    return lambda source, path, options: rule(source, path)


def _needs(*fields: str) -> Rule:
    def rule(source: Object, path: FieldPath, options: PodOptions) -> Errors:
        return (required(path.child(f)) for f in fields if not source.get(f))

    return rule


def _empty_dir(source: Object, path: FieldPath, options: PodOptions) -> Errors:
    limit = source.get("sizeLimit")
    if limit is not None and Quantity.parse(limit).nano < 0:
        yield forbidden(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity")


def _git_repo(source: Object, path: FieldPath, options: PodOptions) -> Errors:
    if not source.get("repository"):
        yield required(path.child("repository"))
    yield from validate_local_descending_path(source.get("directory") or "", path.child("directory"))


def _iscsi(source: Object, path: FieldPath, options: PodOptions) -> Errors:
    if not source.get("targetPortal"):
        yield required(path.child("targetPortal"))
    iqn = source.get("iqn") or ""
    if not iqn:
        yield required(path.child("iqn"))
    else:
        yield from _iscsi_name(iqn, path.child("iqn"))
    lun = source.get("lun") or 0
    if not 0 <= lun <= 255:
        yield invalid(path.child("lun"), lun, range_error(0, 255))
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and source.get("secretRef") is None:
        yield required(path.child("secretRef"))
    if (initiator := source.get("initiatorName")) is not None:
        yield from _iscsi_name(initiator, path.child("initiatorname"))


def _iscsi_name(name: str, path: FieldPath) -> Errors:
    if not name.startswith(("iqn", "eui", "naa")):
        yield invalid(path, name, "must be valid format starting with iqn, eui, or naa")
    elif not sources.is_initiator(name):
        yield invalid(path, name, "must be valid format")


def _cinder(source: Object, path: FieldPath, options: PodOptions) -> Errors:
    yield from _needs("volumeID")(source, path, options)
    yield from _named_secret(source, path)


def _named_secret(source: Object, path: FieldPath) -> Errors:
    secret = source.get("secretRef")
    if secret is not None and not secret.get("name"):
        yield required(path.child("secretRef", "name"))


def _storage_os(source: Object, path: FieldPath, options: PodOptions) -> Errors:
    yield from sources.validate_storage_os_name(source, path)
    yield from _named_secret(source, path)


def _keyed(name_field: str) -> Rule:
    def rule(source: Object, path: FieldPath, options: PodOptions) -> Errors:
        if not source.get(name_field):
            yield required(path.child(name_field))
        yield from validate_mode(source.get("defaultMode"), path.child("defaultMode"))
        for i, item in enumerate(source.get("items") or ()):
            yield from validate_key_to_path(item, path.child("items").index(i))

    return rule


def validate_key_to_path(item: Object, path: FieldPath) -> Errors:
    """One of items: a key and the path it becomes a file at."""
    where = item.get("path") or ""
    if not item.get("key"):
        yield required(path.child("key"))
    if not where:
        yield required(path.child("path"))
    yield from validate_local_non_reserved_path(where, path.child("path"))
    yield from validate_mode(item.get("mode"), path.child("mode"))


def _downward(source: Object, path: FieldPath, options: PodOptions) -> Errors:
    yield from validate_mode(source.get("defaultMode"), path.child("defaultMode"))
    for file in source.get("items") or ():
        yield from validate_downward_file(file, path)


def _projected(source: Object, path: FieldPath, options: PodOptions) -> Errors:
    yield from validate_mode(source.get("defaultMode"), path.child("defaultMode"))
    yield from validate_projections(source, path, options, validate_key_to_path)


def _csi(source: Object, path: FieldPath, options: PodOptions) -> Errors:
    yield from sources.validate_csi_driver_name(source.get("driver") or "", path.child("driver"))
    secret = source.get("nodePublishSecretRef")
    if secret is not None:
        name = secret.get("name") or ""
        if not name:
            yield required(path.child("nodePublishSecretRef", "name"))
        else:
            yield from each_invalid(path.child("name"), name, name_is_dns_subdomain(name, False))


def _ephemeral(source: Object, path: FieldPath, options: PodOptions) -> Errors:
    template, here = source.get("volumeClaimTemplate"), path.child("volumeClaimTemplate")
    if template is None:
        yield required(here)
        return
    yield from validate_template_object_meta(template.get("metadata") or EMPTY, here.child("metadata"))
    yield from validate_claim_spec(template.get("spec") or EMPTY, here.child("spec"))


def validate_pull_policy(policy: str, path: FieldPath) -> Errors:
    """imagePullPolicy, pullPolicy."""
    if not policy:
        yield required(path)
    elif policy not in PULL_POLICIES:
        yield not_supported(path, policy, PULL_POLICIES)


def _image(source: Object, path: FieldPath, options: PodOptions) -> Errors:
    if options.resource_is_pod and not source.get("reference"):
        yield required(path.child("reference"))
    yield from validate_pull_policy(source.get("pullPolicy") or "", path.child("pullPolicy"))


_SOURCES: tuple[tuple[str, str, str, Rule], ...] = (
    # field, its name when it is one too many, its name inside errors of its own, rule
    ("emptyDir", "emptyDir", "emptyDir", _empty_dir),
    ("hostPath", "hostPath", "hostPath", _plain(sources.validate_host_path)),
    ("gitRepo", "gitRepo", "gitRepo", _git_repo),
    ("gcePersistentDisk", "gcePersistentDisk", "persistentDisk", _plain(sources.validate_gce_persistent_disk)),
    ("awsElasticBlockStore", "awsElasticBlockStore", "awsElasticBlockStore", _plain(sources.validate_aws_elastic_block_store)),
    ("secret", "secret", "secret", _keyed("secretName")),
    ("nfs", "nfs", "nfs", _plain(sources.validate_nfs)),
    ("iscsi", "iscsi", "iscsi", _iscsi),
    ("glusterfs", "glusterfs", "glusterfs", _needs("endpoints", "path")),
    ("flocker", "flocker", "flocker", _plain(sources.validate_flocker)),
    ("persistentVolumeClaim", "persistentVolumeClaim", "persistentVolumeClaim", _needs("claimName")),
    ("rbd", "rbd", "rbd", _needs("monitors", "image")),
    ("cinder", "cinder", "cinder", _cinder),
    ("cephfs", "cephFS", "cephfs", _needs("monitors")),
    ("quobyte", "quobyte", "quobyte", _plain(sources.validate_quobyte)),
    ("downwardAPI", "downwarAPI", "downwardAPI", _downward),
    ("fc", "fc", "fc", _plain(sources.validate_fc)),
    ("flexVolume", "flexVolume", "flexVolume", _plain(sources.validate_flex_volume)),
    ("configMap", "configMap", "configMap", _keyed("name")),
    ("azureFile", "azureFile", "azureFile", _needs("secretName", "shareName")),
    ("vsphereVolume", "vsphereVolume", "vsphereVolume", _needs("volumePath")),
    ("photonPersistentDisk", "photonPersistentDisk", "photonPersistentDisk", _needs("pdID")),
    ("portworxVolume", "portworxVolume", "portworxVolume", _needs("volumeID")),
    ("azureDisk", "azureDisk", "azureDisk", _plain(sources.validate_azure_disk)),
    ("storageos", "storageos", "storageos", _storage_os),
    ("projected", "projected", "projected", _projected),
    ("scaleIO", "scaleIO", "scaleIO", _needs("gateway", "system", "volumeName")),
    ("csi", "csi", "csi", _csi),
    ("ephemeral", "ephemeral", "ephemeral", _ephemeral),
    ("image", "image", "image", _image),
)
"""The volume types in the server's order, its slips of spelling included."""
