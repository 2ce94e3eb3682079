"""Runs the tables in ``tests/cases/admission``, a file a plugin.

A case is one of ``tests/cases/apiserver`` (see ``test_cases.py``) that may also have ``cluster`` (objects that are there
already, as they are stored), ``delete`` (a kind and a name), ``code`` (of the refusal) and ``beside`` (other objects as
they are afterwards).  Of lists, ``stored`` gives every item, of items only what matters.  A file's first document is what
is there in all of its cases.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from kplan.apiserver.admission.contract import plugins
from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.model.names import Names
from kplan.model.objects import Ref
from kplan.store.store import Store
from tests.unit.apiserver.test_cases import WORLD, ask, complete, put_over

TABLES = Path(__file__).parents[2] / "cases" / "admission"
OTHERS = frozenset(("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"))
"""Plugins with tests of their own."""


def cases() -> list[Any]:
    found = []
    for path in sorted(TABLES.glob("*.yaml")):
        world, table = YAML(typ="safe").load_all(path)
        for case in table:
            found.append(pytest.param([*(world or ()), *case.get("cluster", ())], case, id=f"{path.stem}: {case['name']}"))
    return found


def missing(expected: Any, found: Any, at: str = "") -> list[str]:
    """Where what was stored is not what was expected."""
    if isinstance(expected, dict):
        here = found if isinstance(found, dict) else {}
        return [m for k, v in expected.items() for m in missing(v, here.get(k), f"{at}.{k}")]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [m for i, (a, b) in enumerate(zip(expected, found, strict=True)) for m in missing(a, b, f"{at}[{i}]")]
    return [] if expected == found else [f"{at}: {found!r} instead of {expected!r}"]


def test_every_plugin_has_a_table() -> None:
    assert {p.name.lower() for p in plugins() if p.name not in OTHERS} == {p.stem for p in TABLES.glob("*.yaml")}


@pytest.mark.parametrize(("cluster", "case"), cases())
def test_case(cluster: list[dict[str, Any]], case: dict[str, Any]) -> None:
    server = APIServer(Store(()), Catalog.at("1.36"), Names(0))
    there = [complete(server, put_over({"metadata": {"uid": str(i), "resourceVersion": "1"}}, o)) for i, o in enumerate(cluster)]
    server = APIServer(Store([*WORLD, *there]), Catalog.at("1.36"), Names(0))
    for obj in case.get("given", ()):
        assert server.create(complete(server, obj), user=True).ok
    if "delete" in case:
        kind, name = case["delete"]
        outcome = server.delete(Ref(kind, "", name))
    else:
        outcome = ask(server, case)
    assert (outcome.error.message if outcome.error is not None else None) == case.get("refused")
    if "code" in case:
        assert outcome.error is not None and outcome.error.code == case["code"]
    assert missing(case.get("stored", {}), outcome.object) == []
    assert list(outcome.warnings) == case.get("warnings", [])
    for expected in case.get("beside", ()):
        whole = complete(server, expected)
        meta = whole["metadata"]
        found = server.view.get(Ref(whole["kind"], meta.get("namespace", ""), meta["name"]))
        assert missing(whole, found) == []
