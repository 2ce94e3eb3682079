"""How long a pod that is being deleted counts against quotas."""

from __future__ import annotations

import pytest

from kplan.apiserver.quota.pods import pod_usage
from kplan.model.instants import read_instant


@pytest.mark.parametrize(
    ("now", "counted"),
    [("2026-01-01T00:00:20Z", True), ("2026-01-01T00:00:30Z", True), ("2026-01-01T00:00:31Z", False)],
)
def test_a_pod_counts_until_its_grace_is_over(now: str, counted: bool) -> None:
    pod = {
        "metadata": {"name": "p", "deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}]},
        "status": {"phase": "Running", "reason": "NodeLost"},
    }
    at = read_instant(now)
    assert at is not None
    usage = {name: str(amount) for name, amount in pod_usage(pod, at).items()}
    assert usage == ({"count/pods": "1", "pods": "1", "cpu": "1", "requests.cpu": "1"} if counted else {"count/pods": "1"})
