"""The options for one pod: by the feature gates, and lenient about what the stored pod already has.

Mirrors: pkg/api/pod/util.go (GetValidationOptionsFromPodSpecAndMeta) (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.apiserver.field import ROOT
from kplan.apiserver.rules.nodeselectors import has_invalid_label_value as has_invalid_node_terms
from kplan.apiserver.rules.podoptions import PodOptions, containers_of, deletion_cost_is_valid
from kplan.apiserver.rules.podresources import (
    is_huge_page_value_divisible,
    is_restartable_init_container,
)
from kplan.apiserver.rules.podscheduling import validate_label_keys, validate_spread_label_keys
from kplan.apiserver.rules.podvolumes import validate_local_non_reserved_path
from kplan.apiserver.rules.resourcenames import is_huge_page_resource
from kplan.apiserver.rules.securitycontexts import host_sysctl_error
from kplan.apiserver.rules.selectors import has_invalid_label_value, validate_label_selector
from kplan.catalog.gates import Gates
from kplan.model.objects import EMPTY, Object, get_in


def pod_options(
    gates: Gates, old: Object | None = None, old_meta: Object | None = None, *, resource_is_pod: bool = False
) -> PodOptions:
    """The options for a pod spec; ``old`` is the stored spec on update."""
    before = old or EMPTY

    def either(gate: str, in_use: bool) -> bool:
        return gates.on(gate) or in_use

    merge = gates.on("MatchLabelKeysInPodTopologySpreadSelectorMerge")
    keys = gates.on("MatchLabelKeysInPodTopologySpread")
    invalid_cost = not gates.on("PodDeletionCost")
    if old_meta is not None and not invalid_cost:
        invalid_cost = not deletion_cost_is_valid(old_meta.get("annotations") or EMPTY)
    return PodOptions(
        resource_is_pod=resource_is_pod,
        allow_invalid_deletion_cost=invalid_cost,
        allow_invalid_label_values=_affinity_has_invalid_values(before),
        allow_indivisible_huge_pages=_uses_indivisible_huge_pages(before),
        allow_invalid_spread_selector=any(any(validate_label_selector(c.get("labelSelector"), ROOT)) for c in _spreads(before)),
        allow_non_local_token_path=_has_non_local_token_path(before),
        allow_namespaced_sysctls=_has_host_sysctl(before),
        allow_relaxed_env=gates.on("RelaxedEnvironmentVariableValidation"),
        allow_relaxed_dns_search=either("RelaxedDNSSearchValidation", _has_relaxed_search(before)),
        allow_sleep_zero=either("PodLifecycleSleepActionAllowZero", any(s == 0 for s in _sleeps(before))),
        only_recursive_selinux=not gates.on("SELinuxMount")
        and get_in(before, ("securityContext", "seLinuxChangePolicy")) is None,
        pod_level_resources=gates.on("PodLevelResources"),
        allow_sidecar_resize_policy=either("InPlacePodVerticalScaling", _sidecar_resizes(before)),
        allow_invalid_node_affinity=_node_affinity_has_invalid_values(before),
        allow_match_label_keys=keys,
        merge_match_label_keys=merge,
        old_violates_match_label_keys=keys and merge and _violates_keys(before, legacy=False),
        old_violates_legacy_match_label_keys=keys and not merge and _violates_keys(before, legacy=True),
        allow_env_files=either("EnvFiles", any(_file_keys(before))),
        allow_restart_rules=either("ContainerRestartRules", _uses_restart_rules(before)),
        allow_restart_all=either("RestartAllContainersOnContainerExits", _uses_restart_all(before)),
        allow_restart_container_for_init=_init_restarts_on_resize(before),
        allow_user_namespaces_with_devices=before.get("hostUsers") is False
        and any(c.get("volumeDevices") for c in containers_of(before)),
        allow_toleration_comparison=either(
            "TaintTolerationComparisonOperators", any(t.get("operator") in ("Lt", "Gt") for t in before.get("tolerations") or ())
        ),
        allow_user_namespaces_with_host_network=either(
            "UserNamespacesHostNetworkSupport", bool(before.get("hostNetwork")) and before.get("hostUsers") is False
        ),
        strict_addresses=gates.on("StrictIPCIDRValidation"),
        resize_init_containers=gates.on("InPlacePodVerticalScalingInitContainers"),
        resize_pod_level=gates.on("InPlacePodLevelResourcesVerticalScaling"),
    )


def _spreads(spec: Object) -> list[Object]:
    return spec.get("topologySpreadConstraints") or []


def _violates_keys(spec: Object, *, legacy: bool) -> bool:
    rule = validate_spread_label_keys if legacy else validate_label_keys
    return any(any(rule(c, ROOT)) for c in _spreads(spec))


def _affinity_terms(spec: Object) -> Iterator[Object]:
    for kind in ("podAffinity", "podAntiAffinity"):
        affinity = get_in(spec, ("affinity", kind), EMPTY)
        yield from affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        for weighted in affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
            yield weighted.get("podAffinityTerm") or EMPTY


def _affinity_has_invalid_values(spec: Object) -> bool:
    return any(has_invalid_label_value(term.get("labelSelector")) for term in _affinity_terms(spec))


def _node_affinity_has_invalid_values(spec: Object) -> bool:
    path = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    return has_invalid_node_terms(get_in(spec, path, ()))


def _uses_indivisible_huge_pages(spec: Object) -> bool:
    lists: list[Mapping[str, Any]] = [spec.get("overhead") or EMPTY]
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        resources = container.get("resources") or EMPTY
        lists += [resources.get("limits") or EMPTY, resources.get("requests") or EMPTY]
    return any(is_huge_page_resource(n) and not is_huge_page_value_divisible(n, q) for r in lists for n, q in r.items())


def _has_non_local_token_path(spec: Object) -> bool:
    for volume in spec.get("volumes") or ():
        for source in get_in(volume, ("projected", "sources"), ()):
            path = get_in(source, ("serviceAccountToken", "path"))
            if path is not None and any(validate_local_non_reserved_path(path, ROOT)):
                return True
    return False


def _has_host_sysctl(spec: Object) -> bool:
    sysctls = get_in(spec, ("securityContext", "sysctls"), ())
    return any(host_sysctl_error(s.get("name") or "", spec, ROOT) for s in sysctls)


def _has_relaxed_search(spec: Object) -> bool:
    return any(s == "." or "_" in s for s in get_in(spec, ("dnsConfig", "searches"), ()))


def _sleeps(spec: Object) -> Iterator[int]:
    for container in containers_of(spec):
        for moment in ("postStart", "preStop"):
            sleep = get_in(container, ("lifecycle", moment, "sleep"))
            if sleep is not None:
                yield sleep.get("seconds") or 0


def _sidecar_resizes(spec: Object) -> bool:
    return any(is_restartable_init_container(c) and c.get("resizePolicy") for c in spec.get("initContainers") or ())


def _file_keys(spec: Object) -> Iterator[bool]:
    for container in containers_of(spec):
        for variable in container.get("env") or ():
            yield get_in(variable, ("valueFrom", "fileKeyRef")) is not None


def _uses_restart_rules(spec: Object) -> bool:
    if any(c.get("restartPolicyRules") for c in containers_of(spec)):
        return True
    if any(c.get("restartPolicy") is not None for c in spec.get("containers") or ()):
        return True
    return any(c.get("restartPolicy") not in (None, "Always") for c in spec.get("initContainers") or ())


def _uses_restart_all(spec: Object) -> bool:
    sidecars = (c for c in spec.get("initContainers") or () if is_restartable_init_container(c))
    if any(c.get("restartPolicyRules") for c in sidecars):
        return True
    return any(r.get("action") == "RestartAllContainers" for c in containers_of(spec) for r in c.get("restartPolicyRules") or ())


def _init_restarts_on_resize(spec: Object) -> bool:
    return any(
        p.get("restartPolicy") == "RestartContainer"
        for c in spec.get("initContainers") or ()
        if not is_restartable_init_container(c)
        for p in c.get("resizePolicy") or ()
    )
