"""Fidelity is counted from the code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kplan
from kplan.cli.app import main
from kplan.fidelity import modules

KPLAN = Path(kplan.__file__).parent
MODELS = ("controllers", "scheduler/plugins", "apiserver/admission", "apiserver/kinds", "apiserver/rules")


@pytest.mark.parametrize("folder", MODELS)
def test_every_module_that_models_kubernetes_says_what_it_mirrors(folder: str) -> None:
    told = {m["module"] for m in modules() if m["mirrors"]}
    there = {p.relative_to(KPLAN).as_posix() for p in (KPLAN / folder).rglob("*.py") if p.name != "__init__.py"}
    assert there and there <= told


def test_report(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["fidelity", "-o", "json"]) == 0
    found = json.loads(capfd.readouterr().out)
    by_module = found["places"]["by_module"]
    assert found["places"]["total"] == sum(n for counts in by_module.values() for n in counts.values()) > 500
    deployment = next(k for k in found["kinds"] if k["kind"] == "Deployment.apps")
    assert "validate" in deployment["parts"] and not deployment["stored_as_it_is"]
    assert {"plugin": "NamespaceLifecycle", "modelled": True, "on": True} in found["admission"]
    assert "deployment" in found["controllers"] and "NodeResourcesFit" in found["scheduler_plugins"]
    assert main(["fidelity"]) == 0
    assert f"{found['places']['total']} here" in capfd.readouterr().out
