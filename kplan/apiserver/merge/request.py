"""A PATCH request's body as a function of the stored object.

Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kplan.apiserver import outcome as answers
from kplan.apiserver.field import ROOT, invalid
from kplan.apiserver.merge.errors import BadPatch
from kplan.apiserver.merge.jsonmerge import apply_merge
from kplan.apiserver.merge.jsonpatch import MOST_OPERATIONS, apply_json_patch
from kplan.apiserver.merge.lookup import PatchSchema
from kplan.apiserver.merge.strategic import apply_strategic
from kplan.apiserver.outcome import Status
from kplan.model.gotext import go_json, go_text, go_type
from kplan.model.objects import Object
from kplan.model.secrets import mask_secret

if TYPE_CHECKING:
    from kplan.catalog.catalog import Catalog
    from kplan.catalog.kinds import KindInfo

STRATEGIC, MERGE, JSON = "strategic", "merge", "json"

MEDIA_TYPES = {
    JSON: "application/json-patch+json",
    MERGE: "application/merge-patch+json",
    STRATEGIC: "application/strategic-merge-patch+json",
}
APPLY_TYPE = "application/apply-patch+yaml"
REJECTED = "the server rejected our request due to an error in our request"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A body that is no JSON, and how Go's decoder words it."""

    why: str


@dataclass(frozen=True, slots=True)
class PatchRequest:
    """A patch of one kind (``strategic``, ``merge``, ``json``) to an object of ``info``, in that version."""

    kind: str
    body: Any
    info: KindInfo
    catalog: Catalog

    def __call__(self, obj: Object) -> Object | Status:
        """The patched object, or why the patch does not apply; the argument is not changed."""
        if self.kind == STRATEGIC and not self.info.definition:
            return unsupported_media_type()
        try:
            patched = self._patched(obj)
        except BadPatch as e:
            return Status(e.code, e.reason, REJECTED if e.code == 422 else e.message)
        if self.kind == STRATEGIC:  # decoded into the type of the request, whatever it says of its own
            patched = {**patched, **{k: obj[k] for k in ("apiVersion", "kind") if k in obj}}
        return self._of_other_kind(patched, obj) or _elsewhere(patched, obj) or patched

    def _patched(self, obj: Object) -> Object:
        if isinstance(self.body, Unreadable):
            raise BadPatch(self.body.why if self.kind == STRATEGIC else f"error decoding patch: {self.body.why}", 400, "BadRequest")
        if self.kind == JSON:
            found: Object = apply_json_patch(obj, self._operations())
            return found
        if not isinstance(self.body, Mapping):
            why = f"json: cannot unmarshal {_json_type(self.body)} into Go value of type map[string]interface {{}}"
            raise BadPatch(f"error decoding patch: {why}" if self.kind == MERGE else why, 400, "BadRequest")
        if self.kind == MERGE:
            return apply_merge(obj, self.body)
        return apply_strategic(obj, self.body, PatchSchema(self.catalog, self.info.definition))

    def _operations(self) -> list[Any]:
        wanted = "[]handlers.jsonPatchOp"
        if not isinstance(self.body, list):
            raise BadPatch(f"error decoding patch: json: cannot unmarshal {_json_type(self.body)} into Go value of type {wanted}", 400, "BadRequest")
        for item in self.body:
            if not isinstance(item, Mapping):
                text = f"error decoding patch: json: cannot unmarshal {_json_type(item)} into Go value of type {wanted[2:]}"
                raise BadPatch(text, 400, "BadRequest")
        if len(self.body) > MOST_OPERATIONS:
            text = f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(self.body)}"
            raise BadPatch(f"Request entity too large: {text}", 413, "RequestEntityTooLarge")
        return self.body

    def _of_other_kind(self, patched: Object, obj: Object) -> Status | None:
        """422: a patch cannot make a built-in object one of another kind or version."""
        version, kind = str(patched.get("apiVersion") or ""), str(patched.get("kind") or "")
        if not self.info.definition or (version, kind) == (obj.get("apiVersion"), obj.get("kind")):
            return None
        known = self.catalog.kind(version, kind)
        if known is None:
            return self.undecodable(patched, f'no kind "{kind}" is registered for version "{version}" in scheme "pkg/api/legacyscheme/scheme.go:30"')
        internal = self.info.group.partition(".")[0] or "core"
        return self.undecodable(patched, f"converting ({known.version}.{kind}) to ({internal}.{self.info.kind}): unknown conversion")

    def undecodable(self, patched: Object, why: str) -> Status:
        """422: what the patch made cannot be decoded; the message quotes the patch, or what it made of the object."""
        strategic = self.kind == STRATEGIC
        body = self.body
        if self.info.group_kind == "Secret":
            body, patched = mask_secret(body) if strategic else body, mask_secret(patched)
        shown = go_text(body) if strategic else go_json(patched) + "\n"
        return answers.invalid_status("", "", [invalid(ROOT.child("patch"), shown, _restoring(why) if strategic else why)])


_UNMARSHAL = re.compile(r"json: cannot unmarshal (\w+)(?: (\S+))? into Go (?:struct field \S+|value) of type (.+)")
_KINDS = {"object": "map", "array": "slice", "bool": "bool", "string": "string"}
_SIMPLE = frozenset(("string", "bool", "int32", "int64", "float64"))


def _restoring(why: str) -> str:
    """Why a map cannot be made the object it stands for; JSON's decoder says so in other words.

    Mirrors: staging/src/k8s.io/apimachinery/pkg/runtime/converter.go: fromUnstructured (1.36)
    """
    found = _UNMARSHAL.fullmatch(why)
    if found is None:
        return why
    given, number, wanted = found.groups()
    given = _KINDS.get(given) or ("float64" if number and "." in number else "int64")
    if wanted.startswith("map["):
        return f"cannot restore map from {given}"
    if wanted.startswith("[]"):
        return f"cannot restore slice from {given}"
    name = wanted.rpartition(".")[2]
    named_text = wanted not in _SIMPLE and given != "string" and wanted.partition(".")[2] == name
    if wanted not in _SIMPLE and given == "string":
        return f"cannot restore struct from: {given}"
    if given in ("int64", "float64") and wanted not in ("bool",):
        return f"cannot convert {given} to {wanted}"
    return f"unrecognized type: {'string' if named_text else wanted}"


def _elsewhere(patched: Object, obj: Object) -> Status | None:
    """400: an object is not moved by patching its name or namespace."""
    meta, old = patched.get("metadata"), obj["metadata"]
    if not isinstance(meta, Mapping):
        return None
    namespace, place = meta.get("namespace") or "", old.get("namespace") or ""
    if namespace and place and namespace != place:
        return Status(400, "BadRequest", "the namespace of the provided object does not match the namespace sent on the request")
    name = meta.get("name") or ""
    if not name:
        return Status(400, "BadRequest", f"the name of the object ({old['name']} based on URL) was undeterminable: name must be provided")
    if name != old["name"]:
        return Status(400, "BadRequest", f"the name of the object ({name}) does not match the name on the URL ({old['name']})")
    return None


def unsupported_media_type() -> Status:
    """415: custom resources know no strategic merge."""
    accepted = ", ".join((MEDIA_TYPES[JSON], MEDIA_TYPES[MERGE], APPLY_TYPE))
    said = f"the body of the request was in an unknown format - accepted media types include: {accepted}"
    return Status(415, "UnsupportedMediaType", said)


def _json_type(value: Any) -> str:
    names = {"string": "string", "bool": "bool", "int64": "number", "float64": "number", "[]interface {}": "array"}
    return names.get(go_type(value), "object")
