"""Whether a container that exits is started again: its own rules first, then its own policy, then the pod's.

Mirrors: pkg/api/v1/pod/util.go (ContainerShouldRestart, FindMatchingContainerRestartRule, AllContainersCouldRestart) (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WHOLE = "RestartAllContainers"
_ACTIONS = ("Restart", _WHOLE)


def is_sidecar(container: Mapping[str, Any]) -> bool:
    """Whether an init container keeps running beside what comes after it."""
    return container.get("restartPolicy") == "Always"


def starts_again(container: Mapping[str, Any], spec: Mapping[str, Any], exit_code: int) -> bool:
    """Whether the container of a pod's spec is started again after it exited with a code."""
    own = container.get("restartPolicy")
    if own and any(_is_for(rule, exit_code) for rule in container.get("restartPolicyRules") or ()):
        return True
    policy = own or spec.get("restartPolicy") or "Always"
    return bool(policy == "Always" or (policy == "OnFailure" and exit_code != 0))


def may_restart_as_a_whole(spec: Mapping[str, Any]) -> bool:
    """Whether the end of some container may have all of the pod restarted."""
    rules = (r for field in ("initContainers", "containers") for c in spec.get(field) or () for r in c.get("restartPolicyRules") or ())
    return any(rule.get("action") == _WHOLE for rule in rules)


def _is_for(rule: Mapping[str, Any], exit_code: int) -> bool:
    codes = rule.get("exitCodes")
    if not codes or rule.get("action") not in _ACTIONS:
        return False
    return bool((exit_code in (codes.get("values") or ())) == (codes.get("operator") == "In"))
