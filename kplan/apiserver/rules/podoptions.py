"""What the validation of a pod allows: the rules of the feature gates, and what an object already had.

Mirrors: pkg/apis/core/validation/validation.go (PodValidationOptions) (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kplan.apiserver.field import FieldPath
from kplan.model.integers import parse_int
from kplan.model.objects import Object

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True, slots=True)
class PodOptions:
    """Go's PodValidationOptions; the defaults are those of a new object under 1.36's gates."""

    resource_is_pod: bool = False
    allow_invalid_deletion_cost: bool = False
    allow_invalid_label_values: bool = False
    allow_indivisible_huge_pages: bool = False
    allow_invalid_spread_selector: bool = False
    allow_non_local_token_path: bool = False
    allow_namespaced_sysctls: bool = False
    allow_relaxed_env: bool = True
    allow_relaxed_dns_search: bool = True
    allow_sleep_zero: bool = True
    only_recursive_selinux: bool = True
    pod_level_resources: bool = True
    allow_sidecar_resize_policy: bool = True
    allow_invalid_node_affinity: bool = False
    allow_match_label_keys: bool = True
    merge_match_label_keys: bool = True
    old_violates_match_label_keys: bool = False
    old_violates_legacy_match_label_keys: bool = False
    allow_env_files: bool = True
    allow_restart_rules: bool = True
    allow_restart_all: bool = True
    allow_restart_container_for_init: bool = False
    allow_user_namespaces_with_devices: bool = False
    allow_toleration_comparison: bool = False
    allow_user_namespaces_with_host_network: bool = False
    strict_addresses: bool = True
    resize_init_containers: bool = True
    resize_pod_level: bool = True


def containers_of(spec: Object) -> Iterator[Object]:
    """Every container of a pod: init containers, containers, ephemeral ones."""
    for name in CONTAINER_LISTS:
        yield from spec.get(name) or ()


def containers_with_paths(spec: Object, path: FieldPath) -> list[tuple[Object, FieldPath]]:
    """Every container of a pod with its path, in the same order."""
    return [(c, path.child(name).index(i)) for name in CONTAINER_LISTS for i, c in enumerate(spec.get(name) or ())]


def deletion_cost_is_valid(annotations: Mapping[str, str]) -> bool:
    """Whether the deletion cost, if any, is a whole number of 32 bits, without plus sign or leading zeros."""
    value = annotations.get(DELETION_COST)
    if value is None or value == "0":
        return True
    if re.fullmatch("-[0-9]+|[1-9][0-9]*", value, re.ASCII) is None:
        return False
    return parse_int(value, 32) is not None
