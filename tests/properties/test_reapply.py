"""Applying what was applied last changes no object of a real cluster."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.kubectl.annotation import LAST_APPLIED
from kplan.kubectl.apply import Apply
from kplan.kubectl.client import Client
from kplan.kubectl.info import Info
from kplan.kubectl.screen import Screen
from kplan.model.names import Names
from kplan.model.objects import ref_of
from kplan.store.store import Store

ROOT = Path(__file__).parents[2]
BESIDE = ROOT.parent / "shared" / "oracle" / "scenarios"
RECORDS = {p.name: p for folder in (ROOT / "fixtures" / "recorded", BESIDE) for p in sorted(folder.glob("*.json.gz"))}


def drifted(obj: dict[str, Any], last: dict[str, Any]) -> bool:
    """Whether the object is no longer, or never was, what was applied to it: copies, what goes, what controllers fill in."""
    if "aggregationRule" in obj:
        return True
    return obj["kind"] != last["kind"] or obj["metadata"]["name"] != last["metadata"].get("name") or "deletionTimestamp" in obj["metadata"]


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_applying_an_unchanged_file_changes_nothing(name: str) -> None:
    before = json.loads(gzip.decompress(RECORDS[name].read_bytes()))["before"]
    store = Store(before)
    for obj in before:
        text = (obj["metadata"].get("annotations") or {}).get(LAST_APPLIED)
        last = json.loads(text) if text else {}
        if not text or drifted(obj, last):
            continue
        client = Client(APIServer(store, Catalog.at("1.36"), Names()), Screen())
        kind = client.resolve(last["apiVersion"], last["kind"])
        assert kind is not None
        seq = store.seq
        meta = last["metadata"]
        assert Apply(client, dry_run="server").apply_one(Info(kind, meta.get("namespace", ""), meta["name"], last)) is None
        assert store.seq == seq
        assert Apply(client).apply_one(Info(kind, meta.get("namespace", ""), meta["name"], last)) is None
        changed = store.get(ref_of(obj))
        assert changed is not None
        assert strip(changed) == strip(obj), f"{kind.kind} {meta['name']}: {client.screen.stdout}"


def strip(obj: Any) -> Any:
    """The object without its version; an empty list is as good as none."""
    meta = {k: v for k, v in obj["metadata"].items() if k not in ("resourceVersion", "managedFields")}
    return without_empty({**obj, "metadata": meta})


def without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_empty(v) for k, v in value.items() if v is not None and v != []}
    return [without_empty(v) for v in value] if isinstance(value, list) else value
