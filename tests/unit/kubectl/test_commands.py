"""Runs the tables in ``tests/cases/kubectl``: command lines against a small cluster, and the words kubectl says.

A case has ``run`` (a command line, or several), ``files`` (name: text), ``given`` (objects created before), and says what
comes of the last command: ``stdout``, ``stderr``, ``code``; and ``stored`` (fields of objects there are in the end; an
object that is null is not there).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.kubectl.client import Client
from kplan.kubectl.main import run
from kplan.kubectl.screen import Printed, Screen
from kplan.load.documents import Loaded
from kplan.load.sources import load_sources
from kplan.model.names import Names
from kplan.model.objects import Ref
from kplan.store.store import Store
from tests.tables import rows

KEYS = "given run stdout stored stderr code files"
START = 1_800_000_000.0
WORLD = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "uid": "n"}, "status": {"phase": "Active"}},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default", "uid": "a"}},
]


def read(names: Sequence[str], recursive: bool) -> Loaded:
    return load_sources(names, recursive=recursive)


def kubectl(server: APIServer, line: str) -> Printed:
    return run(shlex.split(line), Client(server, Screen()), read, lambda path: Path(path).read_bytes())


def lacks(wanted: Any, found: Any, at: str = "") -> list[str]:
    """Where what is there is not what was wanted."""
    if isinstance(wanted, dict):
        here = found if isinstance(found, dict) else {}
        return [w for k, v in wanted.items() for w in lacks(v, here.get(k), f"{at}.{k}")]
    return [] if wanted == found else [f"{at}: {found!r} instead of {wanted!r}"]


def ref_of_name(server: APIServer, name: str) -> Ref:
    kind, _, name = name.partition("/")
    info = server.catalog.resource(kind)
    assert info is not None, kind
    return Ref(info.group_kind, "default" if info.namespaced else "", name)


@pytest.mark.parametrize("case", rows("kubectl", KEYS))
def test_case(case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in case.get("files", {}).items():
        (tmp_path / name).write_text(text)
    server = APIServer(Store(WORLD), Catalog.at("1.36"), Names(), now=START)
    for obj in case.get("given", []):
        namespaced = server.catalog.kind(obj["apiVersion"], obj["kind"])
        assert namespaced is not None
        place = {"namespace": "default"} if namespaced.namespaced else {}
        made = server.create({**obj, "metadata": {**place, **obj["metadata"]}}, user=True)
        assert made.ok, made.error
    lines = case["run"] if isinstance(case["run"], list) else [case["run"]]
    printed = [kubectl(server, line) for line in lines][-1]
    assert (printed.stdout, printed.stderr, printed.code) == (case.get("stdout", ""), case.get("stderr", ""), case.get("code", 0))
    for name, wanted in case.get("stored", {}).items():
        found = server.view.get(ref_of_name(server, name))
        if wanted is None:
            assert found is None
        else:
            assert found is not None
            assert lacks(wanted, found) == []
