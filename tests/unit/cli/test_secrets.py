"""No output shows what a Secret holds; only ``--state-out`` does."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplan.cli.app import main

ENCODED, PLAIN = "bWFya2VyLXZhbHVl", "marker-value"
HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: default}\n"
GOOD = f"{HEAD}data: {{k: {ENCODED}}}\nstringData: {{t: {PLAIN}}}\n"
CHANGED = f"{HEAD}data: {{k: Y2hhbmdlZA==, z: {ENCODED}}}\nimmutable: true\n"
BAD = (
    f'{HEAD}data: {{k: "{PLAIN}!!"}}\n',
    f'{HEAD}data: {{k: [{PLAIN}], "b b": {ENCODED}}}\nstringData: {{t: {{{PLAIN}: {PLAIN}}}}}\n',
    f'{HEAD}type: kubernetes.io/dockerconfigjson\nstringData: {{.dockerconfigjson: "{PLAIN}", k: "{PLAIN}", k: "{PLAIN}"}}\nimmutable: "x"\n',
    f"{HEAD}data: {PLAIN}\n",
    f'{HEAD}stringData: {{"t": {PLAIN}, "u": {PLAIN}\n',
    f"{HEAD}data: {{k: {ENCODED}, k: {ENCODED}}}\n",
)
OF_THE_CLUSTER = (
    *(["get", "secret", "s", "-o", o] for o in ("yaml", "json", "wide", "jsonpath={.data.k}", "jsonpath={..annotations}", "custom-columns=A:.data.k")),
    *(["get", "secrets", "-o", o] for o in ("yaml", "json", "jsonpath={.items[*].data}")),
    ["get", "secrets", "--sort-by={.data.k}", "-o", "yaml"],
    ["explain", "secret/s"],
    *(["patch", "secret", "s", "-p", f'{{"data":{{"k":5,"z":"{PLAIN}"}}}}', "--dry-run", "-o", o] for o in ("text", "json", "kubectl", "yaml")),
    ["patch", "secret", "s", "--type=merge", "-p", f'{{"data":{{"k":5,"z":"{PLAIN}"}}}}', "--dry-run"],
    *(["delete", "secret", "s", "--dry-run", "-o", o] for o in ("text", "json")),
    *(["annotate", "secret", "s", "a=b", "--dry-run", "-o", o] for o in ("text", "json", "yaml")),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Path:
    """A folder with manifests, and a cluster that holds the good one."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"good": GOOD, "changed": CHANGED, **{f"bad{i}": t for i, t in enumerate(BAD)}}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    assert main(["apply", "--dry-run", "-f", "good.yaml", "--state-out", "cluster.json"]) == 0
    assert ENCODED in (tmp_path / "cluster.json").read_text()
    said = capfd.readouterr()
    assert PLAIN not in said.out and ENCODED not in said.out
    return tmp_path


def told(argv: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    code = main(argv)
    said = capfd.readouterr()
    assert code != 3, said.err
    return said.out + said.err


def test_no_output_shows_a_value(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commands = [[*c, "--cluster", "cluster.json"] for c in OF_THE_CLUSTER]
    for file in sorted(p.name for p in folder.glob("*.yaml")):
        for output in ("text", "json", "kubectl"):
            commands.append(["apply", "--dry-run", "-f", file, "-o", output, "--cluster", "cluster.json"])
        commands.append(["apply", "--dry-run", "-f", file])
        commands.append(["diff", "-f", file, "--cluster", "cluster.json"])
        for output in ("text", "json"):
            commands += [["validate", file, "-o", output], ["validate", file, "-o", output, "--schema-only"]]
        commands.append(["validate", file, "--cluster", "cluster.json"])
    shown = [" ".join(c) for c in commands if any(v in told(c, capfd).replace(" ".join(c), "") for v in (PLAIN, ENCODED))]
    assert shown == []
