"""What kplan prints, to the letter: for the example, and for the changes that people on call are afraid of.

A scenario is a folder with ``before.yaml`` (applied to a fresh cluster), ``command.txt`` (given to kplan on the cluster that
leaves; it may apply ``change.yaml``) and ``plan.txt`` (what is printed).

``KPLAN_UPDATE_GOLDENS=1 python -m pytest tests/goldens`` writes them anew; read the difference before committing it.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import pytest

from tests.oracle.running import run

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHOP = "fixtures/manifests/shop"
CASES = {
    "shop/plan.txt": ["apply", "--dry-run", "-f", SHOP],
    "shop/kubectl.txt": ["apply", "--dry-run", "-f", SHOP, "-o", "kubectl"],
    "shop/diff.txt": ["diff", "-f", SHOP],
    "shop/validate.txt": ["validate", "-v", SHOP],
    "shop/graph.txt": ["graph", "deployment/mailer", "-n", "shop", "-f", SHOP],
    "shop/explain.txt": ["explain", "pod/search-", "-n", "shop", "-f", SHOP],
    "shop/defaults.txt": ["explain", "--defaults", "service/web-public", "-n", "shop", "-f", SHOP],
}
SCENARIOS = sorted(p.parent.name for p in HERE.glob("*/command.txt"))


def hold(golden: Path, printed: str) -> None:
    if os.environ.get("KPLAN_UPDATE_GOLDENS"):
        golden.write_text(printed)
    assert printed == golden.read_text()


@pytest.mark.parametrize("name", sorted(CASES))
def test_golden(name: str) -> None:
    hold(HERE / name, run(CASES[name], ROOT).stdout)


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, tmp_path: Path) -> None:
    for manifest in (HERE / name).glob("*.yaml"):
        shutil.copy(manifest, tmp_path)
    begun = run(["apply", "--dry-run", "-f", "before.yaml", "--state-out", "cluster.json"], tmp_path)
    assert begun.code == 0, begun.stdout
    command = shlex.split((HERE / name / "command.txt").read_text())
    hold(HERE / name / "plan.txt", run([*command, "--cluster", "cluster.json"], tmp_path).stdout)
