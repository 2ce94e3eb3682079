"""What the statuses of containers may say of users, of the health of devices and of image volumes.

Mirrors: pkg/apis/core/validation/validation.go (validateContainerStatusUsers,
         validateContainerStatusAllocatedResourcesStatus, validateVolumeStatus) (1.36)
"""

from __future__ import annotations

from collections.abc import Sequence

from kplan.apiserver.field import Errors, FieldPath, duplicate, forbidden, invalid, not_supported, required, too_long
from kplan.apiserver.rules.names import is_valid_user_id
from kplan.apiserver.rules.statuses import STATUS
from kplan.model.objects import EMPTY, Object, get_in

_OF = {"containerStatuses": "containers", "initContainerStatuses": "initContainers"}
_EPHEMERAL = "ephemeralContainerStatuses"
_HEALTH = ("Healthy", "Unhealthy", "Unknown")
_LONGEST_MESSAGE = 1024
_LONGEST_IMAGE = 256
_NO_CLAIM = (
    "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or "
    "'claim:<claimName>' if request is empty"
)


def validate_container_statuses(status: Object, spec: Object) -> Errors:
    """Users and devices in the statuses of a pod's containers."""
    for field in (*_OF, _EPHEMERAL):
        yield from _validate_users(status.get(field) or (), STATUS.child(field), get_in(spec, ("os", "name"), "linux"))
    for field, containers in _OF.items():
        known = {c.get("name"): c for c in reversed(spec.get(containers) or ())}
        for i, said in enumerate(status.get(field) or ()):
            path = STATUS.child(field).index(i).child("allocatedResourcesStatus")
            for j, allocated in enumerate(said.get("allocatedResourcesStatus") or ()):
                yield from _validate_allocated(allocated, known.get(said.get("name")), path.index(j))
    for i, said in enumerate(status.get(_EPHEMERAL) or ()):
        if said.get("allocatedResourcesStatus"):
            here = STATUS.child(_EPHEMERAL).index(i).child("allocatedResourcesStatus")
            yield forbidden(here, "must not be specified in container status")


def validate_image_volumes(statuses: Sequence[Object], path: FieldPath) -> Errors:
    """The images that volumes were made of."""
    for i, said in enumerate(statuses):
        for j, mount in enumerate(said.get("volumeMounts") or ()):
            image = get_in(mount, ("volumeStatus", "image"))
            if image is None:
                continue
            here = path.index(i).child("volumeMounts").index(j).child("volumeStatus", "imageVolumeStatus", "imageRef")
            reference = image.get("imageRef") or ""
            if not reference:
                yield required(here, "imageRef must not be empty")
            if len(reference.encode()) > _LONGEST_IMAGE:
                yield too_long(here, reference, _LONGEST_IMAGE)


def _validate_users(statuses: Sequence[Object], path: FieldPath, system: str) -> Errors:
    for i, said in enumerate(statuses):
        user, here = get_in(said, ("user", "linux")), path.index(i).child("user", "linux")
        if user is None:
            continue
        if system == "windows":
            yield forbidden(here, "cannot be set for a windows pod")
        elif system == "linux":
            yield from _validate_linux_user(user, here)


def _validate_linux_user(user: Object, path: FieldPath) -> Errors:
    groups = path.child("supplementalGroups")
    numbers = [(path.child(f), user.get(f) or 0) for f in ("uid", "gid")]
    numbers += [(groups.index(i), g) for i, g in enumerate(user.get("supplementalGroups") or ())]
    for here, number in numbers:
        for said in is_valid_user_id(number):
            yield invalid(here, number, said)


def _validate_allocated(allocated: Object, container: Object | None, path: FieldPath) -> Errors:
    name = allocated.get("name") or ""
    if container is not None:  # statuses of containers that are not there are let pass
        resources = container.get("resources") or EMPTY
        if name.startswith("claim:"):
            claims = resources.get("claims") or ()
            known = {f"claim:{c.get('name')}" + (f"/{c['request']}" if c.get("request") else "") for c in claims}
            why = _NO_CLAIM
        else:
            known, why = set(resources.get("requests") or ()), "must match one of the container's resource requests"
        if name not in known:
            yield invalid(path.child("name"), name, why)
    seen: set[str] = set()
    for i, device in enumerate(allocated.get("resources") or ()):
        yield from _validate_device(device, path.child("resources").index(i), seen)


def _validate_device(device: Object, path: FieldPath, seen: set[str]) -> Errors:
    health, message, identity = device.get("health") or "", device.get("message"), device.get("resourceID") or ""
    if health not in _HEALTH:
        yield not_supported(path.child("health"), health, _HEALTH)
    if message == "":
        yield required(path.child("message"), "must be non-empty if specified")
    elif message is not None and len(message.encode()) > _LONGEST_MESSAGE:
        yield too_long(path.child("message"), message, _LONGEST_MESSAGE)
    if identity in seen:
        yield duplicate(path.child("resourceID"), identity)
    seen.add(identity)
