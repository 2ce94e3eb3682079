"""The formats of verdicts: each well-formed whatever stands in the manifests, and all of them telling the same."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import kplan
from kplan.load.documents import Loaded, Skipped
from kplan.model.codes import CODES
from kplan.model.diagnostics import Diagnostic, Location, Severity
from kplan.render.report import Report
from kplan.render.verdicts import github, junit, kubeconform, sarif, tap, text
from kplan.render.verdicts import json as json_format
from kplan.validation.judge import Judge, Settings, judge_all
from kplan.validation.verdict import ERROR, INVALID, VALID, Verdict
from tests.documents import as_document
from tests.oracle.running import run

HOSTILE = 'a\x00\x1b]0;x\x07 <b>&"\'\r\n::error::%0A,: \ufffe \U0001f600 ]]>'
MANIFESTS = {
    "good.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good}\n",
    "bad.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80, targetport: 1}]}\n---\napiVersion: v1\nkind: Ghost\nmetadata: {name: g}\n",
    "broken.yaml": "a: [\n",
    "skipped.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
}


def hostile() -> Report:
    """A report of nothing but trouble: every text in it is hostile, every status occurs."""
    at = Location(f"dir,a/{HOSTILE}.yaml", 3, 7)
    found = Diagnostic("KP301", Severity.ERROR, HOSTILE, None, ("spec", HOSTILE, 0, "a/b~c"), None, HOSTILE, at)
    warned = Diagnostic("KP302", Severity.WARNING, HOSTILE, at=at)
    document = as_document({"apiVersion": HOSTILE, "kind": HOSTILE})
    verdicts = [
        Verdict(document, at.file, status, (found, warned) if status != VALID else (warned,), HOSTILE, HOSTILE, HOSTILE, HOSTILE)
        for status in (VALID, INVALID, ERROR, "skipped")
    ]
    unread = Diagnostic("KP102", Severity.ERROR, HOSTILE, at=at)
    return Report(Loaded((), (unread,), (Skipped(at.file, HOSTILE, 1),), 1), verdicts, "1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in MANIFESTS.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def validate(folder: Path, *argv: str) -> Any:
    return run(["validate", "--skip", "Secret", ".", *argv], folder)


def required_of_sarif(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Asserts what SARIF 2.1.0 demands of what we write, and gives the results."""
    assert document["version"] == "2.1.0"
    (only,) = document["runs"]
    driver = only["tool"]["driver"]
    assert driver["name"] and driver["version"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    assert all(rule["name"].isalnum() and rule["shortDescription"]["text"] and rule["help"]["text"] for rule in driver["rules"])
    for result in only["results"]:
        assert set(result) <= {"ruleId", "ruleIndex", "level", "message", "locations"}
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        for location in result.get("locations", ()):
            physical = location["physicalLocation"]
            assert re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=:@/%-]+", physical["artifactLocation"]["uri"])
            assert physical["region"]["startLine"] >= 1 and physical["region"]["startColumn"] >= 1
    return list(only["results"])


def test_sarif(folder: Path) -> None:
    results = required_of_sarif(json.loads(validate(folder, "-o", "sarif").stdout))
    placed = [(r["ruleId"], r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) for r in results]
    assert placed == [("KP102", "broken.yaml"), ("KP201", "bad.yaml"), ("KP210", "bad.yaml")]
    assert results[1]["locations"][0]["physicalLocation"]["region"] == {"startLine": 4, "startColumn": 27}


def test_sarif_of_hostile_texts() -> None:
    results = required_of_sarif(json.loads(sarif.render(hostile())))
    assert results[0]["message"]["text"].startswith(HOSTILE)


def test_the_rules_of_sarif_hold_every_code_in_the_code() -> None:
    source = Path(kplan.__file__).parent
    used = {code for path in source.rglob("*.py") for code in re.findall(r"\bKP\d{3}\b", path.read_text(encoding="utf-8"))}
    assert used == {code for code, _ in sarif.rules()}
    names = [words.name for _, words in sarif.rules()]
    assert len(set(names)) == len(names)
    assert {"KP402", "KP404", "KP502", "KP803"} <= used and "KP404" not in CODES


def test_junit(folder: Path) -> None:
    root = ElementTree.fromstring(validate(folder, "-o", "junit").stdout)
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors"), root.get("skipped")) == ("testsuites", "5", "1", "2", "1")
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["bad.yaml", "good.yaml", "skipped.yaml", "broken.yaml"]
    web, ghost = suites["bad.yaml"]
    assert web.get("name") == "Service web"
    assert web.find("failure").text.startswith("bad.yaml:4:27: error: Service web: unknown field")  # type: ignore[union-attr]
    assert 'no matches for kind "Ghost"' in ghost.find("error").get("message")  # type: ignore[union-attr]


def test_junit_of_hostile_texts_is_xml() -> None:
    root = ElementTree.fromstring(junit.render(hostile()))
    cases = root.findall("testsuite/testcase")
    assert [[inner.tag for inner in case] for case in cases] == [["system-out"], ["failure"], ["error"], ["skipped"], ["error"]]
    shown = cases[1].find("failure").get("message")  # type: ignore[union-attr]
    assert shown is not None and "\x00" not in shown and '<b>&"' in shown and "\U0001f600" in shown


def test_junit_takes_time_in_proportion_to_the_files() -> None:
    def seconds(files: int) -> float:
        verdicts = [Verdict(None, f"{i}.yaml", VALID, (), "Pod", "p", "v1") for i in range(files)]
        begin = time.process_time()
        junit.render(Report(Loaded((), files=files), verdicts))
        return time.process_time() - begin

    few, many = (min(seconds(files) for _ in range(3)) for files in (1000, 8000))
    assert many < 30 * max(few, 0.005)


def test_github(folder: Path) -> None:
    lines = validate(folder, "-o", "github").stdout.splitlines()
    assert lines[1] == '::error file=bad.yaml,line=4,col=27,title=kplan KP201::Service web: unknown field "spec.ports[0].targetport"'
    assert len(lines) == 3


def test_github_escapes_what_would_end_an_annotation() -> None:
    lines = github.render(hostile()).splitlines()
    assert all(line.startswith(("::error ", "::warning ")) for line in lines)
    properties, _, message = lines[0].removeprefix("::error ").partition("::")
    assert "file=dir%2Ca/" in properties and "%0D%0A%3A%3Aerror%3A%3A%250A%2C%3A" in properties
    assert "%0D%0A::error::%250A,:" in message


def test_tap(folder: Path) -> None:
    lines = validate(folder, "-o", "tap").stdout.splitlines()
    assert lines[:2] == ["TAP version 13", "1..5"]
    tests = [line for line in lines if line.startswith(("ok", "not ok"))]
    assert [int(re.search(r"ok (\d+)", line)[1]) for line in tests] == [1, 2, 3, 4, 5]  # type: ignore[index]
    assert "ok 4 - skipped.yaml (v1/Secret//s) # SKIP skipped by --skip" in tests


def test_tap_of_hostile_texts_is_a_line_a_test() -> None:
    lines = tap.render(hostile()).splitlines()
    assert lines[1] == "1..5"
    assert sum(line.startswith(("ok ", "not ok ")) for line in lines) == 5
    assert all(line.startswith(("ok ", "not ok ", "# ", "TAP", "1..")) for line in lines)


def test_json(folder: Path) -> None:
    document = json.loads(validate(folder, "-o", "json").stdout)
    assert document["summary"] == {"resources": 4, "files": 4, "valid": 1, "invalid": 1, "errors": 2, "skipped": 1}
    web = next(r for r in document["resources"] if r["name"] == "web")
    assert web["findings"][0]["at"] == {"file": "bad.yaml", "line": 4, "column": 27}
    assert web["findings"][0]["path"] == ["spec", "ports", 0, "targetport"]
    assert json.loads(json_format.render(hostile()))["resources"][1]["findings"][0]["message"] == HOSTILE


def test_kubeconform(folder: Path) -> None:
    document = json.loads(validate(folder, "-o", "kubeconform").stdout)
    assert document["summary"] == {"valid": 1, "invalid": 1, "errors": 2, "skipped": 1}
    assert [(r["filename"], r["kind"], r["name"], r["version"], r["status"]) for r in document["resources"]] == [
        ("bad.yaml", "Service", "web", "v1", "statusInvalid"),
        ("bad.yaml", "Ghost", "g", "v1", "statusError"),
        ("broken.yaml", "", "", "", "statusError"),
    ]
    assert document["resources"][0]["validationErrors"][0]["path"] == "/spec/ports/0/targetport"
    statuses = [r["status"] for r in json.loads(validate(folder, "-v", "-o", "kubeconform").stdout)["resources"]]
    assert {"statusValid", "statusSkipped"} < set(statuses)
    assert json.loads(kubeconform.render(hostile()))["resources"][0]["validationErrors"][0]["path"].endswith("/0/a~1b~0c")


def test_text(folder: Path) -> None:
    lines = validate(folder, "-v").stdout.splitlines()
    assert lines[0].startswith("broken.yaml:")
    assert "good.yaml - ConfigMap good is valid" in lines
    assert "skipped.yaml - Secret s skipped: by --skip" in lines
    assert lines[-1] == "Summary: 5 resources found in 4 files - Valid: 1, Invalid: 1, Errors: 2, Skipped: 1"
    assert "\x1b" not in text.render(hostile()) and "\x00" not in text.render(hostile())


def test_several_formats_at_once_each_to_its_file(folder: Path) -> None:
    said = validate(folder, "-o", "github", "-o", "sarif=out.sarif", "-o", "junit=out.xml", "-o", "json=out.json", "-o", "tap=out.tap")
    assert said.code == 1 and said.stdout.startswith("::error ")
    required_of_sarif(json.loads((folder / "out.sarif").read_text()))
    assert ElementTree.parse(folder / "out.xml").getroot().get("tests") == "5"
    assert (folder / "out.tap").read_text().startswith("TAP version 13\n")
    assert json.loads((folder / "out.json").read_text())["summary"]["errors"] == 2


def test_every_format_says_nothing_of_the_values_of_a_secret() -> None:
    secret = as_document({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "hunter2!"}, "type": 3})
    for schema_only in (True, False):
        verdicts = judge_all(Judge.at(Settings(schema_only=schema_only)), [secret])
        report = Report(Loaded((secret,), files=1), verdicts)
        assert verdicts[0].status == INVALID
        for form in (github, json_format, junit, kubeconform, sarif, tap, text):
            assert "hunter2" not in form.render(report)
