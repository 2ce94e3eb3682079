"""Fidelity is counted from the code."""

from __future__ import annotations

import json

import pytest

from kplan.cli.app import main
from kplan.fidelity import without_mirrors


def test_every_module_that_models_kubernetes_says_what_it_mirrors() -> None:
    assert without_mirrors() == []


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
