"""An Ingress that names no class gets the default one.

Mirrors: plugin/pkg/admission/network/defaultingressclass/admission.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.admission.contract import CREATE, AdmissionContext, Attributes, Plugin
from kplan.apiserver.outcome import Status
from kplan.model.defaults import INGRESS_DEFAULT, default_class
from kplan.model.objects import annotations_of, name_of

LEGACY = "kubernetes.io/ingress.class"


def admit(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Set the class."""
    ingress = attributes.object
    assert ingress is not None
    spec = ingress.setdefault("spec", {})
    if LEGACY in annotations_of(ingress) or spec.get("ingressClassName") is not None:
        return None
    found = default_class(context.view.objects("IngressClass.networking.k8s.io"), INGRESS_DEFAULT)
    if found is not None:
        spec["ingressClassName"] = name_of(found)
    return None


PLUGIN = Plugin("DefaultIngressClass", frozenset((CREATE,)), frozenset(("Ingress.networking.k8s.io",)), admit=admit)
