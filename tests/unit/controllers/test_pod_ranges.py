"""How nodes get their ranges of pod addresses."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.apiserver.rules.addresses import parse_cidr_sloppy
from kplan.controllers.nodeipam import NodeIPAM, NoneLeft, Ranges
from kplan.engine.contract import Update
from kplan.model.objects import Ref


def network(text: str) -> Any:
    parsed = parse_cidr_sloppy(text)
    assert parsed is not None
    return parsed[1]


@pytest.mark.parametrize(
    ("cluster", "mask", "used", "given"),
    [
        ("127.123.234.0/24", 24, [], "127.123.234.0/24"),
        ("127.123.234.0/24", 30, ["127.123.234.0/28"], "127.123.234.16/30"),
        ("10.42.0.0/16", 24, ["10.42.0.0/16"], None),
        ("10.42.0.0/16", 24, ["10.0.0.0/8"], None),
        ("10.42.0.0/16", 24, ["10.42.1.0/24", "10.42.0.128/25", "192.168.0.0/16"], "10.42.2.0/24"),
        ("beef:1234::/48", 64, ["beef:1234::/64"], "beef:1234:0:1::/64"),
        ("ace:cab:deca::/48", 56, [], "ace:cab:deca::/56"),
    ],
)
def test_the_first_range_that_overlaps_nothing(cluster: str, mask: int, used: list[str], given: str | None) -> None:
    ranges = Ranges(network(cluster), mask)
    if given is None:
        with pytest.raises(NoneLeft):
            ranges.take(map(network, used))
    else:
        assert ranges.take(map(network, used)) == given


@pytest.mark.parametrize(
    ("flags", "given"),
    [
        ([], None),
        (["--cluster-cidr=10.244.0.0/16"], None),
        (["--allocate-node-cidrs", "--cluster-cidr=10.244.0.0/16"], ["10.244.0.0/24"]),
        (["--allocate-node-cidrs=true", "--cluster-cidr=10.244.0.0/16", "--node-cidr-mask-size=26"], ["10.244.0.0/26"]),
        (["--allocate-node-cidrs=true", "--cluster-cidr=10.244.0.0/16", "--service-cluster-ip-range=10.244.0.0/20"], ["10.244.16.0/24"]),
        (["--allocate-node-cidrs=true", "--cluster-cidr=10.244.0.0/16", "--controllers=*,-node-ipam-controller"], None),
        (["--allocate-node-cidrs=true", "--cluster-cidr=10.244.0.0/16", "--cidr-allocator-type=CloudAllocator"], None),
        (
            ["--allocate-node-cidrs=true", "--cluster-cidr=10.244.0.0/16,fd00:10:244::/56", "--node-cidr-mask-size-ipv4=25", "--node-cidr-mask-size-ipv6=60"],
            ["10.244.0.0/25", "fd00:10:244::/60"],
        ),
    ],
)
def test_the_controller_manager_says_whether_and_which(cluster: Any, flags: list[str], given: list[str] | None) -> None:
    world = cluster()
    world.add({"Node": "n1"})
    pod = {"name": "kcm", "image": "kcm", "command": ["/usr/bin/kube-controller-manager", *flags]}
    manager = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "kcm", "namespace": "kube-system", "uid": "kcm"}, "spec": {"containers": [pod]}}
    world.store.load(manager)
    controller = NodeIPAM()
    controller.start(world.store, world.context)
    actions = list(controller.reconcile(Ref("Node", "", "n1"), world.store, world.context))
    made = [a.object["spec"]["podCIDRs"] for a in actions if isinstance(a, Update)]
    assert made == ([given] if given else [])
