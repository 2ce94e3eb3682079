"""Security contexts of pods and containers.

Mirrors: pkg/apis/core/validation/validation.go (validatePodSpecSecurityContext, ValidateSecurityContext …) (1.36)
"""

from __future__ import annotations

import re
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
    too_long,
)
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.names import Messages, byte_length, each_invalid, is_valid_user_id, matches
from kplan.apiserver.rules.podoptions import PodOptions, containers_with_paths
from kplan.apiserver.rules.podpaths import validate_local_descending_path
from kplan.apiserver.rules.windowsoptions import validate_windows_options
from kplan.model.objects import EMPTY, Object

PROFILE_TYPES = ("Localhost", "RuntimeDefault", "Unconfined")
_SYSCTL_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = rf"({_SYSCTL_SEGMENT}[\./])*{_SYSCTL_SEGMENT}"
_MOST_SYSCTL = 253
_MOST_PROFILE = 4095

_SWAPPED = str.maketrans("./", "/.")
_IPC_SYSCTLS = frozenset(
    f"kernel.{name}" for name in ("sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced", "shm", "msgmax", "msgmnb", "msgmni", "msg")
)


def _validate_id(holder: Object, field: str, path: FieldPath, rule: Callable[[int], Messages] = is_valid_user_id) -> Errors:
    value = holder.get(field)
    if value is not None:
        yield from each_invalid(path.child(field), value, rule(value))


def validate_pod_security_context(spec: Object, path: FieldPath, options: PodOptions) -> Errors:
    """spec.securityContext, and what of the host a pod shares."""
    context = spec.get("securityContext")
    if context is None:
        return
    for field in ("fsGroup", "runAsUser", "runAsGroup"):
        yield from _validate_id(context, field, path)
    for i, group in enumerate(context.get("supplementalGroups") or ()):
        yield from each_invalid(path.child("supplementalGroups").index(i), group, is_valid_user_id(group))
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        yield invalid(path.child("shareProcessNamespace"), True, "ShareProcessNamespace and HostPID cannot both be enabled")
    yield from _validate_sysctls(spec, path.child("sysctls"), options)
    yield from _validate_choice(context, "fsGroupChangePolicy", ("Always", "OnRootMismatch"), path)
    yield from validate_seccomp_profile(context.get("seccompProfile"), path.child("seccompProfile"))
    yield from validate_windows_options(context.get("windowsOptions"), path.child("windowsOptions"))
    yield from validate_app_armor_profile(context.get("appArmorProfile"), path.child("appArmorProfile"))
    yield from _validate_choice(context, "supplementalGroupsPolicy", ("Merge", "Strict"), path)
    selinux = ("Recursive",) if options.only_recursive_selinux else ("MountOption", "Recursive")
    yield from _validate_choice(context, "seLinuxChangePolicy", selinux, path)


def _validate_choice(holder: Object, field: str, choices: tuple[str, ...], path: FieldPath) -> Errors:
    value = holder.get(field)
    if value is not None and value not in choices:
        yield not_supported(path.child(field), value, choices)


def _validate_sysctls(spec: Object, path: FieldPath, options: PodOptions) -> Errors:
    seen: set[str] = set()
    for i, sysctl in enumerate((spec.get("securityContext") or EMPTY).get("sysctls") or ()):
        here, name = path.index(i).child("name"), sysctl.get("name") or ""
        if not name:
            yield required(here)
        elif byte_length(name) > _MOST_SYSCTL or not matches(_SYSCTL, name):
            yield invalid(here, name, f"must have at most {_MOST_SYSCTL} characters and match regex ^{_SYSCTL}$")
        elif name in seen:
            yield duplicate(here, name)
        if not options.allow_namespaced_sysctls and (error := host_sysctl_error(name, spec, here)):
            yield error
        seen.add(name)


def host_sysctl_error(name: str, spec: Object, path: FieldPath) -> FieldError | None:
    """A sysctl of a namespace that the pod shares with its host.

    Mirrors: staging/src/k8s.io/component-helpers/node/util/sysctl/{namespace,sysctl}.go.
    """
    dotted = name.translate(_SWAPPED) if re.match("[^./]*/", name) else name
    dotted = dotted.partition("*")[0]
    if spec.get("hostNetwork") and dotted.startswith("net."):
        return invalid(path, name, "may not be specified when 'hostNetwork' is true")
    if spec.get("hostIPC") and (dotted in _IPC_SYSCTLS or dotted.startswith("fs.mqueue.")):
        return invalid(path, name, "may not be specified when 'hostIPC' is true")
    return None


def validate_seccomp_profile(profile: Object | None, path: FieldPath) -> Errors:
    """seccompProfile of a pod or a container."""
    if profile is None:
        return
    kind, local = profile.get("type") or "", profile.get("localhostProfile")
    if not kind:
        yield required(path.child("type"), "type is required when seccompProfile is set")
    elif kind not in PROFILE_TYPES:
        yield not_supported(path.child("type"), kind, PROFILE_TYPES)
    here = path.child("localhostProfile")
    if kind != "Localhost":
        if local is not None:
            yield invalid(here, internal_json("core.SeccompProfile", profile), "can only be set when seccomp type is Localhost")
    elif local is None:
        yield required(here, "must be set when seccomp type is Localhost")
    else:
        yield from validate_local_descending_path(local, here)


def validate_app_armor_profile(profile: Object | None, path: FieldPath) -> Errors:
    """appArmorProfile of a pod or a container."""
    if profile is None:
        return
    kind, local, here = profile.get("type") or "", profile.get("localhostProfile"), path.child("localhostProfile")
    match kind:
        case "Localhost":
            if local is None or local == "":
                yield required(here, "must be set when AppArmor type is Localhost")
            elif local.strip() != local:
                yield invalid(here, local, "must not be padded with whitespace")
            if local is not None and byte_length(local) > _MOST_PROFILE:
                yield too_long(here, local, _MOST_PROFILE)
        case "RuntimeDefault" | "Unconfined":
            if local is not None:
                yield invalid(here, local, "can only be set when AppArmor type is Localhost")
        case "":
            yield required(path.child("type"), "type is required when appArmorProfile is set")
        case _:
            yield not_supported(path.child("type"), kind, PROFILE_TYPES)


def validate_security_context(context: Object | None, path: FieldPath, *, host_users: bool) -> Errors:
    """securityContext of a container."""
    if context is None:
        return
    for field in ("runAsUser", "runAsGroup"):
        yield from _validate_id(context, field, path)
    mount = context.get("procMount")
    if mount is not None:
        yield from _validate_choice(context, "procMount", ("Default", "Unmasked"), path)
        if host_users and mount == "Unmasked":
            yield invalid(path.child("procMount"), mount, "`hostUsers` must be false to use `Unmasked`")
    yield from validate_seccomp_profile(context.get("seccompProfile"), path.child("seccompProfile"))
    if context.get("allowPrivilegeEscalation") is False:
        shown = internal_json("core.SecurityContext", context)
        if context.get("privileged"):
            yield invalid(path, shown, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
        for capability in (context.get("capabilities") or EMPTY).get("add") or ():
            if capability == "CAP_SYS_ADMIN":
                yield invalid(path, shown, "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN")
    yield from validate_windows_options(context.get("windowsOptions"), path.child("windowsOptions"))
    yield from validate_app_armor_profile(context.get("appArmorProfile"), path.child("appArmorProfile"))


def validate_security_annotations(meta: Object, spec: Object, path: FieldPath) -> Errors:
    """Annotations that once said what seccompProfile and appArmorProfile say now must agree with them."""
    yield from _validate_seccomp_annotations(meta.get("annotations") or EMPTY, spec, path)
    if (spec.get("os") or EMPTY).get("name") != "windows":
        yield from _validate_app_armor_annotations(meta.get("annotations") or EMPTY, spec, path)


def _validate_seccomp_annotations(annotations: Object, spec: Object, path: FieldPath) -> Errors:
    pod_profile = (spec.get("securityContext") or EMPTY).get("seccompProfile")
    said = annotations.get("seccomp.security.alpha.kubernetes.io/pod")
    if pod_profile is not None and said is not None:
        yield from _match(said, pod_profile, path.child("securityContext", "seccompProfile"), "seccomp", _SECCOMP_WORDS)
    for container, here in containers_with_paths(spec, path):
        profile = (container.get("securityContext") or EMPTY).get("seccompProfile")
        said = annotations.get(f"container.seccomp.security.alpha.kubernetes.io/{container.get('name') or ''}")
        if profile is not None and said is not None:
            yield from _match(said, profile, here.child("securityContext", "seccompProfile"), "seccomp", _SECCOMP_WORDS)


def _validate_app_armor_annotations(annotations: Object, spec: Object, path: FieldPath) -> Errors:
    of_pod = (spec.get("securityContext") or EMPTY).get("appArmorProfile")
    for container, here in containers_with_paths(spec, path):
        own = (container.get("securityContext") or EMPTY).get("appArmorProfile")
        profile = of_pod if own is None else own
        said = annotations.get(f"container.apparmor.security.beta.kubernetes.io/{container.get('name') or ''}")
        if profile is not None and said is not None:
            yield from _match(said, profile, here.child("securityContext", "appArmorProfile"), "apparmor", _APP_ARMOR_WORDS)


_SECCOMP_WORDS = {"Unconfined": ("unconfined",), "RuntimeDefault": ("runtime/default", "docker/default")}
_APP_ARMOR_WORDS = {"Unconfined": ("unconfined",), "RuntimeDefault": ("runtime/default",)}


def _match(said: str, profile: Object, path: FieldPath, what: str, words: Mapping[str, tuple[str, ...]]) -> Errors:
    kind = profile.get("type") or ""
    if kind in words and said not in words[kind]:
        yield forbidden(path.child("type"), f"{what} type in annotation and field must match")
    elif kind == "Localhost":
        if not said.startswith("localhost/"):
            yield forbidden(path.child("type"), f"{what} type in annotation and field must match")
        elif said.removeprefix("localhost/") != profile.get("localhostProfile"):
            yield forbidden(path.child("localhostProfile"), f"{what} profile in annotation and field must match")

