"""KP608: pods that no node runs as they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.checks.test_checks import WEB, changed, plan


def web(**spec: Any) -> dict[str, Any]:
    """The workload with another pod."""
    template: dict[str, Any] = WEB["spec"]["template"]  # type: ignore[index]
    pod = {"containers": [{"name": "web", "image": "web:1"}], **spec}
    return changed(WEB, template={**template, "spec": pod})


def sysctls(*names: str) -> dict[str, Any]:
    return {"securityContext": {"sysctls": [{"name": n, "value": "1"} for n in names]}}


def test_an_image_whose_name_cannot_be_read(tmp_path: Path) -> None:
    why = 'couldn\'t parse image name "registry/PROJECT/web:1": invalid reference format: repository name (registry/PROJECT/web) must be lowercase'
    said = f"Deployment default/web: the image of container web cannot be pulled (InvalidImageName): {why}"
    assert plan(tmp_path, [web(containers=[{"name": "web", "image": "registry/PROJECT/web:1"}])]) == [("KP608", said)]


def test_that_of_an_init_container(tmp_path: Path) -> None:
    ((code, said),) = plan(tmp_path, [web(initContainers=[{"name": "prepare", "image": "$IMAGE"}])])
    assert (code, said.partition(":")[0]) == ("KP608", "Deployment default/web")
    assert "container prepare" in said


@pytest.mark.parametrize("name", ["net.core.somaxconn", "net/core/somaxconn", "kernel.msgmax"])
def test_a_kernel_parameter_that_kubelets_do_not_allow(tmp_path: Path, name: str) -> None:
    ((code, said),) = plan(tmp_path, [web(**sysctls("net.ipv4.tcp_syncookies", name))])
    assert code == "KP608"
    assert f'forbidden sysctl: "{name.replace("/", ".")}" not allowlisted' in said


def test_those_that_are_the_pods_own(tmp_path: Path) -> None:
    assert plan(tmp_path, [web(**sysctls("net.ipv4.tcp_syncookies", "kernel/shm_rmid_forced", "net.ipv4.tcp_rmem"))]) == []
