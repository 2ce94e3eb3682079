"""Every pod runs as a service account that exists, with its token mounted and its pull secrets.

Mirrors: plugin/pkg/admission/serviceaccount/admission.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.apiserver.admission.contract import CREATE, AdmissionContext, Attributes, Plugin, refuse
from kplan.apiserver.outcome import Status
from kplan.apiserver.strategy import Draft
from kplan.model.names import Names
from kplan.model.objects import Object, Ref, annotations_of, name_of

MIRROR = "kubernetes.io/config.mirror"
ENFORCE_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets"
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
VOLUME_PREFIX = "kube-api-access-"
_TRUE = ("1", "t", "T", "TRUE", "true", "True")


def admit(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Give the pod its service account, its token and its pull secrets."""
    pod = attributes.object
    assert pod is not None
    if MIRROR in annotations_of(pod):
        return validate(attributes, context)
    spec = pod.setdefault("spec", {})
    if not spec.get("serviceAccountName"):
        spec["serviceAccountName"] = "default"
    name = spec["serviceAccountName"]
    account = context.view.get(Ref("ServiceAccount", attributes.namespace, name))
    if account is None:
        return refuse(attributes, f'error looking up service account {attributes.namespace}/{name}: serviceaccount "{name}" not found')
    if _automounts(account, spec) and not _has_token(spec):
        names: Names = context.memo["names"]
        _mount_token(spec, VOLUME_PREFIX + names.suffix(f"{VOLUME_PREFIX}{attributes.namespace}"))
    if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [{"name": s.get("name", "")} for s in account["imagePullSecrets"]]
    spec["serviceAccount"] = name
    return validate(attributes, context)


def validate(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Refuse what a pod may not reference."""
    pod = attributes.object
    assert pod is not None
    spec = pod["spec"]
    if MIRROR in annotations_of(pod):
        return _mirror_pod(attributes, spec)
    name = spec.get("serviceAccountName")
    if not name:
        return refuse(attributes, f"no service account specified for pod {attributes.namespace}/{name_of(pod)}")
    account = context.view.get(Ref("ServiceAccount", attributes.namespace, name))
    if account is None:
        return refuse(attributes, f'error looking up service account {attributes.namespace}/{name}: serviceaccount "{name}" not found')
    if annotations_of(account).get(ENFORCE_MOUNTABLE) in _TRUE:
        for why in _unlisted_secrets(account, spec):
            return refuse(attributes, why)
    return None


def _automounts(account: Object, spec: Draft) -> bool:
    for said in (spec.get("automountServiceAccountToken"), account.get("automountServiceAccountToken")):
        if said is not None:
            return bool(said)
    return True


def _has_token(spec: Draft) -> bool:
    containers = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    return bool(containers) and all(_mounts_token(c) for c in containers)


def _mounts_token(container: dict[str, Any]) -> bool:
    return any(m.get("mountPath") == TOKEN_PATH for m in container.get("volumeMounts") or [])


def _mount_token(spec: Draft, name: str) -> None:
    volumes = spec.get("volumes") or []
    present = next((v["name"] for v in volumes if v["name"].startswith(VOLUME_PREFIX)), None)
    mount = {"name": present or name, "readOnly": True, "mountPath": TOKEN_PATH}
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        if not _mounts_token(container):
            container["volumeMounts"] = [*(container.get("volumeMounts") or []), mount]
    if present is None:
        spec["volumes"] = [*volumes, {"name": name, "projected": {"sources": _sources(), "defaultMode": 420}}]


def _sources() -> list[dict[str, Any]]:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    return [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]


def _mirror_pod(attributes: Attributes, spec: Draft) -> Status | None:
    if spec.get("serviceAccountName"):
        return refuse(attributes, "a mirror pod may not reference service accounts")
    for volume in spec.get("volumes") or []:
        if "secret" in volume:
            return refuse(attributes, "a mirror pod may not reference secrets")
        if any("serviceAccountToken" in s for s in (volume.get("projected") or {}).get("sources") or []):
            return refuse(attributes, "a mirror pod may not use ServiceAccountToken volume projections")
    return None


def _unlisted_secrets(account: Object, spec: Draft) -> Iterator[str]:
    """Mirrors: limitSecretReferences."""
    listed = {s.get("name") for s in account.get("secrets") or []}
    sorry = f"is not allowed because service account {name_of(account)} does not reference that secret"
    for volume in spec.get("volumes") or []:
        if "secret" in volume and (secret := volume["secret"].get("secretName")) not in listed:
            yield f'volume with secret.secretName="{secret}" {sorry}'
    for field, noun in (("initContainers", "init container"), ("containers", "container")):
        for c in spec.get(field) or []:
            for env in c.get("env") or []:
                reference = (env.get("valueFrom") or {}).get("secretKeyRef")
                if reference and reference.get("name") not in listed:
                    yield f'{noun} {c["name"]} with envVar {env["name"]} referencing secret.secretName="{reference.get("name")}" {sorry}'
            for source in c.get("envFrom") or []:
                reference = source.get("secretRef")
                if reference and reference.get("name") not in listed:
                    yield f'{noun} {c["name"]} with envFrom referencing secret.secretName="{reference.get("name")}" {sorry}'
    pullable = {s.get("name") for s in account.get("imagePullSecrets") or []}
    for i, reference in enumerate(spec.get("imagePullSecrets") or []):
        if reference.get("name") not in pullable:
            yield (
                f'imagePullSecrets[{i}].name="{reference.get("name")}" is not allowed because service account '
                f"{name_of(account)} does not reference that imagePullSecret"
            )


PLUGIN = Plugin("ServiceAccount", frozenset((CREATE,)), frozenset(("Pod",)), admit=admit, validate=validate)
