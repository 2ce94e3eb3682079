"""The objects of a request as expressions see them: as the server writes them, in the version a policy matches.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/conversion.go (NewVersionedAttributes) (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.admission.contract import AdmissionContext, Attributes
from kplan.apiserver.conversion import convert
from kplan.apiserver.decoding import write_nulls
from kplan.apiserver.policies.authorization import Authorizer
from kplan.apiserver.policies.requests import namespace_of, request_of, user_of
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object


def seen(obj: Object | None, info: KindInfo, context: AdmissionContext) -> Object | None:
    """An object as expressions see it."""
    if obj is None:
        return None
    if obj["apiVersion"] != info.api_version:
        obj = convert(obj, info)
    return write_nulls(obj, info, context.catalog) if info.definition else obj


def bindings_of(attributes: Attributes, context: AdmissionContext, matched: KindInfo, params: Object | None) -> Mapping[str, Any]:
    """The variables of all expressions of a policy."""
    authorizer = Authorizer(context.view, user_of(attributes.user))
    return {
        "object": seen(attributes.object, matched, context),
        "oldObject": seen(attributes.old, matched, context),
        "params": params,
        "request": request_of(attributes, context, matched),
        "namespaceObject": namespace_of(attributes, context),
        "authorizer": authorizer,
        "authorizer.requestResource": authorizer.request_resource(attributes),
    }
