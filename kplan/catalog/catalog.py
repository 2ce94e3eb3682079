"""What one Kubernetes minor serves: kinds, definitions, feature gates, lifecycles.

>>> catalog = Catalog.at("1.36")
>>> catalog.resource("deploy").api_version
'apps/v1'
>>> catalog.definition(catalog.kind("v1", "Service").definition).fields["spec"].ref
'io.k8s.api.core.v1.ServiceSpec'

This is the only place that compares versions; behaviour asks ``catalog.gates.on(...)``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import orjson

from kplan.catalog.definitions import Definition, Definitions
from kplan.catalog.gates import Gates
from kplan.catalog.gostructs import GoField, GoStructs
from kplan.catalog.kinds import KindInfo, by_word, kind_info
from kplan.catalog.lifecycle import Lifecycle, lifecycle_of, order

DEFAULT = "1.36"
"""The minor kplan models; what is asked for when nobody says otherwise."""

_VERSION = re.compile(r"v?(1\.\d+)(\.\d+)?([-+].*)?")


class UnknownVersion(ValueError):
    """A Kubernetes version the catalog does not have."""

    def __init__(self, asked: str) -> None:
        super().__init__(f"unknown Kubernetes version {asked!r}; known are {', '.join(known_minors())}")
        self.asked = asked


class Catalog:
    """A frozen value; get it with :meth:`at`. Everything is read when it is first asked for."""

    def __init__(self, minor: str, directory: Path) -> None:
        self.minor = minor
        """``1.36``."""
        self._directory = directory

    @staticmethod
    def at(version: str = DEFAULT) -> Catalog:
        """The catalog of a version: ``1.36``, ``v1.36``, ``1.36.2``, or ``latest``, the newest there is.

        Raises: UnknownVersion, which lists the known ones.
        """
        return _catalog(_minor(version))

    def __repr__(self) -> str:
        return f"Catalog.at({self.minor!r})"

    @cached_property
    def gates(self) -> Gates:
        """The feature gates at their defaults."""
        return Gates(self._read("gates.json"))

    def kinds(self) -> tuple[KindInfo, ...]:
        """The served kinds in discovery's order: the preferred version of a group first."""
        return self._kinds

    def kind(self, api_version: str, kind: str) -> KindInfo | None:
        """The served kind of that version; None where this minor does not serve it."""
        return self._by_version.get((api_version, kind))

    def resource(self, word: str) -> KindInfo | None:
        """The kind kubectl understands by a word: plural, singular, short name, Kind; ``deployments.v1.apps`` too."""
        return self._by_word.get(word.lower())

    def storage_kind(self, group_kind: str) -> KindInfo | None:
        """The version an object of a kind is kept in: of ``Deployment.apps`` that of ``apps/v1``."""
        return self._by_group_kind.get(group_kind)

    def definition(self, name: str) -> Definition:
        """The definition of that full name, as :attr:`Schema.ref` and :attr:`KindInfo.definition` have it.

        Raises: KeyError where there is none.
        """
        return self._definitions[name]

    def definition_names(self) -> tuple[str, ...]:
        """The names of all definitions."""
        return self._definitions.names()

    def lifecycle(self, api_version: str, kind: str) -> Lifecycle | None:
        """When an API came, was deprecated and went, seen from this minor; also of APIs long removed."""
        entry = _lifecycles().get((api_version, kind))
        return lifecycle_of(entry, self.minor) if entry else None

    @cached_property
    def pod_template_go_types(self) -> Mapping[str, list[Mapping[str, Any]]]:
        """The Go structs of a pod template, their fields in order: what a template's hash is computed over."""
        types: Mapping[str, list[Mapping[str, Any]]] = self._read("pod-template-go-types.json")
        return types

    def go_struct(self, name: str) -> tuple[GoField, ...]:
        """The fields of a definition's Go struct in Go's order; empty where it is none."""
        return self._go_structs[name]

    @cached_property
    def _go_structs(self) -> GoStructs:
        return GoStructs((self._directory / "go-types.json").read_bytes())

    @cached_property
    def _kinds(self) -> tuple[KindInfo, ...]:
        return tuple(map(kind_info, self._read("kinds.json")))

    @cached_property
    def _by_version(self) -> dict[tuple[str, str], KindInfo]:
        return {(info.api_version, info.kind): info for info in self._kinds}

    @cached_property
    def _by_word(self) -> dict[str, KindInfo]:
        return by_word(self._kinds)

    @cached_property
    def _by_group_kind(self) -> dict[str, KindInfo]:
        return {info.group_kind: info for info in reversed(self._kinds)}

    @cached_property
    def _definitions(self) -> Definitions:
        return Definitions((self._directory / "definitions.json").read_bytes())

    def _read(self, name: str) -> Any:
        return orjson.loads((self._directory / name).read_bytes())


def known_minors() -> tuple[str, ...]:
    """The minors there are catalogs of, oldest first."""
    return tuple(sorted((entry.name for entry in _schemas().iterdir() if _VERSION.fullmatch(entry.name)), key=order))


def _minor(version: str) -> str:
    if version.strip().lower() == "latest":
        return known_minors()[-1]
    match = _VERSION.fullmatch(version.strip())
    if match is None or match.group(1) not in known_minors():
        raise UnknownVersion(version)
    return match.group(1)


@cache
def _catalog(minor: str) -> Catalog:
    return Catalog(minor, _schemas() / minor)


@cache
def _schemas() -> Path:
    """Where the schemas lie: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "schemas"
    return installed if installed.is_dir() else package.parent / "schemas"


@cache
def _lifecycles() -> dict[tuple[str, str], dict[str, str]]:
    entries = orjson.loads((_schemas() / "lifecycle.json").read_bytes())
    return {(f"{e['group']}/{e['version']}".lstrip("/"), e["kind"]): e for e in entries}
