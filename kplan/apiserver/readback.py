"""What a cluster holds already, as the API server reads it back from where it is kept: of the right types, and defaulted.

A dump that a server printed is all that, and is only looked at; where it is older than a default, that is filled in.  An
object without a uid, or without a field that its kind requires, was written by hand: it is decoded, defaulted, brought to
the version its kind is kept in, and judged as if it came today.

Mirrors: staging/src/k8s.io/apiserver/pkg/storage/etcd3: what is read is decoded and defaulted (1.36)
Differs: nothing is judged there; here it is, for what no server could hold would let controllers run wild.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kplan.apiserver.conversion import convert
from kplan.apiserver.decoding import decode, drop_empty
from kplan.apiserver.field import SPEC, ErrorType, FieldError
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext, strategy_for
from kplan.catalog.catalog import Catalog
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, Path, Ref, ref_of, thaw
from kplan.store.store import Store
from kplan.validate.schema import checker

_LABELS = SPEC.child("template").child("metadata").child("labels")


class NotStored(ValueError):
    """An object that no server can hold: which, where in it, and why."""

    def __init__(self, ref: Ref, path: Path, why: str) -> None:
        super().__init__(f"{ref}: {why}")
        self.ref, self.path = ref, path


def read_back(objects: Iterable[Object], catalog: Catalog, *, by_hand: Callable[[Object], bool]) -> Iterator[Object]:
    """The objects as they are kept.

    Raises: NotStored at the first that no server can hold.
    """
    reader = _Reader(catalog, by_hand)
    for obj in objects:
        yield reader.read(obj)


class _Reader:
    def __init__(self, catalog: Catalog, by_hand: Callable[[Object], bool]) -> None:
        self.catalog, self.by_hand = catalog, by_hand
        self.context = StrategyContext(catalog.gates, Store())
        self.whole_templates: dict[int, Object] = {}
        """Templates that are known to be defaulted, by their identity: copies of one share it."""
        self.always: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def read(self, obj: Object) -> Object:
        info = self.catalog.kind(obj["apiVersion"], obj["kind"])
        if info is None or not info.definition:
            return obj
        found = [v for v in checker(self.catalog).check(obj, info.definition) if v.rule in ("type", "required")]
        kept = self.catalog.storage_kind(info.group_kind) or info
        strategy = strategy_for(info.group_kind)
        if not found and kept.api_version == info.api_version and not self.by_hand(obj) and self._is_whole(obj, info, strategy):
            return obj
        for violation in found:
            if violation.rule == "type" and not violation.message.startswith("got null"):
                raise NotStored(ref_of(obj), violation.path, f"{_shown(violation.path)}: {violation.message}")
        is_judged = self.by_hand(obj) or any(violation.rule == "required" for violation in found)
        return self._take_in(obj, info, kept, strategy, is_judged)

    def _is_whole(self, obj: Object, info: KindInfo, strategy: Strategy) -> bool:
        """Whether an object has what defaulting always sets."""
        if info.group_kind not in self.always:
            self.always[info.group_kind] = self._always_set(info, strategy)
        outside, inside = self.always[info.group_kind]
        spec = obj.get("spec") or {}
        if not (all(name in obj for name in outside) and all(name in spec for name in inside)):
            return False
        return "template" not in spec or self._is_whole_workload(obj, strategy)

    def _is_whole_workload(self, obj: Object, strategy: Strategy) -> bool:
        """Whether defaulting leaves a workload as it is: its controller would take a default for a new template."""
        spec = obj["spec"]
        template = spec["template"]
        draft = thaw({**obj, "spec": {**spec, "template": {}}})
        draft["spec"]["template"] = template if id(template) in self.whole_templates else thaw(template)
        strategy.default(draft, self.context)
        if draft["spec"] != spec:
            return False
        self.whole_templates[id(template)] = template
        return True

    def _always_set(self, info: KindInfo, strategy: Strategy) -> tuple[tuple[str, ...], tuple[str, ...]]:
        bare: Draft = {"apiVersion": info.api_version, "kind": info.kind, "metadata": {"name": "x"}}
        if "spec" in self.catalog.definition(info.definition).fields:
            bare["spec"] = {}
        known = set(bare)
        strategy.default(bare, self.context)
        return tuple(k for k in bare if k not in known or k == "spec"), tuple(bare.get("spec") or ())

    def _take_in(self, obj: Object, info: KindInfo, kept: KindInfo, strategy: Strategy, is_judged: bool) -> Object:
        draft, error, _ = decode(obj, info, self.catalog, mode="Ignore")
        if error is not None:
            raise NotStored(ref_of(obj), (), error.message)
        if kept.api_version != info.api_version:
            draft = convert(draft, kept)
        strategy.default(draft, self.context)
        for wrong in strategy.validate(draft, self.context) if is_judged else ():
            if _is_fatal(wrong):
                raise NotStored(ref_of(obj), wrong.field.steps, str(wrong))
        drop_empty(draft, kept, self.catalog)
        return draft


def _is_fatal(error: FieldError) -> bool:
    """Whether controllers could not live with it. Other rules may not have been there when the object came."""
    return error.type in (ErrorType.REQUIRED, ErrorType.NOT_SUPPORTED) or (error.field == _LABELS and "selector" in error.detail)


def _shown(path: Path) -> str:
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else str(step)
    return out or "the object"
