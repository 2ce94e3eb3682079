"""A record's commands, given to kplan one after the other in this process."""

from __future__ import annotations

import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from kplan.cli.app import main


class Said(NamedTuple):
    """What one command printed, and its exit code."""

    code: int
    stdout: str
    stderr: str


def run(argv: list[str], cwd: Path) -> Said:
    """One command line, as a process started in ``cwd`` would answer it. A bug of kplan's is raised, not reported."""
    out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
    os.environ["KPLAN_DEBUG"] = "1"
    os.chdir(cwd)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(argv)
    finally:
        os.chdir(before)
    return Said(code, out.getvalue(), err.getvalue())


def replay(record: dict[str, Any], work: Path) -> tuple[list[dict[str, Any]], list[Said]]:
    """The cluster a record's commands leave, and what each said."""
    state = work / "before.json"
    state.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": record["before"]}))
    said = []
    for i, step in enumerate(record["steps"]):
        if step["argv"][0] == "wait":
            said.append(Said(step["rc"], step["stdout"], step["stderr"]))
            continue
        following = work / f"state{i}.json"
        argv = [*_argv(step, work), "--cluster", str(state), "--state-out", str(following), *_assumed(record, work)]
        said.append(run([*argv, "--kubernetes-version", "1.36"], work))
        state = following
    return json.loads(state.read_text())["items"], said


def _argv(step: dict[str, Any], work: Path) -> list[str]:
    argv = [a for a in step["argv"] if not a.startswith(("--wait", "--timeout"))]
    if step.get("manifests") is not None:
        at = argv.index("-f") + 1
        (work / Path(argv[at]).name).write_text(step["manifests"])
        argv[at] = str(work / Path(argv[at]).name)
    if not any(a.startswith("--dry-run") for a in argv):
        argv.append("--dry-run")
    if not any(a == "-o" or a.startswith(("-o=", "--output")) for a in argv):
        argv += ["-o", "kubectl"]
    return argv


def _assumed(record: dict[str, Any], work: Path) -> list[str]:
    extra = ["--cloud"] if record.get("cloud") else []
    if record.get("scheduler_config"):
        config = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration", **record["scheduler_config"]}
        (work / "scheduler.yaml").write_text(json.dumps(config))
        extra += ["--scheduler-config", str(work / "scheduler.yaml")]
    return extra
