"""Files, directories and patterns to objects, in kplan's view and in kubectl's."""

from __future__ import annotations

from pathlib import Path

import pytest

from kplan.load.documents import Loaded
from kplan.load.sources import load_sources
from kplan.model.diagnostics import Severity

FIXTURES = Path(__file__).parents[3] / "fixtures" / "manifests"


def config_map(name: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n"


def names(loaded: Loaded) -> list[str]:
    return [document.object["metadata"]["name"] for document in loaded.documents]


def codes(loaded: Loaded) -> list[str]:
    return [f"{d.code} {d.at}" for d in loaded.diagnostics]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, text: str | bytes) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())


def test_a_directory_gives_its_own_manifests_in_order() -> None:
    for path in ("d/b.yaml", "d/a.yml", "d/.c.json", "d/sub/e.yaml"):
        write(
            path,
            config_map(Path(path).stem.strip("."))
            if not path.endswith("json")
            else '{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "c"}}',
        )
    write("d/notes.txt", "not read")
    assert names(load_sources(["d"])) == ["c", "a", "b"]
    assert names(load_sources(["d"], recursive=True)) == ["c", "a", "b", "e"]
    assert [d.file for d in load_sources(["./d/"]).documents] == ["d/.c.json", "d/a.yml", "d/b.yaml"]


def test_patterns_several_sources_and_standard_input() -> None:
    for name in ("x1", "x2", "z"):
        write(f"{name}.yaml", config_map(name))
    loaded = load_sources(["x*.yaml", "-", "z.yaml"], stdin=config_map("piped").encode())
    assert names(loaded) == ["x1", "x2", "piped", "z"]
    assert loaded.documents[2].file == "STDIN"
    assert loaded.files == 4


def test_an_explicit_file_needs_no_extension() -> None:
    write("manifest.txt", config_map("a"))
    assert names(load_sources(["manifest.txt"])) == ["a"]


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        (["gone.yaml"], 'the path "gone.yaml" does not exist'),
        (["gone*"], 'the path "gone*" does not exist'),
        (["empty"], "error reading [empty]: recognized file extensions are [.json .yaml .yml]"),
        (["-", "-"], "standard input cannot be used for multiple arguments"),
    ],
)
def test_what_is_no_source_stops_kubectl_at_once(sources: list[str], words: str) -> None:
    Path("empty").mkdir()
    loaded = load_sources(sources, stdin=b"")
    assert loaded.usage == (words,)
    assert [d.severity for d in loaded.diagnostics] == [Severity.ERROR]


def test_an_address_is_refused() -> None:
    (usage,) = load_sources(["https://example.com/a.yaml"]).usage
    assert "does not use the network" in usage


def test_lists_are_taken_apart() -> None:
    write(
        "lists.yaml",
        "apiVersion: v1\nkind: List\nitems:\n"
        "- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n"
        "- apiVersion: v1\n  kind: PodList\n  items:\n  - metadata:\n      name: b\n"
        "- {apiVersion: v1, metadata: {name: c}}\n"
        "- {apiVersion: v1, kind: Pod, metadata: {name: d}}\n",
    )
    loaded = load_sources(["lists.yaml"])
    assert [(d.object["kind"], d.object["metadata"]["name"]) for d in loaded.documents] == [
        ("Pod", "a"),
        ("Pod", "b"),
        ("Pod", "d"),
    ]
    assert str(loaded.documents[1].locate(("metadata", "name"))) == "lists.yaml:9:13"
    assert codes(loaded) == ["KP106 lists.yaml:10:3"]
    (delivery,) = loaded.deliveries
    assert delivery.remarks == (
        (
            2,
            'unable to get type info from the object "*unstructured.Unstructured": '
            "Object 'Kind' is missing in 'object has no kind field '",
        ),
    )


def test_kplan_reads_on_behind_a_broken_document_and_kubectl_does_not() -> None:
    loaded = load_sources([str(FIXTURES / "bad" / "syntax-error.yaml")])
    assert names(loaded) == ["first", "last"]
    (problem,) = loaded.diagnostics
    assert (problem.code, problem.at and problem.at.line, problem.at and problem.at.column) == ("KP102", 10, 2)
    (delivery,) = loaded.deliveries
    assert [d.object["metadata"]["name"] for d in delivery.documents] == ["first"]
    file = FIXTURES / "bad" / "syntax-error.yaml"
    assert delivery.failure == (
        f"error parsing {file}: error converting YAML to JSON: yaml: line 4: did not find expected key"
    )


def test_a_document_without_kind_ends_kubectls_file() -> None:
    write(
        "change.yaml",
        config_map("first") + "---\napiVersion: v1\nmetadata: {name: kindless}\n---\n" + config_map("last"),
    )
    loaded = load_sources(["change.yaml"])
    assert names(loaded) == ["first", "last"]
    assert codes(loaded) == ["KP106 change.yaml:6"]
    (delivery,) = loaded.deliveries
    assert [d.object["metadata"]["name"] for d in delivery.documents] == ["first"]
    assert delivery.failure == (
        'error validating "change.yaml": error validating data: kind not set; '
        "if you choose to ignore these errors, turn validation off with --validate=false"
    )


def test_neither_apiversion_nor_kind() -> None:
    write("d/a.yaml", "foo: bar\n")
    loaded = load_sources(["d"])
    assert "[apiVersion not set, kind not set]" in loaded.deliveries[0].failure
    assert [(s.file, s.line) for s in loaded.skipped] == [("d/a.yaml", 1)]
    assert not loaded.diagnostics
    assert codes(load_sources(["d/a.yaml"])) == ["KP107 d/a.yaml:1"]


def test_what_is_no_manifest_is_skipped_loudly_in_a_directory() -> None:
    loaded = load_sources([str(FIXTURES / "bad")])
    skipped = {Path(s.file).name: s.reason.split(":")[0] for s in loaded.skipped}
    assert skipped == {
        "helm-template.yaml": "a Helm template, not YAML yet",
        "kustomization.yaml": "a kustomization, not an object",
        "not-kubernetes.yaml": "not a Kubernetes object",
    }
    for name in skipped:
        explicit = load_sources([str(FIXTURES / "bad" / name)])
        assert [d.code for d in explicit.diagnostics] == ["KP107"]
        assert not explicit.documents


def test_a_charts_templates_are_skipped_and_quoted_templates_are_not() -> None:
    write("chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    write("chart/values.yaml", "replicas: 1\n")
    write("chart/templates/a.yaml", config_map("a"))
    write("rules.yaml", config_map("rules") + 'data: {alert: "{{ $labels.instance }} is down"}\n')
    write("release.yaml", config_map('"{{ .Release.Name }}-x"'))
    loaded = load_sources(["."], recursive=True)
    assert names(loaded) == ["rules"]
    assert sorted(s.file for s in loaded.skipped) == [
        "chart/Chart.yaml",
        "chart/templates/a.yaml",
        "chart/values.yaml",
        "release.yaml",
    ]


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("binary.yaml", "KP103 1:8 a binary file: it holds a NUL character, so it is no manifest"),
        ("latin-1.yaml", "KP103 4:12 not UTF-8 text: byte 0xe9 cannot be decoded, so it is no manifest"),
        ("bomb.yaml", "KP102 1:1 error converting YAML to JSON: yaml: document contains excessive aliasing"),
        ("deep.yaml", "KP102 4:206 error converting YAML to JSON: yaml: line 4: exceeded max depth of 200"),
        ("deep.json", "KP102 1:1073 json: offset 1073: exceeded max depth of 200"),
        (
            "tab.yaml",
            "KP102 4:1 error converting YAML to JSON: yaml: line 4: found character that cannot start any token",
        ),
        ("syntax-error.json", "KP102 1:68 json: offset 68: invalid character '\"' after object key:value pair"),
        ("missing-kind.yaml", "KP106 1:0 kind not set: every Kubernetes object needs apiVersion and kind"),
        (
            "numeric-name.yaml",
            "KP109 3:1 json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
        ),
    ],
)
def test_bad_input_is_told_in_one_line_with_its_place(file: str, wanted: str) -> None:
    loaded = load_sources([str(FIXTURES / "bad" / file)])
    (problem,) = loaded.diagnostics
    assert problem.at is not None
    assert f"{problem.code} {problem.at.line}:{problem.at.column} {problem.message}" == wanted
    assert not loaded.documents


def test_kubectl_replaces_what_it_cannot_decode() -> None:
    (delivery,) = load_sources([str(FIXTURES / "bad" / "latin-1.yaml")]).deliveries
    assert [d.object["metadata"]["name"] for d in delivery.documents] == ["caf\ufffd"]


def test_byte_order_marks() -> None:
    write("utf8.yaml", b"\xef\xbb\xbf" + config_map("ü").encode())
    write("utf16le.yaml", b"\xff\xfe" + config_map("ü").encode("utf-16-le"))
    write("utf16be.yaml", b"\xfe\xff" + config_map("ü").encode("utf-16-be"))
    assert names(load_sources(["utf8.yaml", "utf16le.yaml", "utf16be.yaml"])) == ["ü", "ü", "ü"]


def test_empty_documents_are_no_news() -> None:
    loaded = load_sources([str(FIXTURES / "bad" / "empty.yaml")])
    assert (loaded.documents, loaded.diagnostics, loaded.skipped, loaded.files) == ((), (), (), 1)


def test_repeated_keys_are_told_and_the_last_counts() -> None:
    write("a.json", '{"apiVersion": "v1", "kind": "Pod",\n "metadata": {"name": "a", "name": "b"}}')
    loaded = load_sources([str(FIXTURES / "bad" / "duplicate-keys.yaml"), "a.json"])
    assert loaded.documents[0].object["data"] == {"color": "blue", "size": "small"}
    assert names(loaded)[1] == "b"
    found = [(d.code, d.severity, d.path, d.at and (d.at.line, d.at.column)) for d in loaded.diagnostics]
    assert found == [
        ("KP105", Severity.WARNING, ("data", "color"), (8, 3)),
        ("KP105", Severity.WARNING, ("metadata", "name"), (2, 28)),
    ]


def test_metadata_of_a_wrong_type_is_for_validation_unless_it_is_the_identity() -> None:
    write("a.yaml", config_map("a") + "  labels: {a: 1}\n---\n" + config_map("[b]") + "---\n" + config_map("c"))
    loaded = load_sources(["a.yaml"])
    assert names(loaded) == ["a", "c"]
    assert codes(loaded) == ["KP109 a.yaml:9:1"]
    decode = 'unable to decode "a.yaml": json: cannot unmarshal'
    assert loaded.deliveries[0].remarks == (
        (0, f"{decode} number into Go struct field ObjectMeta.metadata.labels of type string"),
        (0, f"{decode} array into Go struct field ObjectMeta.metadata.name of type string"),
    )


def test_the_shop_is_read_without_a_word() -> None:
    loaded = load_sources([str(FIXTURES / "shop")])
    assert len(loaded.documents) == 18
    assert not loaded.diagnostics and not loaded.skipped
    assert loaded.deliveries[0].documents[0].object["kind"] == "Namespace"


# -- pieces of kustomizations, and what is encrypted ---------------------------------------------------------------------

PATCHING = """resources: [base.yaml]
patches: [{path: sub/replicas.yaml}, {patch: "- op: remove"}]
patchesStrategicMerge: [old.yaml, "inline: {}\\n"]
patchesJson6902: [{path: ops.yaml, target: {kind: Pod}}]
"""


def test_patches_of_a_kustomization_are_no_objects() -> None:
    write("k/kustomization.yaml", PATCHING)
    for name in ("base", "old", "sub/replicas", "sub/other"):
        write(f"k/{name}.yaml", config_map(name.replace("/", "-")))
    write("k/ops.yaml", "[{op: remove, path: /metadata/labels}]")
    loaded = load_sources(["k"], recursive=True)
    assert names(loaded) == ["base", "sub-other"]
    assert [f"{s.file}: {s.reason}" for s in loaded.skipped if "a patch of" in s.reason] == [
        f"k/{name}: a patch of k/kustomization.yaml, not an object: build that first (kubectl kustomize DIR | kplan … -f -)"
        for name in ("old.yaml", "ops.yaml", "sub/replicas.yaml")
    ]


def test_a_patch_that_is_named_is_an_error_for_kplan_and_an_object_for_kubectl() -> None:
    write("k/kustomization.yml", "patches: [{path: a.yaml}]")
    write("k/a.yaml", config_map("a"))
    loaded = load_sources(["k/a.yaml"])
    assert (names(loaded), codes(loaded)) == ([], ["KP107 k/a.yaml:1"])
    assert [d.object["metadata"]["name"] for d in loaded.deliveries[0].documents] == ["a"]


@pytest.mark.parametrize("text", ["patches: 5", "patches: [1, {path: 2}]", "- a", "{{", "\0"])
def test_a_kustomization_that_cannot_be_read_patches_nothing(text: str) -> None:
    write("k/kustomization.yaml", text)
    write("k/a.yaml", config_map("a"))
    assert names(load_sources(["k"])) == ["a"]


SECRET = """apiVersion: v1
kind: Secret
metadata: {name: s}
data: {a: "ENC[AES256_GCM,data:x,type:str]", b: Yg==}
stringData: {c: "ENC[AES256_GCM,data:x,type:str]"}
sops: {mac: "ENC[AES256_GCM,data:x,type:str]", version: 3.9.0}
"""


def test_secrets_whose_values_are_encrypted_have_their_keys() -> None:
    write("s.yaml", SECRET)
    loaded = load_sources(["s.yaml"])
    (document,) = loaded.documents
    assert "sops" not in document.object
    assert (list(document.object["data"]), document.object["data"]["b"], list(document.object["stringData"])) == (["a", "b"], "Yg==", ["c"])
    assert document.locate(("data", "b")).line == 4
    assert "sops" in loaded.deliveries[0].documents[0].object, "kubectl would be given it as it is"


@pytest.mark.parametrize("text", [SECRET.replace("Secret", '"ENC[x]"'), SECRET.replace("kind: Secret", "kind: ConfigMap"), SECRET.replace("name: s", 'name: "ENC[x]"')])
def test_what_is_encrypted_beyond_that_is_left_out(text: str) -> None:
    write("d/s.yaml", text)
    loaded = load_sources(["d"])
    assert (names(loaded), codes(loaded)) == ([], [])
    assert [s.reason for s in loaded.skipped] == ["encrypted by SOPS: decrypt it first (sops decrypt FILE | kplan … -f -)"]


def test_an_object_with_a_field_of_that_name_is_not_encrypted() -> None:
    write("d/s.yaml", config_map("a") + "sops: {version: 1}\n")
    assert "sops" in load_sources(["d"]).documents[0].object
