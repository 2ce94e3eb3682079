"""Every pod runs as a service account that exists, with its token mounted and its pull secrets.

Mirrors: plugin/pkg/admission/serviceaccount/admission.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kplan.apiserver.admission.contract import CREATE, UPDATE, AdmissionContext, Attributes, Plugin, refuse
from kplan.apiserver.outcome import Status
from kplan.apiserver.strategy import Draft
from kplan.model.names import Names
from kplan.model.objects import EMPTY, Object, Ref, annotations_of, name_of

MIRROR = "kubernetes.io/config.mirror"
ENFORCE_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets"
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
VOLUME_PREFIX = "kube-api-access-"
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_NOUNS = {"initContainers": "init container", "containers": "container", "ephemeralContainers": "ephemeral container"}
_SECRETS_OF_VOLUMES = {
    "azureFile": "secretName",
    "cephfs": "secretRef",
    "cinder": "secretRef",
    "flexVolume": "secretRef",
    "rbd": "secretRef",
    "secret": "secretName",
    "scaleIO": "secretRef",
    "iscsi": "secretRef",
    "storageos": "secretRef",
    "csi": "nodePublishSecretRef",
}


def admit(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Give the pod its service account, its token and its pull secrets."""
    if attributes.operation != CREATE:
        return None
    pod = attributes.object
    assert pod is not None
    spec = pod.setdefault("spec", {})
    if MIRROR in annotations_of(pod):
        return validate(attributes, context)
    if not spec.get("serviceAccountName"):
        spec["serviceAccountName"] = "default"
    account, error = _account(attributes, context, spec["serviceAccountName"])
    if account is None:
        return error
    if _automounts(account, spec) and not _has_token(spec):
        names: Names = context.memo["names"]
        _mount_token(spec, VOLUME_PREFIX + names.suffix(f"{VOLUME_PREFIX}{attributes.namespace}"))
    if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [{"name": s.get("name", "")} for s in account["imagePullSecrets"]]
    spec["serviceAccount"] = spec["serviceAccountName"]
    return validate(attributes, context)


def validate(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Refuse what a pod may not reference."""
    pod = attributes.object
    assert pod is not None
    added = attributes.subresource == "ephemeralcontainers"
    if attributes.operation != CREATE and not added:
        return None
    spec = pod["spec"]
    if MIRROR in annotations_of(pod) and not added:
        return _mirror_pod(attributes, spec)
    name = spec.get("serviceAccountName")
    if not name:
        return refuse(attributes, f"no service account specified for pod {attributes.namespace}/{name_of(pod)}")
    account, error = _account(attributes, context, name)
    if account is None or annotations_of(account).get(ENFORCE_MOUNTABLE) not in _TRUE:
        return error
    if added:
        # The server forgets to call this refusal one.
        return next((Status(500, "", why) for why in _unlisted_in_containers(account, spec, ("ephemeralContainers",))), None)
    return next((refuse(attributes, why) for why in _unlisted_secrets(account, spec)), None)


def _account(attributes: Attributes, context: AdmissionContext, name: str) -> tuple[Object | None, Status | None]:
    account = context.view.get(Ref("ServiceAccount", attributes.namespace, name))
    if account is not None:
        return account, None
    why = f'error looking up service account {attributes.namespace}/{name}: serviceaccount "{name}" not found'
    return None, refuse(attributes, why)


def _automounts(account: Object, spec: Draft) -> bool:
    for said in (spec.get("automountServiceAccountToken"), account.get("automountServiceAccountToken")):
        if said is not None:
            return bool(said)
    return True


def _has_token(spec: Draft) -> bool:
    return all(_mounts_token(c) for c in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])])


def _mounts_token(container: dict[str, Any]) -> bool:
    return any(m.get("mountPath") == TOKEN_PATH for m in container.get("volumeMounts") or [])


def _mount_token(spec: Draft, name: str) -> None:
    volumes = spec.get("volumes") or []
    present = next((v["name"] for v in volumes if (v.get("name") or "").startswith(VOLUME_PREFIX)), None)
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
    if any(_all_secrets(spec)):
        return refuse(attributes, "a mirror pod may not reference secrets")
    if any("serviceAccountToken" in part for v in spec.get("volumes") or [] for part in (v.get("projected") or EMPTY).get("sources") or []):
        return refuse(attributes, "a mirror pod may not use ServiceAccountToken volume projections")
    return None


def _all_secrets(spec: Draft) -> Iterator[str]:
    """The names of the secrets a pod refers to; "" where one is left out."""
    yield from (s.get("name") or "" for s in spec.get("imagePullSecrets") or [])
    for field in _NOUNS:
        for container in spec.get(field) or []:
            yield from (secret for _, secret in _secrets_of(container))
    for volume in spec.get("volumes") or []:
        for source, field in _SECRETS_OF_VOLUMES.items():
            said = (volume.get(source) or EMPTY).get(field) or ""
            yield said if isinstance(said, str) else said.get("name") or ""
        yield from ((part.get("secret") or EMPTY).get("name") or "" for part in (volume.get("projected") or EMPTY).get("sources") or [])


def _secrets_of(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """How a container refers to secrets, and the secrets' names."""
    for env in container.get("env") or []:
        if (reference := (env.get("valueFrom") or EMPTY).get("secretKeyRef")) is not None:
            yield f"envVar {env.get('name', '')}", reference.get("name") or ""
    for source in container.get("envFrom") or []:
        if (reference := source.get("secretRef")) is not None:
            yield "envFrom", reference.get("name") or ""


def _unlisted_secrets(account: Object, spec: Draft) -> Iterator[str]:
    """Mirrors: limitSecretReferences."""
    listed = {s.get("name") for s in account.get("secrets") or []}
    for volume in spec.get("volumes") or []:
        if "secret" in volume and (secret := volume["secret"].get("secretName")) not in listed:
            yield f'volume with secret.secretName="{secret}" {_not_allowed(account, "secret")}'
    yield from _unlisted_in_containers(account, spec, ("initContainers", "containers"))
    pullable = {s.get("name") for s in account.get("imagePullSecrets") or []}
    for i, reference in enumerate(spec.get("imagePullSecrets") or []):
        if reference.get("name") not in pullable:
            yield f'imagePullSecrets[{i}].name="{reference.get("name")}" {_not_allowed(account, "imagePullSecret")}'


def _unlisted_in_containers(account: Object, spec: Draft, fields: Iterable[str]) -> Iterator[str]:
    listed = {s.get("name") for s in account.get("secrets") or []}
    for field in fields:
        for c in spec.get(field) or []:
            for how, secret in _secrets_of(c):
                if secret not in listed:
                    yield f'{_NOUNS[field]} {c.get("name", "")} with {how} referencing secret.secretName="{secret}" {_not_allowed(account, "secret")}'


def _not_allowed(account: Object, what: str) -> str:
    return f"is not allowed because service account {name_of(account)} does not reference that {what}"


PLUGIN = Plugin(
    "ServiceAccount",
    frozenset((CREATE, UPDATE)),
    frozenset(("Pod",)),
    frozenset(("", "ephemeralcontainers")),
    admit=admit,
    validate=validate,
)
