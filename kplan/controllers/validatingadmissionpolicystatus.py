"""Says of every ValidatingAdmissionPolicy that its expressions have been looked at.

Mirrors: pkg/controller/validatingadmissionpolicystatus/controller.go (1.36)
Differs: expressions are not checked against the types of what the policy matches, so there are never warnings.
"""

from __future__ import annotations

from kplan.engine.contract import Context, Key, Noop, Steps, Update, Watch, own_key
from kplan.model.objects import EMPTY, Ref
from kplan.store.view import View

KIND = "ValidatingAdmissionPolicy.admissionregistration.k8s.io"


class PolicyStatus:
    """The key is a policy."""

    name = "validatingadmissionpolicy-status-controller"
    priority = 0
    watches = (Watch(KIND, own_key, "its own spec"),)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Catch up with the policy's generation."""
        assert isinstance(key, Ref)
        policy = view.get(key)
        if policy is None:
            return
        generation, status = policy["metadata"].get("generation") or 0, policy.get("status") or EMPTY
        if generation <= (status.get("observedGeneration") or 0):
            yield Noop("generation-was-observed")
            return
        yield Update({**policy, "status": {**status, "observedGeneration": generation, "typeChecking": {}}}, because="type-checked", subresource="status")


CONTROLLER = PolicyStatus
