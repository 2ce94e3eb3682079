"""A PodSpec, wherever it is: in a pod or in a template.

Mirrors: pkg/apis/core/validation/validation.go (ValidatePodSpec) (1.36)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kplan.apiserver.field import (
    NOWHERE,
    Errors,
    FieldError,
    FieldPath,
    duplicate,
    forbidden,
    invalid,
    not_found,
    not_supported,
    required,
    too_long,
)
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.addresses import is_valid_ip_for_legacy_field
from kplan.apiserver.rules.containers import (
    Pod,
    validate_containers,
    validate_ephemeral_containers,
    validate_init_containers,
)
from kplan.apiserver.rules.names import (
    byte_length,
    each_invalid,
    is_dns1123_label,
    is_dns1123_subdomain,
    is_dns1123_subdomain_with_underscore,
    name_is_dns_subdomain,
    range_error,
)
from kplan.apiserver.rules.podoptions import PodOptions, containers_with_paths
from kplan.apiserver.rules.podresources import (
    aggregate_container_limits,
    aggregate_container_requests,
    validate_container_resources,
    validate_pod_resource_name,
    validate_resources,
)
from kplan.apiserver.rules.podscheduling import (
    validate_affinity,
    validate_readiness_gates,
    validate_scheduling_gates,
    validate_tolerations,
    validate_topology_spread,
)
from kplan.apiserver.rules.podvolumes import validate_volumes
from kplan.apiserver.rules.resourcenames import is_huge_page_resource
from kplan.apiserver.rules.securitycontexts import validate_pod_security_context
from kplan.apiserver.rules.selectors import validate_labels
from kplan.apiserver.rules.windowsoptions import validate_host_process, validate_linux_pod, validate_windows_pod
from kplan.model.objects import EMPTY, Object
from kplan.model.quantity import Quantity

RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_PREEMPTION = ("PreemptLowerPriority", "Never")
_MOST_NAMESERVERS, _MOST_SEARCHES, _MOST_SEARCH_CHARACTERS = 3, 32, 2048
_MOST_DEADLINE = 2**31 - 1
_NOT_WITH_USERS = "when `hostUsers` is false"
MIRROR_POD = "kubernetes.io/config.mirror"


def validate_pod_spec(spec: Object, meta: Object | None, path: FieldPath, options: PodOptions) -> Errors:
    """All of a PodSpec. ``meta`` is the pod's metadata, None in a template."""
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is None:
        yield required(path.child("terminationGracePeriodSeconds"))
    volumes, errors = validate_volumes(spec.get("volumes") or [], meta, path.child("volumes"), options)
    yield from errors
    claims = sorted({c["name"] for c in spec.get("resourceClaims") or () if c.get("name")})
    yield from _validate_resource_claims(spec.get("resourceClaims") or (), meta, path.child("resourceClaims"))
    pod = Pod(spec, volumes, claims, grace, options, spec.get("hostUsers") is not False)
    yield from validate_containers(pod, path.child("containers"))
    yield from validate_init_containers(pod, path.child("initContainers"))
    yield from validate_ephemeral_containers(pod, path.child("ephemeralContainers"))
    if options.pod_level_resources and spec.get("resources") is not None:
        yield from _validate_pod_level_resources(spec, claims, path, options)
    yield from _validate_host_network(spec, path, options)
    yield from _validate_choice(spec.get("restartPolicy") or "", RESTART_POLICIES, path.child("restartPolicy"))
    yield from _validate_choice(spec.get("dnsPolicy") or "", _DNS_POLICIES, path.child("dnsPolicy"))
    yield from validate_labels(spec.get("nodeSelector"), path.child("nodeSelector"))
    yield from validate_pod_security_context(spec, path.child("securityContext"), options)
    yield from validate_affinity(spec.get("affinity"), options, path.child("affinity"))
    yield from _validate_dns_config(spec, path.child("dnsConfig"), options)
    yield from validate_readiness_gates(spec.get("readinessGates") or (), path.child("readinessGates"))
    yield from validate_scheduling_gates(spec.get("schedulingGates") or (), path.child("schedulingGates"))
    spreads = spec.get("topologySpreadConstraints") or ()
    yield from validate_topology_spread(spreads, path.child("topologySpreadConstraints"), options)
    yield from validate_host_process(spec, path)
    yield from _validate_host_users(spec, path, options)
    yield from _validate_hostname_override(spec, path.child("hostnameOverride"))
    yield from _validate_names(spec, path)
    yield from _validate_the_rest(spec, path, options)
    yield from _validate_file_key_volumes(spec, path)


def _validate_choice(value: str, choices: Sequence[str], path: FieldPath) -> Errors:
    if not value:
        yield required(path)
    elif value not in choices:
        yield not_supported(path, value, choices)


def _validate_resource_claims(claims: Sequence[Object], meta: Object | None, path: FieldPath) -> Errors:
    seen: set[str] = set()
    mirror = MIRROR_POD in ((meta or EMPTY).get("annotations") or EMPTY)
    for i, claim in enumerate(claims):
        if mirror:
            yield _nowhere(forbidden(path, "static pods do not support resource claims"))
            continue
        here, name = path.index(i), claim.get("name") or ""
        if not name:
            yield required(here.child("name"))
        elif name in seen:
            yield duplicate(here.child("name"), name)
        else:
            yield from each_invalid(here.child("name"), name, is_dns1123_label(name))
            seen.add(name)
        direct, template = claim.get("resourceClaimName"), claim.get("resourceClaimTemplateName")
        if direct is not None and template is not None:
            said = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            yield invalid(here, internal_json("core.PodResourceClaim", claim), said)
        if direct is None and template is None:
            said = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            yield invalid(here, internal_json("core.PodResourceClaim", claim), said)
        for field, given in (("resourceClaimName", direct), ("resourceClaimTemplateName", template)):
            if given is not None:
                yield from each_invalid(here.child(field), given, name_is_dns_subdomain(given, False))


def _nowhere(error: FieldError) -> FieldError:
    """An error about the object as a whole."""
    return replace(error, field=NOWHERE)


def _validate_pod_level_resources(spec: Object, claims: Sequence[str], path: FieldPath, options: PodOptions) -> Errors:
    resources, here = spec["resources"], path.child("resources")
    if (spec.get("os") or EMPTY).get("name") == "windows":
        yield forbidden(here, "may not be set for a windows pod")
        return
    if resources.get("claims") is not None:
        yield forbidden(here.child("claims"), "claims may not be set for Resources at pod-level")
    allow = options.allow_indivisible_huge_pages
    yield from validate_resources(resources, validate_pod_resource_name, claims, here, allow_indivisible=allow)
    requests, limits = resources.get("requests") or EMPTY, resources.get("limits") or EMPTY
    for name, total in aggregate_container_requests(spec).items():
        if name in requests and total > Quantity.parse(requests[name]):
            said = f"must be greater than or equal to aggregate container requests of {total}"
            yield invalid(here.child("requests").key(name), str(Quantity.parse(requests[name])), said)
    for name, total in aggregate_container_limits(spec).items():
        if is_huge_page_resource(name) and name in limits and total > Quantity.parse(limits[name]):
            said = f"must be greater than or equal to aggregate container limits of {total}"
            yield invalid(here.child("limits").key(name), str(Quantity.parse(limits[name])), said)
    for i, container in enumerate(spec.get("containers") or ()):
        for name, amount in ((container.get("resources") or EMPTY).get("limits") or EMPTY).items():
            limit = Quantity.parse(limits[name]) if name in limits else None
            if limit is not None and Quantity.parse(amount) > limit:
                there = here.child("containers").index(i).key(name).child("limits")
                yield invalid(there, str(Quantity.parse(amount)), f"must be less than or equal to pod limits of {limit}")


def _validate_host_network(spec: Object, path: FieldPath, options: PodOptions) -> Errors:
    if not spec.get("hostNetwork"):
        return
    for i, container in enumerate(spec.get("containers") or ()):
        for j, port in enumerate(container.get("ports") or ()):
            host, own = port.get("hostPort") or 0, port.get("containerPort") or 0
            if (options.resource_is_pod or host) and host != own:
                here = path.child("containers").index(i).child("ports").index(j).child("hostPort")
                yield invalid(here, host, "must match `containerPort` when `hostNetwork` is true")


def _validate_dns_config(spec: Object, path: FieldPath, options: PodOptions) -> Errors:
    config = spec.get("dnsConfig")
    if spec.get("dnsPolicy") == "None":
        if config is None:
            yield required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
            return
        if not config.get("nameservers"):
            yield required(path.child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None")
            return
    if config is None:
        return
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    if len(servers) > _MOST_NAMESERVERS:
        yield invalid(path.child("nameservers"), servers, f"must not have more than {_MOST_NAMESERVERS} nameservers")
    for i, server in enumerate(servers):
        yield from is_valid_ip_for_legacy_field(path.child("nameservers").index(i), server, strict=options.strict_addresses)
    here = path.child("searches")
    if len(searches) > _MOST_SEARCHES:
        yield invalid(here, searches, f"must not have more than {_MOST_SEARCHES} search paths")
    if byte_length(" ".join(searches)) > _MOST_SEARCH_CHARACTERS:
        said = f"must not have more than {_MOST_SEARCH_CHARACTERS} characters (including spaces) in the search list"
        yield invalid(here, searches, said)
    rule = is_dns1123_subdomain_with_underscore if options.allow_relaxed_dns_search else is_dns1123_subdomain
    for i, search in enumerate(searches):
        if options.allow_relaxed_dns_search and search == ".":
            continue
        domain = search.removesuffix(".")
        yield from each_invalid(here.index(i), domain, rule(domain))
    for i, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            yield required(path.child("options").index(i), "must not be empty")


def _validate_host_users(spec: Object, path: FieldPath, options: PodOptions) -> Errors:
    if spec.get("hostUsers") is not False:
        return
    if spec.get("hostNetwork") and not options.allow_user_namespaces_with_host_network:
        yield forbidden(path.child("hostNetwork"), _NOT_WITH_USERS)
    for field, name in (("hostPID", "HostPID"), ("hostIPC", "HostIPC")):
        if spec.get(field):
            yield forbidden(path.child(name), _NOT_WITH_USERS)
    if not options.allow_user_namespaces_with_devices:
        for container, here in containers_with_paths(spec, path):
            if container.get("volumeDevices"):
                yield forbidden(here.child("volumeDevices"), _NOT_WITH_USERS)


def _validate_hostname_override(spec: Object, path: FieldPath) -> Errors:
    name = spec.get("hostnameOverride")
    if name is None:
        return
    if spec.get("setHostnameAsFQDN"):
        yield forbidden(path, "may not be specified when setHostnameAsFQDN is true")
    if spec.get("hostNetwork"):
        yield forbidden(path, "may not be specified when hostNetwork is true")
    if byte_length(name) > 64:
        yield too_long(path, name, 64)
    yield from each_invalid(path, name, is_dns1123_subdomain(name))


def _validate_names(spec: Object, path: FieldPath) -> Errors:
    for field in ("serviceAccountName", "nodeName"):
        if name := spec.get(field):
            yield from each_invalid(path.child(field), name, name_is_dns_subdomain(name, False))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= _MOST_DEADLINE:
        yield invalid(path.child("activeDeadlineSeconds"), deadline, range_error(1, _MOST_DEADLINE))
    for field in ("hostname", "subdomain"):
        if name := spec.get(field):
            yield from each_invalid(path.child(field), name, is_dns1123_label(name))


def _validate_the_rest(spec: Object, path: FieldPath, options: PodOptions) -> Errors:
    yield from validate_tolerations(spec.get("tolerations") or (), path.child("tolerations"), options)
    for i, alias in enumerate(spec.get("hostAliases") or ()):
        here = path.child("hostAliases").index(i)
        yield from is_valid_ip_for_legacy_field(here.child("ip"), alias.get("ip") or "", strict=options.strict_addresses)
        for j, name in enumerate(alias.get("hostnames") or ()):
            yield from each_invalid(here.child("hostnames").index(j), name, is_dns1123_subdomain(name))
    if name := spec.get("priorityClassName"):
        yield from each_invalid(path.child("priorityClassName"), name, name_is_dns_subdomain(name, False))
    if (name := spec.get("runtimeClassName")) is not None:
        yield from each_invalid(path.child("runtimeClassName"), name, name_is_dns_subdomain(name, False))
    if (policy := spec.get("preemptionPolicy")) is not None:
        yield from _validate_choice(policy, _PREEMPTION, path.child("preemptionPolicy"))
    if (overhead := spec.get("overhead")) is not None:
        allow = options.allow_indivisible_huge_pages
        yield from validate_container_resources({"limits": overhead}, (), path.child("overhead"), allow_indivisible=allow)
    if (os := spec.get("os")) is not None:
        yield from _validate_os(spec, os.get("name") or "", path)
    if (group := spec.get("schedulingGroup")) is not None:
        here, name = path.child("schedulingGroup", "podGroupName"), group.get("podGroupName")
        if name is None:
            yield invalid(here, None, "must specify one of: `podGroupName`")
        else:
            yield from each_invalid(here, name, name_is_dns_subdomain(name, False))


def _validate_os(spec: Object, name: str, path: FieldPath) -> Errors:
    match name:
        case "linux":
            yield from validate_linux_pod(spec, path)
        case "windows":
            yield from validate_windows_pod(spec, path)
        case "":
            yield required(path.child("os", "name"))
        case _:
            yield not_supported(path.child("os"), name, ("linux", "windows"))


def _validate_file_key_volumes(spec: Object, path: FieldPath) -> Errors:
    volumes = {v.get("name") or "": v for v in spec.get("volumes") or ()}
    for container, here in containers_with_paths(spec, path):
        for i, variable in enumerate(container.get("env") or ()):
            key = (variable.get("valueFrom") or EMPTY).get("fileKeyRef")
            if key is None:
                continue
            there, name = here.child("env").index(i).child("valueFrom", "fileKeyRef", "volumeName"), key.get("volumeName") or ""
            if name not in volumes:
                yield not_found(there, name)
            elif volumes[name].get("emptyDir") is None:
                yield invalid(there, name, "referenced volume must be of type emptyDir")
