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
    f"{HEAD}stringdata: {{t: {PLAIN}}}\n",
    f"{HEAD}data: {{k: {{{PLAIN}: x}}}}\n",
    f"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {{name: l, namespace: default}}\n  stringData: {{t: {PLAIN}}}\n  foo: {PLAIN}\n",
    f"apiVersion: v1\nkind: Secret\nmetadata: {{name: Bad_Name, namespace: gone}}\nstringData: {{t: {PLAIN}}}\n",
)
POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: nosy}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets]}]
  validations:
  - expression: "!has(object.data)"
    messageExpression: "'it holds ' + object.data.map(x, object.data[x]).join(', ')"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: nosy}
spec: {policyName: nosy, validationActions: [ACTION]}
"""
COPYING = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: nosy}
spec:
  failurePolicy: Fail
  reinvocationPolicy: Never
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets]}]
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration:
      expression: "Object{metadata: Object.metadata{annotations: {'copy': object.data['k']}}}"
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: nosy}
spec: {policyName: nosy}
"""
POLICIES = {"denying": POLICY.replace("ACTION", "Deny"), "warning": POLICY.replace("ACTION", "Warn"), "copying": COPYING}
OF_THE_CLUSTER = (
    *(["get", "secret", "s", "-o", o] for o in ("yaml", "json", "wide", "jsonpath={.data.k}", "jsonpath={..annotations}", "custom-columns=A:.data.k")),
    *(["get", "secrets", "-o", o] for o in ("yaml", "json", "jsonpath={.items[*].data}")),
    ["get", "secrets", "--sort-by={.data.k}", "-o", "yaml"],
    *(["get", "secret", "s", "-o", o] for o in ("jsonpath={.data}", "custom-columns=A:.data,B:.metadata.annotations")),
    ["get", "secret", "s", "-o", "yaml", "--show-managed-fields"],
    ["describe", "secret", "s"],
    ["explain", "secret/s"],
    *(["explain", "secret/s", "--defaults", "-o", o] for o in ("text", "json")),
    ["graph", "secret/s"],
    ["apply", "--dry-run", "-f", "good.yaml", "--server-side", "--force-conflicts"],
    ["apply", "--dry-run", "-f", "good.yaml", "--force"],
    *(["create", "secret", "generic", "n", f"--from-literal=a={PLAIN}", "--dry-run", "-o", o] for o in ("text", "json", "yaml")),
    ["patch", "secret", "s", "--type=json", "-p", '[{"op":"copy","from":"/data/k","path":"/metadata/annotations/x"}]', "--dry-run"],
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


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_no_policy_tells_a_value(policy: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "policy.yaml").write_text(POLICIES[policy])
    assert main(["apply", "--dry-run", "-f", "policy.yaml", "--state-out", "policed.json"]) == 0
    capfd.readouterr()
    commands = [["apply", "--dry-run", "-f", "good.yaml", "-o", o] for o in ("text", "json", "kubectl")]
    commands += [["admit", "-f", "good.yaml", "-o", o] for o in ("yaml", "json")]
    commands += [["validate", "good.yaml", "-v", "-o", o] for o in ("text", "json", "sarif", "junit", "github", "tap")]
    commands += [["diff", "-f", "good.yaml"], ["explain", "-f", "good.yaml"], ["create", "-f", "good.yaml", "--dry-run", "-o", "yaml"]]
    heard = {" ".join(c): told([*c, "--cluster", "policed.json"], capfd) for c in commands}
    assert "nosy" in heard["apply --dry-run -f good.yaml -o json"]
    assert [c for c, text in heard.items() if PLAIN in text or ENCODED in text] == []


def test_what_is_not_a_value_stays(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A value that happens to be the Secret's name hides neither the name nor the namespace."""
    (folder / "same.yaml").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: postgres, namespace: default}\nstringData: {user: postgres, space: default}\n")
    shown = told(["admit", "-f", "same.yaml"], capfd)
    assert "name: postgres" in shown and "namespace: default" in shown and "user: '***'" in shown
