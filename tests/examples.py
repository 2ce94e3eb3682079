"""Examples in documents, played: manifests in fenced blocks, commands after ``$ kplan``, and what is printed below them.

```` ```yaml before ```` is applied to a fresh cluster first (``before.json``), ```` ```yaml ```` is ``example.yaml``; of a
```` ```console ```` block every line below a command must be among the lines printed, and ``…`` stands for any text.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.oracle.running import run

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"```(yaml before|yaml|console)\n(.*?)```", re.DOTALL)


def sections(document: str, mark: str = "###") -> dict[str, str]:
    """The sections of a document by their headings."""
    found = re.split(rf"^{mark} ", document, flags=re.MULTILINE)[1:]
    return {s.partition("\n")[0]: re.split(r"^#{1,3} ", s, flags=re.MULTILINE)[0] for s in found}


def play(section: str, folder: Path) -> list[tuple[str, list[str], list[str]]]:
    """(command, lines written below it, lines printed) of every command of a section."""
    if not (folder / "fixtures").exists():
        (folder / "fixtures").symlink_to(ROOT / "fixtures")
    out = []
    for kind, text in _BLOCK.findall(section):
        if kind == "console":
            for block in re.split(r"^\$ kplan ", text, flags=re.MULTILINE)[1:]:
                command, *lines = block.rstrip("\n").split("\n")
                said = run(shlex.split(command, comments=True), folder)
                out.append((command, lines, (said.stdout + said.stderr).splitlines()))
        elif kind == "yaml":
            (folder / "example.yaml").write_text(text)
        else:
            (folder / "before.yaml").write_text(text)
            begun = run(["apply", "--dry-run", "-f", "before.yaml", "--state-out", "before.json", "-o", "kubectl"], folder)
            assert begun.code == 0, begun.stderr
    return out


def is_printed(line: str, printed: list[str]) -> bool:
    """Whether a line of an example is among those printed."""
    pattern = re.compile(".*".join(map(re.escape, line.strip().split("…"))))
    return any(pattern.fullmatch(p.strip()) for p in printed)
