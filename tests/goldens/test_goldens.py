"""What kplan prints for the example, to the letter.

``KPLAN_UPDATE_GOLDENS=1 python -m pytest tests/goldens`` writes them anew; read the difference before committing it.
"""

from __future__ import annotations

import os
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
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_golden(name: str) -> None:
    golden = HERE / name
    printed = run(CASES[name], ROOT).stdout
    if os.environ.get("KPLAN_UPDATE_GOLDENS"):
        golden.write_text(printed)
    assert printed == golden.read_text()
