"""From CustomResourceDefinitions to the kinds they serve, and from what users send to custom resources.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.customresources.embedded import coerce, read_metadata
from kplan.apiserver.customresources.pruning import drop_nulls, prune
from kplan.apiserver.customresources.strategies import CustomKind
from kplan.apiserver.customresources.versions import is_served, version_order
from kplan.apiserver.field import ROOT
from kplan.apiserver.outcome import Status, bad_request
from kplan.apiserver.strategy import Draft, Strategy
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, Path, group_kind

_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class CustomStrategy(Strategy):
    """The strategy of a version of a custom kind, which knows the schema."""

    served: CustomKind | None = None


def served_kinds(crds: Iterable[Object]) -> Iterator[tuple[KindInfo, Strategy]]:
    """Every version of every custom kind that is served; of each kind the storage version first."""
    for crd in crds:
        if not is_served(crd):
            continue
        versions = sorted(crd["spec"].get("versions") or (), key=lambda v: version_order(v["name"]), reverse=True)
        for version in sorted(versions, key=lambda v: not v.get("storage")):
            if version.get("served"):
                yield _kind_info(crd, version), strategy_for_custom(crd, version["name"])


def _kind_info(crd: Object, version: Mapping[str, Any]) -> KindInfo:
    spec, names = crd["spec"], crd["spec"]["names"]
    return KindInfo(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        singular=names.get("singular") or names["kind"].lower(),
        short_names=tuple(names.get("shortNames") or ()),
        namespaced=spec["scope"] == "Namespaced",
        verbs=_VERBS,
        categories=tuple(names.get("categories") or ()),
        subresources=tuple(k for k in ("status", "scale") if (version.get("subresources") or {}).get(k) is not None),
        definition="",
    )


def strategy_for_custom(crd: Object, version: str) -> Strategy:
    """What is done for objects of one version of a definition's kind."""
    versions = crd["spec"]["versions"]
    served = CustomKind(crd, next(v for v in versions if v["name"] == version))
    storage = next((v for v in versions if v.get("storage")), None)
    stored = served if storage is None or storage["name"] == version else CustomKind(crd, storage)

    def as_stored(obj: Object) -> Draft:
        return stored.converted(obj)

    def as_served(obj: Object) -> Draft:
        return served.converted(obj)

    return CustomStrategy(
        kind=group_kind(served.api_version, served.kind),
        default=served.default,
        begin=served.begin,
        prepare_for_create=served.prepare_for_create,
        prepare_for_update=served.prepare_for_update,
        validate=served.validate,
        validate_update=served.validate_update,
        warnings=served.warnings,
        has_status=served.has_status,
        generation_fields=(),
        as_stored=None if stored is served else as_stored,
        as_served=None if stored is served else as_served,
        served=served,
    )


def read_anew(crd: Object, objects: Iterable[Object]) -> Iterator[Object]:
    """Those custom resources that the schema they are kept by makes other than they are: pruned, defaulted, of its version.

    The server does that whenever it reads one; nothing is written.
    """
    storage = next((v for v in crd["spec"].get("versions") or () if v.get("storage")), None)
    if storage is None:
        return
    kind = CustomKind(crd, storage)
    for obj in objects:
        read = kind.converted(obj)
        if read != obj:
            yield read


def decode_custom(
    obj: Object, info: KindInfo, strategy: Strategy, *, mode: str = "Strict", duplicates: Iterable[Path] = ()
) -> tuple[Draft, Status | None, tuple[str, ...]]:
    """A custom resource as the server understands it, or the error; and warnings (``mode`` Warn)."""
    assert isinstance(strategy, CustomStrategy) and strategy.served is not None
    kind = strategy.served
    draft: Draft = _numbers_as_go_has_them(obj)
    strict = [f'duplicate field "{_shown(path)}"' for path in duplicates]
    has_metadata = "metadata" in draft
    metadata, why, unknown = read_metadata(draft.get("metadata"), ("metadata",))
    strict.extend(unknown)
    if not why:
        draft["metadata"] = {}
        if kind.prunes:
            strict.extend(f'unknown field "{path}"' for path in prune(draft, kind.schema, root=True))
            drop_nulls(draft, kind.schema)
        inside: list[str] = []
        error = coerce(draft, kind.schema, ROOT, inside)
        why = "" if error is None else str(error)
        strict.extend(sorted(inside))
    if why:
        return {}, _refused(info, why), ()
    if strict and mode == "Strict":
        return {}, _refused(info, "strict decoding error: " + ", ".join(strict)), ()
    draft["apiVersion"], draft["kind"] = info.api_version, info.kind
    draft["metadata"] = metadata if has_metadata else {}
    return draft, None, tuple(strict) if mode == "Warn" else ()


def _refused(info: KindInfo, why: str) -> Status:
    return bad_request(f'{info.kind} in version "{info.version}" cannot be handled as a {info.kind}: {why}')


def _shown(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _numbers_as_go_has_them(value: Any) -> Any:
    """A private copy; whole numbers that 64 bits cannot hold become floats."""
    match value:
        case Mapping():
            return {k: _numbers_as_go_has_them(v) for k, v in value.items()}
        case list():
            return [_numbers_as_go_has_them(v) for v in value]
        case int() if not -_INT64 <= value < _INT64:
            return float(value)
        case _:
            return value
