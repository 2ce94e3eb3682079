"""Pods by their metadata and spec together, and the pods of templates.

Mirrors: pkg/apis/core/validation/validation.go (ValidatePodCreate, ValidatePodTemplateSpec, ValidatePodSpecificAnnotations) (1.36)
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from kplan.apiserver.field import METADATA, SPEC, Errors, FieldPath, forbidden, invalid
from kplan.apiserver.rules.containers import validate_image_whitespace
from kplan.apiserver.rules.metadata import validate_annotations, validate_object_meta
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.podoptions import (
    CONTAINER_LISTS,
    DELETION_COST,
    PodOptions,
    containers_of,
    deletion_cost_is_valid,
)
from kplan.apiserver.rules.podpaths import validate_local_descending_path
from kplan.apiserver.rules.podscheduling import validate_tolerations
from kplan.apiserver.rules.podspec import MIRROR_POD, validate_pod_spec
from kplan.apiserver.rules.securitycontexts import validate_security_annotations
from kplan.apiserver.rules.selectors import validate_labels
from kplan.model.gotext import go_quote
from kplan.model.objects import EMPTY, Object, get_in

TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"


def validate_pod_metadata_and_spec(pod: Object, options: PodOptions) -> Errors:
    """What create and update of a pod check alike."""
    meta, spec = pod["metadata"], pod.get("spec") or EMPTY
    yield from validate_object_meta(meta, namespaced=True, name_rule=name_is_dns_subdomain)
    yield from validate_pod_annotations(meta.get("annotations") or EMPTY, spec, METADATA.child("annotations"), options)
    yield from validate_pod_spec(spec, meta, SPEC, options)
    if not spec.get("serviceAccountName"):
        for i, volume in enumerate(spec.get("volumes") or ()):
            for j, source in enumerate(get_in(volume, ("projected", "sources"), ())):
                if source.get("serviceAccountToken") is not None:
                    here = SPEC.child("volumes").index(i).child("projected", "sources").index(j).child("serviceAccountToken")
                    yield forbidden(here, "must not be specified when serviceAccountName is not set")
    for name in ("containers", "initContainers"):
        for i, container in enumerate(spec.get(name) or ()):
            yield from validate_image_whitespace(container, SPEC.child(name).index(i))


def validate_pod_create(pod: Object, options: PodOptions) -> Errors:
    """A new pod."""
    meta, spec = pod["metadata"], pod.get("spec") or EMPTY
    yield from validate_pod_metadata_and_spec(pod, options)
    if spec.get("ephemeralContainers"):
        yield forbidden(SPEC.child("ephemeralContainers"), "cannot be set on create")
    if spec.get("nodeName") and spec.get("schedulingGates"):
        yield forbidden(SPEC.child("nodeName"), "cannot be set until all schedulingGates have been cleared")
    yield from validate_security_annotations(meta, spec, SPEC)


def validate_pod_template_spec(template: Object, path: FieldPath, options: PodOptions) -> Errors:
    """The template of a controller's pods."""
    meta, spec = template.get("metadata") or EMPTY, template.get("spec") or EMPTY
    annotations = meta.get("annotations") or EMPTY
    yield from validate_labels(meta.get("labels"), path.child("labels"))
    yield from validate_annotations(annotations, path.child("annotations"))
    yield from validate_pod_annotations(annotations, spec, path.child("annotations"), options)
    yield from validate_pod_spec(spec, None, path.child("spec"), options)
    yield from validate_security_annotations(meta, spec, path.child("spec"))
    if spec.get("ephemeralContainers"):
        yield forbidden(path.child("spec", "ephemeralContainers"), "ephemeral containers not allowed in pod template")


def validate_pod_annotations(annotations: Mapping[str, str], spec: Object, path: FieldPath, options: PodOptions) -> Errors:
    """Annotations that mean something on pods."""
    if not annotations:
        return
    if MIRROR_POD in annotations and not spec.get("nodeName"):
        yield invalid(path.key(MIRROR_POD), annotations[MIRROR_POD], "must set spec.nodeName if mirror pod annotation is set")
    if text := annotations.get(TOLERATIONS):
        yield from _validate_annotated_tolerations(text, path, options)
    if not options.allow_invalid_deletion_cost and not deletion_cost_is_valid(annotations):
        yield invalid(path.key(DELETION_COST), annotations[DELETION_COST], "must be a 32bit integer")
    if SECCOMP_POD in annotations:
        yield from _validate_seccomp(annotations[SECCOMP_POD], path.child(SECCOMP_POD))
    for key, value in annotations.items():
        if key.startswith(SECCOMP_CONTAINER):
            yield from _validate_seccomp(value, path.child(key))
    names = {c.get("name") or "" for c in containers_of(spec)}
    for key, value in annotations.items():
        if key.startswith(APP_ARMOR):
            container = key.removeprefix(APP_ARMOR)
            if container not in names:
                yield invalid(path.key(key), container, "container not found")
            if value not in ("", "runtime/default", "unconfined") and not value.startswith("localhost/"):
                yield invalid(path.key(key), value, f"invalid AppArmor profile name: {go_quote(value)}")


def _validate_annotated_tolerations(text: str, path: FieldPath, options: PodOptions) -> Errors:
    try:
        tolerations = json.loads(text)
    except ValueError as error:
        yield invalid(path, TOLERATIONS, str(error))
        return
    if isinstance(tolerations, list):
        yield from validate_tolerations(tolerations, path.child(TOLERATIONS), options)


def _validate_seccomp(profile: str, path: FieldPath) -> Errors:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return
    if profile.startswith("localhost/"):
        yield from validate_local_descending_path(profile.removeprefix("localhost/"), path)
    else:
        yield invalid(path, profile, "must be a valid seccomp profile")


__all__ = ["CONTAINER_LISTS", "validate_pod_create", "validate_pod_metadata_and_spec", "validate_pod_template_spec"]
