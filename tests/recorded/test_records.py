"""What a real Kubernetes 1.36.2 did, and what kplan predicts: no record that agreed may disagree again.

The records in fixtures/recorded/ always run; where the whole set lies beside the checkout, all of it does.  Records that do
not agree yet are listed in known_gaps.txt; the list may only shrink: one that agrees must be struck out.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.comparison import exact, load
from tests.oracle.running import replay

ROOT = Path(__file__).parents[2]
BESIDE = ROOT.parent / "shared" / "oracle" / "scenarios"
KNOWN_GAPS = set((Path(__file__).parent / "known_gaps.txt").read_text().split())

RECORDS = {p.name: p for folder in (ROOT / "fixtures" / "recorded", BESIDE) for p in sorted(folder.glob("*.json.gz"))}


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_record(name: str, tmp_path: Path) -> None:
    record = load(RECORDS[name])
    known = name.removesuffix(".json.gz") in KNOWN_GAPS
    try:
        ours, _ = replay(record, tmp_path)
        agrees, notes = exact(record, ours)
    except Exception:
        if known:
            return
        raise
    if known:
        assert not agrees, f"{name} agrees now: strike it from known_gaps.txt"
    else:
        assert agrees, "\n".join(notes)
