"""``kplan explain --defaults``: an object as it is stored, and beside every field who set it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from kplan.kubectl.output.yamltext import yaml_lines
from kplan.load.documents import Document
from kplan.model.diagnostics import Location
from kplan.model.objects import Object, Path, Ref, ref_of
from kplan.plan.diff import path_text
from kplan.plan.masking import masked
from kplan.plan.stages import held_against, leaves, place_in
from kplan.render.canvas import Canvas
from kplan.store.journal import Stages

FORMAT_VERSION = "1.0"
WIDTH = 72
"""What of a line is shown before the stage; longer values are cut, this is no text to be applied."""
_STYLES = {"user": "", "default": "dim", "server": "cyan", "cluster": "dim", "admission": "yellow", "scheduler": "magenta"}
_OTHERS = "green"


@dataclass(frozen=True, slots=True)
class Staged:
    """An object, the stages of its fields, and the document it was made from (None: nobody wrote it down)."""

    obj: Object
    stages: Stages
    document: Document | None = None

    @property
    def ref(self) -> Ref:
        """Who it is."""
        return ref_of(self.obj)

    def fields(self) -> Iterator[tuple[Path, str, Location | None]]:
        """Every leaf: its path, its stage, and where the user wrote it."""
        stages = self.stages if self.document is None else held_against(self.document.object, self.obj, self.stages)
        for path, _, stage in leaves(self.obj, stages):
            yield path, stage, self._line(path) if stage == "user" else None

    def _line(self, path: Path) -> Location | None:
        if self.document is None:
            return None
        place = place_in(self.document.object, self.obj, path)
        return None if place is None else self.document.locate(place)


def staged(obj: Object, stages: Stages, document: Document | None, *, managed_fields: bool) -> Staged:
    """An object as it may be shown; its managedFields only on request."""
    shown: Any = masked(obj) or {}
    if not managed_fields and "managedFields" in shown["metadata"]:
        shown = {**shown, "metadata": {k: v for k, v in shown["metadata"].items() if k != "managedFields"}}
    return Staged(shown, stages, document)


def stages_text(objects: Sequence[Staged], *, color: bool = False) -> str:
    """YAML with a column that names the stage of every leaf, and the line where the user wrote it."""
    canvas = Canvas(color)
    for item in objects:
        fields = {path: (stage, at) for path, stage, at in item.fields()}
        counts = Counter(stage for stage, _ in fields.values())
        canvas.head(f"{item.ref}: {len(fields)} fields, {', '.join(f'{n} by {stage}' for stage, n in counts.most_common())}")
        lines = [(path, line) for path, line in _first_lines(item.obj)]
        width = min(max((len(line) for _, line in lines), default=0), WIDTH)
        for path, line in lines:
            stage, at = fields.get(path, ("", None))
            text = line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
            canvas.columns(text, width, f"{stage} {at.file}:{at.line}" if at else stage, _STYLES.get(stage.partition("/")[0], _OTHERS))
    return canvas.text()


def _first_lines(obj: Object) -> Iterator[tuple[Path, str]]:
    """The lines of the object, of a value of several lines only the first."""
    last: Path = ()
    for path, line in yaml_lines(obj):
        if path != last:
            yield path, line
        last = path


def stages_json(objects: Sequence[Staged]) -> str:
    """One JSON document: for each object a map from path to stage, and from path to the line where the user wrote it."""
    out = []
    for item in objects:
        fields = list(item.fields())
        ref = item.ref
        out.append(
            {
                "ref": {"group": ref.group, "kind": ref.short_kind, "namespace": ref.namespace, "name": ref.name},
                "set_by": {path_text(path): stage for path, stage, _ in fields},
                "lines": {path_text(path): str(at) for path, _, at in fields if at},
            }
        )
    document = {"format_version": FORMAT_VERSION, "objects": out}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE).decode()
