"""Hold kplan against the records of a real cluster, in this process: the same comparison, without starting it 600 times.

    python tests/oracle/replay.py PATH/TO/oracle/compare.py RECORD… [-v] [--json FILE]

A RECORD is a file, a folder, or the beginning of a record's name (``workloads.deploy-``).  ``compare.py`` is the
comparison that comes with the records; only the way it starts kplan is replaced.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

MOST_SECONDS = 20


class TooSlow(BaseException):
    """A record took longer than ``MOST_SECONDS``."""


def _give_up(*_: Any) -> None:
    raise TooSlow


def load_comparison(path: Path) -> ModuleType:
    """The comparison as a module, with kplan run in this process."""
    spec = importlib.util.spec_from_file_location("comparison", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.subprocess = type("InProcess", (), {"run": staticmethod(run), "TimeoutExpired": subprocess.TimeoutExpired})  # type: ignore[attr-defined]
    return module


def run(argv: list[str], *, cwd: Path, **_: Any) -> subprocess.CompletedProcess[str]:
    """``kplan ARGV…`` as ``subprocess.run`` would have answered."""
    from kplan.cli.app import main

    os.environ["KPLAN_DEBUG"] = "1"
    out, err = io.StringIO(), io.StringIO()
    before = Path.cwd()
    os.chdir(cwd)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(argv[1:])
    except Exception:
        err.write(traceback.format_exc())
        code = 3
    finally:
        os.chdir(before)
    return subprocess.CompletedProcess(argv, code, out.getvalue(), err.getvalue())


class _InTurn:
    """Stands for the thread pool: one record after the other, in the main thread, where alarms work."""

    def __init__(self, _: int) -> None:
        pass

    def __enter__(self) -> _InTurn:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    map = staticmethod(map)


def main(argv: list[str]) -> int:
    """Replay the records named, print the comparison's own report and the slowest records."""
    comparison = load_comparison(Path(argv[0]))
    scenarios = Path(argv[0]).parent / "scenarios"
    words: list[str] = []
    for word in argv[1:]:
        if word.startswith("-") or Path(word).exists() or (words and words[-1] == "--json"):
            words.append(word)
        else:
            words += [str(p) for p in sorted(scenarios.glob(f"{word}*.json.gz"))]
    took: dict[str, float] = {}
    judge = comparison.judge

    def timed(path: str, kplan: str) -> Any:
        begun = time.perf_counter()
        signal.alarm(MOST_SECONDS)
        try:
            result = judge(path, kplan)
        except TooSlow as slow:
            result = {"name": Path(path).name, "error": "too slow", "score": {}, "notes": ["error: too slow: " + "".join(traceback.format_tb(slow.__traceback__)[-4:])]}
        finally:
            signal.alarm(0)
        took[Path(path).name] = time.perf_counter() - begun
        return result

    comparison.judge = timed  # type: ignore[attr-defined]
    signal.signal(signal.SIGALRM, _give_up)
    comparison.concurrent.futures.ThreadPoolExecutor = _InTurn
    sys.argv = ["compare.py", *words, "--jobs", "1"]
    code = comparison.main()
    slowest = sorted(took.items(), key=lambda x: -x[1])[:3]
    print("slowest: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in slowest) + f"; all {sum(took.values()):.0f} s")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
