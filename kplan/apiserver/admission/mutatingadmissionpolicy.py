"""MutatingAdmissionPolicies change objects.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/mutating/plugin.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.admission.contract import CONNECT, CREATE, UPDATE, AdmissionContext, Attributes, Plugin
from kplan.apiserver.outcome import Status
from kplan.apiserver.policies.matching import EXEMPT, SUBRESOURCES

KIND = "MutatingAdmissionPolicy"


def admit(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Let every policy change the object."""
    if attributes.kind in EXEMPT or not context.view.objects(f"{KIND}.admissionregistration.k8s.io"):
        return None
    from kplan.apiserver.policies.hooks import hooks
    from kplan.apiserver.policies.mutating import MutatingPolicy, Mutations, Passes

    passes: Passes = context.notes.setdefault(KIND, Passes())
    return Mutations(attributes, context, passes).run(hooks(KIND, context, MutatingPolicy))


PLUGIN = Plugin(KIND, frozenset((CREATE, UPDATE, CONNECT)), subresources=SUBRESOURCES, admit=admit)
