"""What a real Kubernetes 1.36.2 did, and what kplan predicts: no record that agreed may disagree again.

The records in fixtures/recorded/ always run; where the whole set lies beside the checkout, all of it does.  Records that do
not agree are listed in known_gaps.txt with the reason; the list may only shrink: one that agrees must be struck out, unless
it is a matter of chance.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.comparison import exact, load
from tests.oracle.running import replay

ROOT = Path(__file__).parents[2]
BESIDE = ROOT.parent / "shared" / "oracle" / "scenarios"
KNOWN_GAPS = dict(line.split(": ", 1) for line in (Path(__file__).parent / "known_gaps.txt").read_text().splitlines())

RECORDS = {p.name: p for folder in (ROOT / "fixtures" / "recorded", BESIDE) for p in sorted(folder.glob("*.json.gz"))}


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_record(name: str, tmp_path: Path) -> None:
    record = load(RECORDS[name])
    known = KNOWN_GAPS.get(name.removesuffix(".json.gz"), "")
    try:
        ours, _ = replay(record, tmp_path)
        agrees, notes = exact(record, ours)
    except Exception:
        if known:
            return
        raise
    if known:
        assert not agrees or known.startswith("chance"), f"{name} agrees now: strike it from known_gaps.txt"
    else:
        assert agrees, "\n".join(notes)
