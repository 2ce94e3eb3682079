"""What kubelets refuse is judged in ``tests/cases/settled/kubelet-admission.yaml``; here what others would be quicker to end."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.kubelet.admission import refusal
from kplan.store.store import Store

NODE: dict[str, Any] = {"metadata": {"name": "n1"}, "spec": {"taints": [{"key": "gone", "effect": "NoExecute"}]}}
WORDS = "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"


@pytest.mark.parametrize(
    ("tolerations", "words"),
    [
        ([], WORDS),
        ([{"key": "gone", "operator": "Exists", "effect": "NoSchedule"}], WORDS),
        ([{"key": "gone", "operator": "Exists"}], None),
        ([{"key": "gone", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}], None),
    ],
)
def test_a_taint_that_evicts_keeps_out(tolerations: list[dict[str, Any]], words: str | None) -> None:
    pod = {"metadata": {"name": "a", "namespace": "default", "uid": "u"}, "spec": {"nodeName": "n1", "tolerations": tolerations}}
    why = refusal(Store(), NODE, pod)
    assert (why and why.message) == words
