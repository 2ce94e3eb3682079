"""Containers of a pod: the ordinary ones, init containers, ephemeral ones.

Mirrors: pkg/apis/core/validation/validation.go (validateContainers, validateInitContainers, validateEphemeralContainers,
         validateContainerCommon) (1.36)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kplan.apiserver.field import (
    Errors,
    FieldPath,
    duplicate,
    forbidden,
    invalid,
    not_found,
    not_supported,
    required,
    too_many,
)
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.containerenv import validate_env, validate_env_from
from kplan.apiserver.rules.containermounts import Volumes, validate_mounts
from kplan.apiserver.rules.names import each_invalid, is_dns1123_label, is_valid_port_name, is_valid_port_num
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podresources import is_restartable_init_container, validate_container_resources
from kplan.apiserver.rules.podvolumes import validate_pull_policy
from kplan.apiserver.rules.probes import PROBES, validate_lifecycle, validate_probes
from kplan.apiserver.rules.securitycontexts import validate_security_context
from kplan.model.objects import EMPTY, Object

PROTOCOLS = ("SCTP", "TCP", "UDP")
RESTART_POLICIES = ("Always", "Never", "OnFailure")
_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_RESIZE_RESOURCES, _RESIZE_POLICIES = ("cpu", "memory"), ("NotRequired", "RestartContainer")
_MOST_RULES, _MOST_EXIT_CODES = 20, 255
_NOT_IN_INIT = "may not be set for init containers without restartPolicy=Always"
_NOT_IN_EPHEMERAL = "cannot be set for an Ephemeral Container"
_EPHEMERAL_FORBIDS = (
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
)


@dataclass(frozen=True, slots=True)
class Pod:
    """What the containers of one pod have in common."""

    spec: Object
    volumes: Volumes
    claims: Sequence[str]
    grace: int | None
    options: PodOptions
    host_users: bool

    @property
    def os(self) -> Object | None:
        """spec.os."""
        found: Object | None = self.spec.get("os")
        return found


def validate_containers(pod: Pod, path: FieldPath) -> Errors:
    """spec.containers."""
    containers: Sequence[Object] = pod.spec.get("containers") or ()
    if not containers:
        yield required(path)
        return
    names: set[str] = set()
    for i, container in enumerate(containers):
        here, name = path.index(i), container.get("name") or ""
        yield from _validate_common(container, pod, here)
        if name in names:
            yield duplicate(here.child("name"), name)
        names.add(name)
        if (lifecycle := container.get("lifecycle")) is not None:
            yield from validate_lifecycle(lifecycle, here.child("lifecycle"), pod.grace, pod.options, pod.os)
        yield from validate_probes(container, here, pod.grace, pod.options)
        if pod.options.allow_restart_rules:
            yield from _validate_restart_policy(container, here, pod.options)
        elif container.get("restartPolicy") is not None:
            yield forbidden(here.child("restartPolicy"), "may not be set for non-init containers")
    yield from _validate_host_ports(containers, path)


def validate_init_containers(pod: Pod, path: FieldPath) -> Errors:
    """spec.initContainers."""
    names = {c.get("name") or "" for c in pod.spec.get("containers") or ()}
    for i, container in enumerate(pod.spec.get("initContainers") or ()):
        here, name = path.index(i), container.get("name") or ""
        sidecar = is_restartable_init_container(container)
        yield from _validate_common(container, pod, here)
        yield from _validate_init_restart_policy(container, here, pod.options)
        if name in names:
            yield duplicate(here.child("name"), name)
        elif name:
            names.add(name)
        yield from _validate_host_ports((container,), path)
        if sidecar:
            if (lifecycle := container.get("lifecycle")) is not None:
                yield from validate_lifecycle(lifecycle, here.child("lifecycle"), pod.grace, pod.options, pod.os)
            yield from validate_probes(container, here, pod.grace, pod.options)
        else:
            for field in ("lifecycle", *PROBES):
                if container.get(field) is not None:
                    yield forbidden(here.child(field), _NOT_IN_INIT)
        policies: Sequence[Object] = container.get("resizePolicy") or ()
        if not pod.options.allow_sidecar_resize_policy and policies:
            shown = internal_json("core.ContainerResizePolicy", list(policies))
            yield invalid(here.child("resizePolicy"), shown, "must not be set for init containers")
        if not sidecar and not pod.options.allow_restart_container_for_init:
            for j, policy in enumerate(policies):
                if policy.get("restartPolicy") == "RestartContainer":
                    said = "must not be set to 'RestartContainer' for non-sidecar initContainers"
                    yield invalid(here.child("resizePolicy").index(j).child("restartPolicy"), "RestartContainer", said)


def validate_ephemeral_containers(pod: Pod, path: FieldPath) -> Errors:
    """spec.ephemeralContainers."""
    others = {c.get("name") or "" for f in ("containers", "initContainers") for c in pod.spec.get(f) or ()}
    names = set(others)
    for i, container in enumerate(pod.spec.get("ephemeralContainers") or ()):
        here, name = path.index(i), container.get("name") or ""
        yield from _validate_common(container, pod, here)
        yield from validate_image_whitespace(container, here)
        if name in names:
            yield duplicate(here.child("name"), name)
        names.add(name)
        target = container.get("targetContainerName") or ""
        if target and target not in others:
            yield not_found(here.child("targetContainerName"), target)
        for field in _EPHEMERAL_FORBIDS:
            if container.get(field) not in (None, "", {} if field == "resources" else ""):
                yield forbidden(here.child(field), _NOT_IN_EPHEMERAL)
        for j, mount in enumerate(container.get("volumeMounts") or ()):
            for field in ("subPath", "subPathExpr"):
                if mount.get(field):
                    yield forbidden(here.child("volumeMounts").index(j).child(field), _NOT_IN_EPHEMERAL)


def validate_image_whitespace(container: Object, path: FieldPath) -> Errors:
    """In a pod (a template is not checked) an image has no spaces around it."""
    image = container.get("image") or ""
    if image != image.strip():
        yield invalid(path.child("image"), image, "must not have leading or trailing whitespace")


def _validate_common(container: Object, pod: Pod, path: FieldPath) -> Errors:
    name, policy = container.get("name") or "", container.get("terminationMessagePolicy") or ""
    if not name:
        yield required(path.child("name"))
    else:
        yield from each_invalid(path.child("name"), name, is_dns1123_label(name))
    if not container.get("image"):
        yield required(path.child("image"))
    if not policy:
        yield required(path.child("terminationMessagePolicy"))
    elif policy not in _MESSAGE_POLICIES:
        yield not_supported(path.child("terminationMessagePolicy"), policy, _MESSAGE_POLICIES)
    yield from _validate_ports(container.get("ports") or (), path.child("ports"))
    yield from validate_env(container.get("env") or (), path.child("env"), pod.options)
    yield from validate_env_from(container.get("envFrom") or (), path.child("envFrom"), pod.options)
    yield from validate_mounts(container, pod.volumes, path)
    yield from validate_pull_policy(container.get("imagePullPolicy") or "", path.child("imagePullPolicy"))
    allow = pod.options.allow_indivisible_huge_pages
    resources = container.get("resources") or EMPTY
    yield from validate_container_resources(resources, pod.claims, path.child("resources"), allow_indivisible=allow)
    yield from _validate_resize_policy(container, path.child("resizePolicy"), pod.spec.get("restartPolicy") or "")
    yield from validate_security_context(
        container.get("securityContext"), path.child("securityContext"), host_users=pod.host_users
    )


def _validate_ports(ports: Sequence[Object], path: FieldPath) -> Errors:
    names: set[str] = set()
    for i, port in enumerate(ports):
        here, name = path.index(i), port.get("name") or ""
        if name:
            said = is_valid_port_name(name)
            yield from each_invalid(here.child("name"), name, said)
            if not said and name in names:
                yield duplicate(here.child("name"), name)
            elif not said:
                names.add(name)
        number, host = port.get("containerPort") or 0, port.get("hostPort") or 0
        if not number:
            yield required(here.child("containerPort"))
        else:
            yield from each_invalid(here.child("containerPort"), number, is_valid_port_num(number))
        if host:
            yield from each_invalid(here.child("hostPort"), host, is_valid_port_num(host))
        protocol = port.get("protocol") or ""
        if not protocol:
            yield required(here.child("protocol"))
        elif protocol not in PROTOCOLS:
            yield not_supported(here.child("protocol"), protocol, PROTOCOLS)


def _validate_host_ports(containers: Sequence[Object], path: FieldPath) -> Errors:
    taken: set[str] = set()
    for i, container in enumerate(containers):
        for j, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            key = f"{port.get('protocol') or ''}/{port.get('hostIP') or ''}/{port['hostPort']}"
            if key in taken:
                yield duplicate(path.index(i).child("ports").index(j).child("hostPort"), key)
            taken.add(key)


def _validate_resize_policy(container: Object, path: FieldPath, restart_policy: str) -> Errors:
    seen: set[str] = set()
    for i, policy in enumerate(container.get("resizePolicy") or ()):
        resource, restart = policy.get("resourceName") or "", policy.get("restartPolicy") or ""
        if resource in seen:
            yield duplicate(path.index(i), resource)
        seen.add(resource)
        for value, choices in ((resource, _RESIZE_RESOURCES), (restart, _RESIZE_POLICIES)):
            if not value:
                yield required(path)
            elif value not in choices:
                yield not_supported(path, value, choices)
        if restart_policy == "Never" and restart != "NotRequired":
            yield invalid(path, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'")


def _validate_init_restart_policy(container: Object, path: FieldPath, options: PodOptions) -> Errors:
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or ()
    if policy is None:
        if rules:
            yield required(path.child("restartPolicy"), "must specify restartPolicy when restart rules are used")
    elif not options.allow_restart_rules:
        if policy != "Always":
            yield not_supported(path.child("restartPolicy"), policy, ("Always",))
    elif policy == "Always" and not options.allow_restart_all:
        if rules:
            said = "restartPolicyRules are not allowed for init containers with restart policy Always"
            yield forbidden(path.child("restartPolicyRules"), said)
    else:
        yield from _validate_restart_policy(container, path, options)


def _validate_restart_policy(container: Object, path: FieldPath, options: PodOptions) -> Errors:
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or ()
    if policy is None:
        if not rules:
            return
        yield required(path.child("restartPolicy"), "must specify restartPolicy when restart rules are used")
    elif policy not in RESTART_POLICIES:
        yield not_supported(path.child("restartPolicy"), policy, RESTART_POLICIES)
    if len(rules) > _MOST_RULES:
        yield too_many(path.child("restartPolicyRules"), len(rules), _MOST_RULES)
    actions = ("Restart", "RestartAllContainers") if options.allow_restart_all else ("Restart",)
    for i, rule in enumerate(rules):
        here, action, codes = path.child("restartPolicyRules").index(i), rule.get("action") or "", rule.get("exitCodes")
        if action not in actions:
            yield not_supported(here.child("action"), action, actions)
        if codes is None:
            yield required(here.child("exitCodes"), "must be specified")
            continue
        operator, values = codes.get("operator") or "", codes.get("values") or ()
        if operator not in ("In", "NotIn"):
            yield not_supported(here.child("exitCodes", "operator"), operator, ("In", "NotIn"))
        if len(values) > _MOST_EXIT_CODES:
            yield too_many(here.child("exitCodes", "values"), len(values), _MOST_EXIT_CODES)
