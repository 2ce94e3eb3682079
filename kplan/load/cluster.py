"""The cluster to plan against: a dump that ``kubectl get … -o json|yaml`` printed, a directory of them, or a profile.

A dump is taken as it is: what it does not hold does not exist. Only what every stored object has is filled in where a
hand-written cluster leaves it out: a namespace, a uid and a resourceVersion.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from kplan.catalog.catalog import Catalog
from kplan.load.documents import Loaded
from kplan.load.dump import NotStreamable, stream_items
from kplan.load.files import PathError, decode, find_files, read_file
from kplan.load.identity import made_up_uid
from kplan.load.profiles import PROFILES, profile
from kplan.load.sharing import Sharing, collection_paused
from kplan.load.sources import load_sources
from kplan.load.stream import read_stream
from kplan.model.diagnostics import Location, Severity
from kplan.model.objects import Object, Path, Ref, ref_of

DEFAULT_CLUSTER = "profile:kind"
_STREAM_FROM = 4 * 1024 * 1024


class ClusterError(Exception):
    """What was named is no cluster; the message is one line and says where."""


def load_cluster(spec: str = DEFAULT_CLUSTER, version: str = "1.36") -> list[Object]:
    """The objects of a cluster: a file, a directory, ``-`` (standard input) or ``profile:NAME``.

    Raises: ClusterError where it is none of these.
    """
    if is_profile(spec):
        name = spec.removeprefix("profile:")
        if name not in PROFILES:
            raise ClusterError(f'no profile "{name}": there are {", ".join(PROFILES)}')
        return profile(name, version)
    with collection_paused():
        objects = _load_path(spec)
    if not objects and not _is_empty_list(spec):
        raise ClusterError(f"{spec}: holds no Kubernetes objects, so it is no cluster")
    return _complete(objects, Catalog.at(version))


def is_profile(spec: str) -> bool:
    """Whether a cluster is one of those that come with kplan."""
    return spec.startswith("profile:") or (spec in PROFILES and not os.path.exists(spec))


def _load_path(spec: str) -> list[dict[str, Any]]:
    sharing = Sharing()
    if spec == "-":
        return _take(load_sources(["-"], tell_duplicates=False), spec, sharing)
    try:
        paths = [found.path for found in find_files(spec, recursive=True)]
    except PathError as error:
        raise ClusterError(str(error)) from None
    objects: list[dict[str, Any]] = []
    for path in paths:
        objects += _stream(path, sharing) or _take(load_sources([path], tell_duplicates=False), spec, sharing)
    return objects


def _stream(path: str, sharing: Sharing) -> list[dict[str, Any]]:
    """A large JSON dump's objects; none where it has to be read as a whole."""
    try:
        if os.path.getsize(path) < _STREAM_FROM:
            return []
        with open(path, "rb") as file:
            items = stream_items(file, sharing.object)
    except (OSError, NotStreamable):
        return []
    return items if all(item.get("kind") and isinstance(item.get("metadata"), dict) for item in items) else []


def _take(loaded: Loaded, spec: str, sharing: Sharing) -> list[dict[str, Any]]:
    wrong = next((d for d in loaded.diagnostics if d.severity is Severity.ERROR), None)
    if wrong is not None:
        where = f"{wrong.at}: " if wrong.at else ""
        raise ClusterError(f"{where}{wrong.message.splitlines()[0]} (not a cluster)")
    objects = [dict(document.object) for document in loaded.documents]
    for obj, document in zip(objects, loaded.documents, strict=True):
        metadata = obj.get("metadata")
        if not isinstance(metadata, Mapping) or not metadata.get("name"):
            raise ClusterError(f"{document.locate()}: {obj['kind']} without metadata.name (not a cluster)")
    return [sharing.object({k: dict(v) if type(v) is dict else v for k, v in obj.items()}) for obj in objects]


def find_in_cluster(spec: str, ref: Ref, path: Path) -> Location | None:
    """Where a field of an object of a cluster stands; None where that cannot be told."""
    if spec == "-" or not os.path.exists(spec):
        return None
    for document in load_sources([spec], recursive=True, tell_duplicates=False).documents:
        obj = document.object
        if ref_of({**obj, "metadata": {"namespace": ref.namespace, **(obj.get("metadata") or {})}}) == ref:
            return document.locate(path)
    return None


def _is_empty_list(path: str) -> bool:
    """Whether a file holds lists without items: an empty cluster is one, too."""
    if not os.path.isfile(path):
        return False
    values = [reading.value for reading in read_stream(decode(read_file(path)))]
    return any(isinstance(value, Mapping) and value.get("items") == [] for value in values)


def _complete(objects: Iterable[dict[str, Any]], catalog: Catalog) -> list[Object]:
    namespaced: dict[tuple[str, str], bool] = {}
    complete: list[Object] = []
    for obj in objects:
        key = obj["apiVersion"], obj["kind"]
        if key not in namespaced:
            kind = catalog.kind(*key)
            namespaced[key] = kind is not None and kind.namespaced
        metadata = obj["metadata"]
        if namespaced[key] and not metadata.get("namespace"):
            metadata["namespace"] = "default"
        if not metadata.get("uid"):
            metadata["uid"] = made_up_uid(*key, metadata.get("namespace", ""), metadata["name"])
        if not metadata.get("resourceVersion"):
            metadata["resourceVersion"] = "1"
        complete.append(obj)
    return complete
