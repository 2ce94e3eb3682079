"""pod-template-hash and ControllerRevision hashes, held against what a real control plane computed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from kplan.catalog.catalog import Catalog
from kplan.model.gojson import encode, write_map
from kplan.model.hashing import TemplateHasher, fnv1, fnv1a, revision_hash, revision_name, safe_encode
from kplan.model.spew import Spew, read_go_types

RECORDED = Path(__file__).parents[3] / "fixtures/recorded/template-hash.jsonl.gz"
TYPES = read_go_types(Catalog.at("1.36").pod_template_go_types)


def rows() -> list[dict[str, Any]]:
    with gzip.open(RECORDED) as lines:
        return [json.loads(line) for line in lines]


def test_every_recorded_template_has_its_hash() -> None:
    hasher = TemplateHasher(TYPES)
    assert [hasher.hash(r["template"]) for r in rows()] == [r["hash"] for r in rows()]


def test_the_hashed_text_is_spews() -> None:
    hasher = TemplateHasher(TYPES)
    with_text = [r for r in rows() if "text" in r]
    assert len(with_text) == 20
    for row in with_text:
        assert hasher.text(row["template"]) == row["text"]


def test_a_recorded_template_is_written_as_go_writes_it() -> None:
    for row in rows():
        assert encode(TYPES, "v1.PodTemplateSpec", row["template"]) == row["template"]


def test_fnv1a_in_pieces_is_fnv1a() -> None:
    assert fnv1a([]) == 0x811C9DC5
    assert fnv1a(["foobar"]) == 0xBF9CF968
    assert fnv1a(["f", "oo", "", "bar"]) == 0xBF9CF968
    assert fnv1a(["foo"], b"bar") == 0xBF9CF968
    assert fnv1a(["é", "ü"]) == fnv1a(["éü"])


def test_fnv1() -> None:
    assert fnv1(b"foobar") == 0x31F0B262


def test_safe_encode_takes_the_codes_modulo_27() -> None:
    assert safe_encode("0123456789") == "456789bcdf"


def test_a_collision_changes_the_hash() -> None:
    template = rows()[0]["template"]
    hasher = TemplateHasher(TYPES)
    hashes = [hasher.hash(template), hasher.hash(template, 0), hasher.hash(template, 1), hasher.hash(template)]
    assert len(set(hashes)) == 3 and hashes[0] == hashes[3]


def test_empty_and_absent_are_one() -> None:
    template = rows()[0]["template"]
    padded = {**template, "spec": {**template["spec"], "tolerations": [], "nodeSelector": {}, "hostname": None}}
    assert TemplateHasher(TYPES).hash(padded) == rows()[0]["hash"]
    assert encode(TYPES, "v1.PodTemplateSpec", padded) == template


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("200m", "value:(int64)200 scale:(resource.Scale)-3} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)200m Format:(resource.Format)DecimalSI"),
        ("64Mi", "value:(int64)67108864 scale:(resource.Scale)0} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string) Format:(resource.Format)BinarySI"),
        ("1Gi", "value:(int64)1073741824 scale:(resource.Scale)0} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)1Gi Format:(resource.Format)BinarySI"),
        ("0", "value:(int64)0 scale:(resource.Scale)0} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)0 Format:(resource.Format)DecimalSI"),
        ("12e6", "value:(int64)12 scale:(resource.Scale)6} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)12e6 Format:(resource.Format)DecimalExponent"),
        ("-5", "value:(int64)-5 scale:(resource.Scale)0} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)-5 Format:(resource.Format)DecimalSI"),
        ("1.5", "value:(int64)15 scale:(resource.Scale)-1} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string) Format:(resource.Format)DecimalSI"),
        (
            "1Ei",
            "value:(int64)0 scale:(resource.Scale)0} d:(resource.infDecAmount){Dec:(*inf.Dec){unscaled:(big.Int){neg:(bool)false "
            "abs:(big.nat)[0 62500000]} scale:(inf.Scale)9}} s:(string) Format:(resource.Format)BinarySI",
        ),
    ],
)
def test_the_insides_of_quantities(text: str, inside: str) -> None:
    said = Spew(TYPES).text("v1.EmptyDirVolumeSource", {"sizeLimit": text})
    assert f"SizeLimit:(*resource.Quantity){{i:(resource.int64Amount){{{inside}}}" in said


def test_int_or_string_and_time() -> None:
    spew = Spew(TYPES)
    assert "Port:(intstr.IntOrString){Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)web}" in spew.text("v1.TCPSocketAction", {"port": "web"})
    assert "Port:(intstr.IntOrString){Type:(intstr.Type)0 IntVal:(int32)80 StrVal:(string)}" in spew.text("v1.TCPSocketAction", {"port": 80})
    meta = spew.text("v1.ObjectMeta", {"creationTimestamp": "1970-01-01T00:00:01Z"})
    assert "CreationTimestamp:(v1.Time){Time:(time.Time){wall:(uint64)0 ext:(int64)62135596801 loc:(*time.Location){name:(string)UTC" in meta


def test_a_revision_is_named_by_its_bytes() -> None:
    data = {"spec": {"template": {"$patch": "replace", "metadata": {"labels": {"a": "<&>"}}}}}
    written = write_map(data)
    assert written == b'{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"a":"\\u003c\\u0026\\u003e"}}}}}'
    assert revision_hash(written, 0) == safe_encode(str(fnv1(written + b"0")))
    assert revision_name("x" * 230, "abc") == "x" * 223 + "-abc"
