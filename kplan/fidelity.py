"""What of Kubernetes is modelled, counted from this code: modules, places that emit a field error, strategies, plugins.

What the numbers do not say: a place of ours that a table or a helper shares stands for several of Kubernetes', and one of
Kubernetes' may be written as two of ours; a place that is there may still err.  The recordings of a real cluster tell that.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EMITTERS = frozenset(
    ("required", "invalid", "type_invalid", "not_supported", "forbidden", "duplicate", "not_found", "too_long", "too_many", "internal", "FieldError")
)
PLACES_IN_KUBERNETES = {"all": 1685, "core": 862, "batch": 94, "networking": 68, "apps": 65, "autoscaling": 45, "rbac": 24}
"""Places in pkg/apis/*/validation of Kubernetes 1.36.2 that emit a field error, for comparison."""
_COUNTED = ("kinds", "rules", "customresources", "admission")
_ROOT = Path(__file__).parent
_PARTS = ("default", "prepare_for_create", "prepare_for_update", "validate", "validate_update", "warnings")


def modules() -> list[dict[str, str]]:
    """Every module that says what it mirrors: layer, module, mirrors, differs."""
    found = []
    for path in sorted(_ROOT.rglob("*.py")):
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        mirrors, differs = _told(doc, "Mirrors:"), _told(doc, "Differs:")
        if mirrors or differs:
            name = path.relative_to(_ROOT).as_posix()
            found.append({"layer": name.partition("/")[0], "module": name, "mirrors": mirrors, "differs": differs})
    return found


def _told(doc: str, word: str) -> str:
    """The text after a word at the beginning of a line, up to the next such word or an empty line."""
    lines: list[str] = []
    for line in doc.splitlines():
        if line.startswith(word):
            lines.append(line.removeprefix(word).strip())
        elif lines and line.strip() and not line.startswith(("Mirrors:", "Differs:")):
            lines.append(line.strip())
        elif lines:
            break
    return " ".join(lines)


def places() -> dict[str, dict[str, int]]:
    """Places in our code that emit a field error, by folder and module."""
    out: dict[str, dict[str, int]] = {}
    for folder in _COUNTED:
        counts = {p.stem: sum(_emits(p)) for p in sorted((_ROOT / "apiserver" / folder).rglob("*.py"))}
        out[folder] = {name: n for name, n in counts.items() if n}
    return out


def _emits(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            yield (called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else "") in EMITTERS


def kinds(version: str) -> list[dict[str, Any]]:
    """Every kind that can be created, and which parts of its strategy are written; none: it is stored as it is."""
    from kplan.apiserver.strategy import PASS_THROUGH, strategy_for
    from kplan.catalog.catalog import Catalog

    creatable = sorted({i.group_kind for i in Catalog.at(version).kinds() if "create" in i.verbs})
    found = []
    for kind in creatable:
        strategy = strategy_for(kind)
        parts = [p for p in _PARTS if getattr(strategy, p) is not getattr(PASS_THROUGH, p)]
        found.append({"kind": kind, "stored_as_it_is": strategy is PASS_THROUGH, "parts": parts})
    return found


def admission() -> list[dict[str, Any]]:
    """The admission plugins in the server's order: modelled, and on by default."""
    from kplan.apiserver.admission.contract import OFF_BY_DEFAULT, ORDER, plugins

    modelled = {p.name for p in plugins()}
    return [{"plugin": n, "modelled": n in modelled, "on": n not in OFF_BY_DEFAULT} for n in ORDER]


def participants() -> dict[str, list[str]]:
    """The controllers and scheduler plugins found."""
    from kplan.scheduler.configuration import PLUGINS

    package = importlib.import_module("kplan.controllers").__path__
    found = (m.name for m in pkgutil.iter_modules(package))
    controllers = [n for n in found if hasattr(importlib.import_module(f"kplan.controllers.{n}"), "CONTROLLER")]
    return {"controllers": sorted(controllers), "scheduler_plugins": sorted(PLUGINS)}


def report(version: str) -> dict[str, Any]:
    """All of it as one JSON value."""
    counted = places()
    return {
        "format_version": "1.0",
        "modules": modules(),
        "places": {"kubernetes": PLACES_IN_KUBERNETES, "total": sum(sum(c.values()) for c in counted.values()), "by_module": counted},
        "kinds": kinds(version),
        "admission": admission(),
        **participants(),
    }


def text(found: dict[str, Any]) -> str:
    """The report for reading."""
    layers = Counter(m["layer"] for m in found["modules"])
    lines = ["MODULES (what each mirrors, and where it differs)"]
    for layer in layers:
        lines.append(f"{layer} ({layers[layer]})")
        for m in (m for m in found["modules"] if m["layer"] == layer):
            lines.append(f"  {m['module']}: {m['mirrors']}" + (f"\n      differs: {m['differs']}" if m["differs"] else ""))
    at, theirs = found["places"], found["places"]["kubernetes"]
    lines += ["", f"PLACES THAT EMIT A FIELD ERROR: {at['total']} here; Kubernetes 1.36.2 has {theirs['all']} in pkg/apis/*/validation"]
    lines += [f"  {folder}: {sum(c.values())} in {len(c)} modules: " + ", ".join(f"{n} {k}" for n, k in c.items()) for folder, c in at["by_module"].items()]
    lines.append("  Counted as written: one of ours may stand for several of theirs (tables, shared rules) and the reverse; it is no proof of sameness.")
    plain = [k["kind"] for k in found["kinds"] if k["stored_as_it_is"]]
    lines += ["", f"KINDS: {len(found['kinds'])} can be created, {len(plain)} are stored as they are: {', '.join(plain) or 'none'}"]
    lines += [f"  {k['kind']}: {', '.join(k['parts'])}" for k in found["kinds"] if not k["stored_as_it_is"]]
    lines += ["", "ADMISSION"]
    lines += [f"  {a['plugin']}: {'modelled' if a['modelled'] else 'not modelled'}, {'on' if a['on'] else 'off'} by default" for a in found["admission"]]
    for name in ("controllers", "scheduler_plugins"):
        lines += ["", f"{name.replace('_', ' ').upper()} ({len(found[name])}): {', '.join(found[name])}"]
    return "\n".join(lines) + "\n"
