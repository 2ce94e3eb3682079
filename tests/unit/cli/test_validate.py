"""``kplan validate``: what it is told to look at, what it knows beforehand, how many share the work, and where it stops."""

from __future__ import annotations

import io
import json
import random
import sys
from pathlib import Path

import pytest

from kplan.load.sources import find_sources
from kplan.validation.jobs import worth
from kplan.validation.judge import rank
from tests.bench.fuzz import WIDGET, corpus, mutate
from tests.oracle.running import Said, run

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
PORT = "apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {type: NodePort, ports: [{port: 80, nodePort: 30080}]}\n"
WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
"""
SMALL = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: %s}\nspec: {size: %s}\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def validate(folder: Path, *argv: str) -> Said:
    return run(["validate", *argv], folder)


# -- which files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("glob", "left"),
    [
        ("b.yaml", ["a.yaml", "d/c.yaml"]),
        ("d", ["a.yaml", "b.yaml"]),
        ("./d/", ["a.yaml", "b.yaml"]),
        ("d/*", ["a.yaml", "b.yaml"]),
        ("*.yaml", []),
        ("[ab].yaml", ["d/c.yaml"]),
        ("?", ["a.yaml", "b.yaml"]),
        ("yaml", ["a.yaml", "b.yaml", "d/c.yaml"]),
    ],
)
def test_exclude(glob: str, left: list[str], tmp_path: Path) -> None:
    write(tmp_path, {name: CONFIG % name[0] for name in ("a.yaml", "b.yaml", "d/c.yaml")})
    said = json.loads(validate(tmp_path, "-R", "--exclude", glob, "-o", "json", ".").stdout)
    assert [r["filename"] for r in said["resources"]] == left


def test_exclude_takes_what_is_named_too_and_does_not_call_the_folder_empty(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "a: [", "b.yaml": CONFIG % "b"})
    assert validate(tmp_path, "--exclude", "a.*", "a.yaml", "b.yaml").code == 0
    said = validate(tmp_path, "--exclude", "*", ".")
    assert (said.code, said.stderr) == (0, "warning: no Kubernetes objects were found\n")
    assert validate(tmp_path, "--exclude", "*", "--fail-if-no-objects", ".").code == 1


def test_folders_below_are_looked_into_when_asked_and_mentioned_otherwise(tmp_path: Path) -> None:
    write(tmp_path, {"k/a.yaml": CONFIG % "a", "k/below/b.yaml": CONFIG % "b", "k/.git/c.yaml": "x", "flat/a.yaml": CONFIG % "a"})
    said = validate(tmp_path, "k")
    assert said.stderr == "note: k: folders below it are not looked at; add -R\n"
    assert "1 resource found in 1 file" in said.stdout
    assert validate(tmp_path, "flat").stderr == ""
    assert "2 resources found" in validate(tmp_path, "-R", "--exclude", ".git", "k").stdout


def test_what_is_piped_in_is_read_without_being_named(tmp_path: Path) -> None:
    import subprocess

    done = subprocess.run([sys.executable, "-m", "kplan", "validate"], input=CONFIG % "a", text=True, capture_output=True, check=False)
    assert done.stdout == "Summary: 1 resource found parsing stdin - Valid: 1, Invalid: 0, Errors: 0, Skipped: 0\n"


# -- definitions ---------------------------------------------------------------------------------------------------------


def test_definitions_are_known_but_not_judged(tmp_path: Path) -> None:
    write(tmp_path, {"crds/deep/w.yaml": WIDGETS, "crds/values.yaml": "a: 1\n", "w.yaml": (SMALL % ("w", "big")) + "---\n" + SMALL % ("v", 3)})
    unknown = validate(tmp_path, "w.yaml")
    assert 'no matches for kind "Widget" in version "example.com/v1" [KP210]' in unknown.stdout and "--crds" in unknown.stdout
    for argv in ([], ["--schema-only"], ["-j", "2"], ["-strict"]):
        said = validate(tmp_path, "--crds", "crds", *argv, "w.yaml")
        assert said.code == 1 and said.stderr == ""
        assert "w.yaml:4:14: error: Widget w: spec.size: Invalid value" in said.stdout
        assert "Valid: 1, Invalid: 1, Errors: 0, Skipped: 0" in said.stdout


def test_a_definition_in_the_input_counts_more_than_one_given_beforehand(tmp_path: Path) -> None:
    write(tmp_path, {"old/w.yaml": WIDGETS.replace("integer", "string"), "m/w.yaml": WIDGETS, "m/a.yaml": SMALL % ("w", 3)})
    said = validate(tmp_path, "--crds", "old", "m")
    assert (said.code, said.stderr) == (0, "")


def test_a_definition_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    broken = WIDGETS.replace("storage: true", "storage: false")
    write(tmp_path, {"w.yaml": broken, "a.yaml": SMALL % ("w", 3), "none.yaml": CONFIG % "a"})
    said = validate(tmp_path, "--crds", "w.yaml", "a.yaml")
    assert "w.yaml:9:3: error: CustomResourceDefinition widgets.example.com: spec.versions" in said.stderr
    assert "= its CustomResourceDefinition at w.yaml:2:1 is refused" in said.stdout
    for argv in ([], ["--schema-only"], ["-j", "2"]):
        assert "= its CustomResourceDefinition at w.yaml:2:1 is refused" in validate(tmp_path, *argv, ".").stdout
    assert "--crds none.yaml: there are no CustomResourceDefinitions" in validate(tmp_path, "--crds", "none.yaml", "none.yaml").stderr
    nowhere = validate(tmp_path, "--crds", "nowhere", "a.yaml")
    assert (nowhere.code, nowhere.stderr) == (2, 'error: --crds nowhere: the path "nowhere" does not exist\n')


def test_a_definition_that_is_skipped_serves_its_kind_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, {"m.yaml": WIDGETS + "---\n" + SMALL % ("w", 3)})
    for argv in ([], ["--schema-only"], ["-j", "2"]):
        said = validate(tmp_path, "--skip", "CustomResourceDefinition", *argv, "m.yaml")
        assert "Valid: 1, Invalid: 0, Errors: 0, Skipped: 1" in said.stdout


# -- several processes ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mess(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of everything: right, wrong, broken, given twice, in each other's way, out of order."""
    r, objects = random.Random(5), corpus()
    folder = tmp_path_factory.mktemp("mess")
    for i in range(70):
        some = [r.choice(objects) for _ in range(3)] + [WIDGET]
        damaged = [mutate(o, r, objects) if r.random() < 0.5 else o for o in some]
        write(folder, {f"{i:02d}.json": "\n".join(json.dumps(o) for o in damaged)})
    drawn = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: same-}\n"
    return write(
        folder,
        {
            "00a.yaml": SMALL % ("early", 3) + "---\n" + PORT % "first",
            "10a.yaml": CONFIG % "twice" + "---\n" + PORT % "second" + "---\n" + drawn,
            "40a.yaml": CONFIG % "twice" + "---\n" + PORT % "first" + "---\n" + drawn,
            "50a.yaml": WIDGETS,
            "60a.yaml": "a: [\n---\n" + CONFIG % "twice",
            "61a.yaml": "kind: Deployment\n---\n{{ if }}\n---\n- 1\n",
            "deep/a.yaml": SMALL % ("late", "big"),
        },
    )


@pytest.mark.parametrize("argv", [[], ["--schema-only"], ["-v", "--skip", "Pod", "--reject", "v1/Secret", "--ignore-missing-schemas"]])
@pytest.mark.parametrize("format_", ["text", "json", "sarif", "junit"])
def test_any_number_of_processes_says_the_same(argv: list[str], format_: str, mess: Path) -> None:
    one, three = (validate(mess, "-R", ".", "nowhere", *argv, "-o", format_, "-j", jobs) for jobs in ("1", "3"))
    assert one == three
    assert one.code == 1 and len(one.stdout) > 2000


def test_what_the_mess_is_about(mess: Path) -> None:
    said = validate(mess, "-R", ".", "-j", "2").stdout
    assert "40a.yaml:3:18: warning: ConfigMap twice: given before, at 10a.yaml:1:1 [KP401]" in said
    assert "provided port is already allocated" in said
    assert "deep/a.yaml:4:14: error: Widget late: spec.size: Invalid value" in said
    assert "Widget early" not in said


def test_several_processes_only_where_they_pay(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": CONFIG % "a", "b.yaml": CONFIG % "b"})
    sources = find_sources([str(tmp_path)])
    assert worth(sources, 0, schema_only=False) == 1
    assert worth(sources, 8, schema_only=False) == 2
    assert worth(find_sources(["-"]), 8, schema_only=False) == 1
    assert worth([], 8, schema_only=False) == 1


def test_what_claims_an_address_waits_for_nobody_else(tmp_path: Path) -> None:
    from tests.documents import as_document

    def service(**spec: object) -> int:
        return rank(as_document({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": spec}))

    assert service(ports=[]) == service(type="ClusterIP") == rank(as_document({"kind": "Pod"}))
    assert service(type="NodePort") == service(clusterIP="10.96.0.1") < service()


# -- where it stops ------------------------------------------------------------------------------------------------------


def test_fail_fast(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": CONFIG % "a", "b.yaml": CONFIG % "B", "c.yaml": CONFIG % "C", "d.yaml": CONFIG % "d"})
    said = validate(tmp_path, "--fail-fast", ".", "-j", "4")
    assert said.code == 1
    assert "b.yaml:3:18: error:" in said.stdout and "c.yaml" not in said.stdout
    assert said.stdout.endswith("Valid: 1, Invalid: 1, Errors: 0, Skipped: 0\n")
    write(tmp_path, {"x.yaml": "a: [", "y.yaml": "b: ["})
    said = validate(tmp_path, "--fail-fast", ".")
    assert "x.yaml:2:1: error: " in said.stdout and "y.yaml" not in said.stdout and "b.yaml" not in said.stdout
    assert said.stdout.endswith("Valid: 0, Invalid: 0, Errors: 1, Skipped: 0\n")


def test_standard_input_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((CONFIG % "a").encode())))
    said = validate(tmp_path, "-", "-")
    assert said.code == 1
    assert "standard input cannot be used for multiple arguments" in said.stdout


def test_only_kubernetes_skips_what_is_no_manifest_but_not_a_broken_one(tmp_path: Path) -> None:
    files = {"compose.yaml": "services: {}\n", "chart.yaml": "a: {{ .x }}\n", "mkdocs.yaml": "a: [\n", "binary.yaml": "\x00\n", "good.yaml": CONFIG % "a"}
    write(tmp_path, files)
    assert validate(tmp_path, *files).code == 1
    said = validate(tmp_path, "--only-kubernetes", *files)
    assert (said.code, said.stdout) == (0, "Summary: 5 resources found in 5 files - Valid: 1, Invalid: 0, Errors: 0, Skipped: 4\n")
    shown = validate(tmp_path, "--only-kubernetes", "-v", "compose.yaml")
    assert "compose.yaml:1: skipped: not a Kubernetes object" in shown.stdout and shown.stderr == ""
    write(tmp_path, {"broken.yaml": "apiVersion: v1\nkind: [\n"})
    said = validate(tmp_path, "--only-kubernetes", *files, "broken.yaml")
    assert said.code == 1 and "broken.yaml:3:1: error:" in said.stdout


SERVICES = """
apiVersion: v1
kind: Service
metadata: {name: far}
spec: {clusterIP: 172.20.0.10, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: six}
spec: {ipFamilies: [IPv6], clusterIP: "fd00::10", ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: both}
spec: {ipFamilyPolicy: RequireDualStack, ports: [{port: 80}]}
"""


def test_without_a_cluster_its_networks_are_not_known(tmp_path: Path) -> None:
    write(tmp_path, {"services.yaml": SERVICES})
    assert validate(tmp_path, "services.yaml").code == 0
    said = validate(tmp_path, "--cluster", "profile:kind", "services.yaml")
    assert said.code == 1
    for words in ("failed to allocate IP 172.20.0.10", "not configured on this cluster", "not configured for dual-stack"):
        assert words in said.stdout
    write(tmp_path, {"services.yaml": SERVICES.replace("name: six}", "name: six, namespace: other}").replace('"fd00::10"', "172.20.0.10").replace("IPv6", "IPv4")})
    assert "provided IP is already allocated" in validate(tmp_path, "services.yaml").stdout
