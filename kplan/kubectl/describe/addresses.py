"""ServiceCIDRs and IPAddresses, described.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go: describeServiceCIDRV1, describeIPAddressV1 (1.36)
"""

from __future__ import annotations

from kplan.kubectl.describe.parts import Case, events, instant, marks, spec_of, status_of


def service_cidr(case: Case) -> None:
    """A ServiceCIDR."""
    paper = case.paper
    paper.line(0, "Name", case.meta["name"])
    marks(case)
    paper.line(0, "CIDRs", ", ".join(spec_of(case.object).get("cidrs") or ()))
    found = status_of(case.object).get("conditions") or ()
    if found:
        paper.line(0, "Status")
        paper.line(0, "Conditions")
        paper.write(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage\n")
        paper.write(1, "----\t------\t------------------\t------\t-------\n")
    for c in found:
        since = instant(c.get("lastTransitionTime"))
        paper.write(1, f"{c.get('type')}\t{c.get('status')}\t{since}\t{c.get('reason') or ''}\t{c.get('message') or ''}\n")
    events(case)


def ip_address(case: Case) -> None:
    """An IPAddress."""
    paper, parent = case.paper, spec_of(case.object).get("parentRef")
    paper.line(0, "Name", case.meta["name"])
    marks(case)
    if parent is not None:
        paper.line(0, "Parent Reference")
        for field in ("group", "resource", "namespace", "name"):
            paper.line(1, field.title(), parent.get(field) or "")
    events(case)


DESCRIBE = {"ServiceCIDR.networking.k8s.io": service_cidr, "IPAddress.networking.k8s.io": ip_address}
