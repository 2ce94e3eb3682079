"""Checks the expressions of every ValidatingAdmissionPolicy against the types of what it matches.

Mirrors: pkg/controller/validatingadmissionpolicystatus/controller.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.policies.schemas import Types
from kplan.apiserver.policies.typechecking import expression_warnings
from kplan.catalog.catalog import Catalog
from kplan.engine.contract import Context, Key, Noop, Steps, Update, Watch, own_key
from kplan.model.objects import EMPTY, Ref
from kplan.store.view import View

KIND = "ValidatingAdmissionPolicy.admissionregistration.k8s.io"
_DEFINITION = "CustomResourceDefinition.apiextensions.k8s.io"


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
        types = Types(Catalog.at(ctx.minor), view.objects(_DEFINITION))
        warnings = expression_warnings(policy, types)
        checked = {"expressionWarnings": warnings} if warnings else {}
        status = {**status, "observedGeneration": generation, "typeChecking": checked}
        yield Update({**policy, "status": status}, because="type-checked", subresource="status")


CONTROLLER = PolicyStatus
