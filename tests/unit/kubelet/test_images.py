"""Which names of images kubelets can read."""

from __future__ import annotations

import pytest

from kplan.kubelet.images import unreadable

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "image",
    [
        "busybox",
        "busybox:1.36",
        "library/busybox",
        "docker.io/busybox",
        "index.docker.io/library/busybox:latest",
        "localhost/web",
        "localhost:5000/web:1",
        "registry.k8s.io/pause:3.10",
        "[2001:db8::1]:5000/team/web",
        "REGISTRY/web",
        "My.Registry.example.com/web:V1_a-b.c",
        "a__b/c.d/e---f",
        f"web@sha256:{HEX}",
        f"registry.example.com/web:1@sha512:{HEX}{HEX}",
    ],
)
def test_names_that_can_be_read(image: str) -> None:
    assert unreadable(image) == ""


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("Nginx", "invalid reference format: repository name (library/Nginx) must be lowercase"),
        ("REGION-docker.pkg.dev/PROJECT_ID/web:v1", "invalid reference format: repository name (PROJECT_ID/web) must be lowercase"),
        ("team/Web:1", "invalid reference format: repository name (team/Web) must be lowercase"),
        ("<image>", "invalid reference format"),
        ("{{ .values.image }}", "invalid reference format"),
        ("${image}:${tag}", "invalid reference format"),
        ("web:", "invalid reference format"),
        ("web:1:2", "invalid reference format"),
        ("web:-1", "invalid reference format"),
        ("https://registry.example.com/web", "invalid reference format"),
        ("a..b", "invalid reference format"),
        ("a___b", "invalid reference format"),
        ("/web", "invalid reference format"),
        ("-host.example.com/web", "invalid reference format"),
        ("web:" + "1" * 129, "invalid reference format"),
        ("web@sha256:abc", "invalid reference format"),
        (HEX, f"invalid repository name ({HEX}), cannot specify 64-byte hexadecimal strings"),
        (f"web@sha256:{HEX[:-1]}", "invalid checksum digest length"),
        (f"web@sha256:{HEX.upper()}", "invalid checksum digest format"),
        (f"web@md6:{HEX}", "unsupported digest algorithm"),
        ("example.com/" + "a" * 256, "repository name must not be more than 255 characters"),
    ],
)
def test_names_that_cannot(image: str, why: str) -> None:
    assert unreadable(image) == f"couldn't parse image name \"{image}\": {why}"
