"""An object as it would be after ``kubectl apply`` of a manifest to it: what was applied last, what is wanted, what is there.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/apply/patcher.go (1.36)
"""

from __future__ import annotations

import json
from collections.abc import Callable

from kplan.apiserver.conversion import convert
from kplan.apiserver.merge.errors import BadPatch
from kplan.apiserver.merge.jsonmerge import create_three_way_merge
from kplan.apiserver.merge.lookup import PatchSchema
from kplan.apiserver.merge.request import MERGE, STRATEGIC, PatchRequest
from kplan.apiserver.merge.strategicdiff import create_three_way_patch
from kplan.apiserver.outcome import Status, bad_request
from kplan.catalog.catalog import Catalog
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, annotations_of

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def applying(wanted: Object, info: KindInfo, catalog: Catalog) -> Callable[[Object], Object | Status]:
    """The change of a stored object that applying a manifest of ``info`` makes; custom resources know no strategic merge."""

    def change(stored: Object) -> Object | Status:
        live = stored if stored.get("apiVersion") == info.api_version else convert(stored, info)
        try:
            before = json.loads(annotations_of(live).get(LAST_APPLIED) or "{}")
            if info.definition:
                body = create_three_way_patch(before, wanted, live, PatchSchema(catalog, info.definition))
            else:
                body = create_three_way_merge(before, wanted, live)
        except (BadPatch, ValueError) as problem:
            return bad_request(problem.message if isinstance(problem, BadPatch) else "invalid JSON document")
        return PatchRequest(STRATEGIC if info.definition else MERGE, body, info, catalog)(live)

    return change
