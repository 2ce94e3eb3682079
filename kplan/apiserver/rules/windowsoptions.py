"""windowsOptions of security contexts, and what a Windows pod may not have.

Mirrors: pkg/apis/core/validation/validation.go (validateWindowsSecurityContextOptions, validateWindows,
         validateWindowsHostProcessPod) (1.36)
"""

from __future__ import annotations

import re

from kplan.apiserver.field import Errors, FieldPath, forbidden, invalid
from kplan.apiserver.rules.names import byte_length, each_invalid, is_dns1123_subdomain
from kplan.apiserver.rules.podoptions import containers_with_paths
from kplan.model.objects import EMPTY, Object

_MOST_SPEC_KIB, _MOST_DOMAIN, _MOST_USER = 64, 256, 104
_NET_BIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_DNS_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DNS = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*")
_BAD_USER = re.compile(r'["/\\:;|=,+*?<>@\[\]]')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_NOT_ON_WINDOWS = "cannot be set for a windows pod"
_POD_FIELDS = (
    ("appArmorProfile", True),
    ("seLinuxOptions", True),
    ("hostUsers", False),
    ("hostPID", False),
    ("hostIPC", False),
    ("seccompProfile", True),
    ("fsGroup", True),
    ("fsGroupChangePolicy", True),
    ("sysctls", True),
    ("shareProcessNamespace", False),
    ("runAsUser", True),
    ("runAsGroup", True),
    ("supplementalGroups", True),
    ("supplementalGroupsPolicy", True),
    ("seLinuxChangePolicy", True),
)
"""Fields of the pod, and whether they are in its security context."""

_CONTAINER_FIELDS = (
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
)


def validate_windows_options(options: Object | None, path: FieldPath) -> Errors:
    """windowsOptions of a pod or a container."""
    if options is None:
        return
    name = options.get("gmsaCredentialSpecName")
    if name is not None:
        yield from each_invalid(path.child("gmsaCredentialSpecName"), name, is_dns1123_subdomain(name))
    spec = options.get("gmsaCredentialSpec")
    if spec is not None:
        if not spec:
            yield invalid(path.child("gmsaCredentialSpec"), spec, "gmsaCredentialSpec cannot be an empty string")
        elif byte_length(spec) > _MOST_SPEC_KIB * 1024:
            yield invalid(path.child("gmsaCredentialSpec"), spec, f"gmsaCredentialSpec size must be under {_MOST_SPEC_KIB} KiB")
    user = options.get("runAsUserName")
    if user is not None:
        yield from each_invalid(path.child("runAsUserName"), user, _user_name_errors(user))


def _user_name_errors(name: str) -> list[str]:
    if not name:
        return ["runAsUserName cannot be an empty string"]
    if _CONTROL.search(name):
        return ["runAsUserName cannot contain control characters"]
    parts = name.split("\\")
    if len(parts) > 2:
        return ["runAsUserName cannot contain more than one backslash"]
    domain, user = parts if len(parts) == 2 else (None, parts[0])
    said = []
    if domain is not None:
        if byte_length(domain) >= _MOST_DOMAIN:
            said.append(f"runAsUserName's Domain length must be under {_MOST_DOMAIN} characters")
        if not _NET_BIOS.fullmatch(domain) and not _DNS.fullmatch(domain):
            said.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    if not user:
        said.append("runAsUserName's User cannot be empty")
    elif byte_length(user) > _MOST_USER:
        said.append(f"runAsUserName's User length must not be longer than {_MOST_USER} characters")
    if re.fullmatch(r"[. ]+", user):
        said.append("runAsUserName's User cannot contain only periods or spaces")
    if _BAD_USER.search(user):
        said.append('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]')
    return said


def validate_linux_pod(spec: Object, path: FieldPath) -> Errors:
    """A pod for Linux has no Windows options."""
    said = "windows options cannot be set for a linux pod"
    if (spec.get("securityContext") or EMPTY).get("windowsOptions") is not None:
        yield forbidden(path.child("securityContext", "windowsOptions"), said)
    for container, here in containers_with_paths(spec, path):
        if (container.get("securityContext") or EMPTY).get("windowsOptions") is not None:
            yield forbidden(here.child("securityContext", "windowsOptions"), said)


def validate_windows_pod(spec: Object, path: FieldPath) -> Errors:
    """A pod for Windows has none of what only Linux has."""
    context = spec.get("securityContext") or EMPTY
    for field, inside in _POD_FIELDS:
        value = (context if inside else spec).get(field)
        unset = not value if field in ("hostPID", "hostIPC", "sysctls") else value is None
        if not unset:
            yield forbidden((path.child("securityContext") if inside else path).child(field), _NOT_ON_WINDOWS)
    for container, here in containers_with_paths(spec, path):
        own = container.get("securityContext") or EMPTY
        for field in _CONTAINER_FIELDS:
            if own.get(field) is not None:
                yield forbidden(here.child("securityContext", field), _NOT_ON_WINDOWS)


def validate_host_process(spec: Object, path: FieldPath) -> Errors:
    """Windows HostProcess: all containers or none, and then on the host's network."""
    of_pod = _host_process(spec)
    every = containers_with_paths(spec, path)
    count = 0
    for container, here in every:
        own = _host_process(container)
        if of_pod is not None and own is not None and own != of_pod:
            was = str(of_pod).lower()
            said = f"pod hostProcess value must be identical if both are specified, was {was}"
            yield invalid(here.child("securityContext", "windowsOptions", "hostProcess"), own, said)
        count += bool(of_pod if own is None else own)
    if not count:
        return
    if count != len(every):
        said = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        yield invalid(path, "", said)
    if not spec.get("hostNetwork"):
        yield invalid(path.child("hostNetwork"), False, "hostNetwork must be true if pod contains any hostProcess containers")


def _host_process(holder: Object) -> bool | None:
    options = (holder.get("securityContext") or EMPTY).get("windowsOptions") or EMPTY
    value: bool | None = options.get("hostProcess")
    return value
