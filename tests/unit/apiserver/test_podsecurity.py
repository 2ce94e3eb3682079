"""Pod Security: pods and what a real server answered, level by level and version by version; and the words."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from kplan.apiserver.podsecurity.contract import Pod
from kplan.apiserver.podsecurity.evaluation import checks, evaluate
from kplan.apiserver.podsecurity.levels import LEVELS, LevelVersion
from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.model.names import Names
from kplan.store.store import Store

ROOT = Path(__file__).parents[3]
CHOSEN = ROOT / "fixtures" / "recorded" / "pod-security.jsonl"
ALL = ROOT.parent / "shared" / "oracle" / "pod-security.jsonl.gz"


def a_pod(**spec: Any) -> Pod:
    return Pod({"name": "p"}, {"containers": [{"name": "c"}], **spec})


def said(level: str, of: Pod, minor: int = -1, newest: int = 36) -> list[str]:
    return [str(f) for f in evaluate(LevelVersion(level, minor), of, newest)]


def wrongly_judged(lines: Iterable[str]) -> list[str]:
    """The rows the server answers differently."""
    server = APIServer(Store(()), Catalog.at("1.36"), Names(0))
    wrong = []
    for row in map(json.loads, lines):
        namespace = f"{row['level']}-{row['version'].replace('.', '-')}"
        labels = {
            "pod-security.kubernetes.io/enforce": row["level"],
            "pod-security.kubernetes.io/enforce-version": row["version"],
        }
        server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})
        server.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}})
        pod = {**row["pod"], "metadata": {**row["pod"]["metadata"], "name": "p", "namespace": namespace}}
        outcome = server.create(pod, user=True, dry_run=True)
        refusal = outcome.error.message if outcome.error is not None else ""
        if refusal and "violates PodSecurity" not in refusal:
            # Refused before the standards are asked: ask them ourselves.
            refusal = ", ".join(said(row["level"], Pod(pod["metadata"], pod["spec"]), int(row["version"][3:])))
        if row["allowed"] is bool(refusal):
            wrong.append(f"{row['name']} {namespace}: allowed {row['allowed']}, but {refusal or 'accepted'}")
    return wrong


def test_chosen_rows() -> None:
    assert wrongly_judged(CHOSEN.read_text().splitlines()) == []


@pytest.mark.skipif(not ALL.exists(), reason="the records are not beside the repository")
def test_all_rows() -> None:
    with gzip.open(ALL, "rt") as lines:
        assert wrongly_judged(lines) == []


def test_every_check_has_a_level_and_revisions_that_rise() -> None:
    assert len(checks()) == 19
    for check in checks():
        assert check.level in LEVELS[1:]
        since = [r.since for r in check.revisions]
        assert since == sorted(set(since))


def test_restricted_in_full() -> None:
    assert said("restricted", a_pod()) == [
        'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
        'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"])',
        'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)',
        'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ]


def test_an_older_version_asks_less() -> None:
    assert said("restricted", a_pod(), minor=7) == ['runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)']


def test_a_server_knows_no_later_checks() -> None:
    probing = a_pod(containers=[{"name": "c", "livenessProbe": {"httpGet": {"host": "10.0.0.1"}}}])
    assert said("baseline", probing, newest=33) == []
    assert said("baseline", probing, minor=36, newest=33) == []
    assert said("baseline", probing) == ['probe or lifecycle host (container "c" uses probe or lifecycle host "10.0.0.1")']


def test_restricted_overrides_what_it_says_better() -> None:
    volumes = [{"name": "a", "hostPath": {"path": "/"}}, {"name": "b", "nfs": {}}]
    assert said("baseline", a_pod(volumes=volumes)) == ['hostPath volumes (volume "a")']
    assert 'restricted volume types (volumes "a", "b" use restricted volume types "hostPath", "nfs")' in said("restricted", a_pod(volumes=volumes))
    assert not any(s.startswith("hostPath") for s in said("restricted", a_pod(volumes=volumes)))


def test_who_set_it() -> None:
    bad = {"seLinuxOptions": {"type": "spc_t", "user": "u", "role": "r"}}
    both = a_pod(securityContext=bad, containers=[{"name": "c", "securityContext": bad}, {"name": "d"}])
    assert said("baseline", both) == [
        'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: '
        'type "spc_t"; user may not be set; role may not be set)'
    ]


def test_windows_and_user_namespaces_are_let_off() -> None:
    assert said("restricted", a_pod(os={"name": "windows"})) == [
        'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)'
    ]
    own_users = a_pod(hostUsers=False, securityContext={"runAsUser": 0})
    assert not any("runAs" in s for s in said("restricted", own_users))
    assert any("runAsUser=0" in s for s in said("restricted", own_users, minor=34))
