"""What a Service is given before it is validated: IP families, cluster IPs, node ports.

Mirrors: pkg/registry/core/service/storage/{storage,alloc}.go (1.36)
Differs: nothing is released, for what is taken is read off the Services in the store.
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.allocation import AllocationError, IPAllocator, PortAllocator, families
from kplan.apiserver.field import SPEC, FieldError, invalid
from kplan.apiserver.outcome import Status, internal_error, invalid_status
from kplan.apiserver.rules.addresses import parse_ip_sloppy
from kplan.apiserver.rules.serviceips import is_headless, validate_cluster_ip_fields
from kplan.apiserver.strategy import Draft, StrategyContext
from kplan.model.names import Names
from kplan.model.objects import Object, name_of, namespace_of

Spec = dict[str, Any]
_POLICY = SPEC.child("ipFamilyPolicy")
_OTHER = {"IPv4": "IPv6", "IPv6": "IPv4"}


class Refused(Exception):
    """Carries the answer out of the allocation of one request."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status


def begin(service: Draft, old: Object | None, ctx: StrategyContext) -> Status | None:
    """Fill in what a Service is allocated; the Status says why it cannot be."""
    if ctx.subresource:
        return None
    spec, before = service["spec"], old["spec"] if old is not None else None
    if before is not None:
        patch_allocated_values(spec, before)
    normalize_cluster_ips(spec, before)
    try:
        _Allocation(service, old, ctx).run()
    except Refused as refused:
        return refused.status
    return None


def needs_cluster_ip(spec: Object) -> bool:
    """Whether the type of Service has a cluster IP ("None" counts)."""
    return spec.get("type") != "ExternalName"


def needs_health_check(spec: Object) -> bool:
    """Whether the Service has a health check node port."""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def _needs_node_port(spec: Object) -> bool:
    if spec.get("type") == "LoadBalancer":
        return spec.get("allocateLoadBalancerNodePorts") is not False
    return spec.get("type") == "NodePort"


def node_ports(spec: Object) -> list[int]:
    """The node ports of a Service, those that are not set left out."""
    return [p["nodePort"] for p in spec.get("ports") or () if p.get("nodePort")]


def patch_allocated_values(spec: Spec, before: Object) -> None:
    """Keep what was allocated earlier where the new object does not say, so that the same manifest can come again."""
    if needs_cluster_ip(before) and needs_cluster_ip(spec):
        if not spec.get("clusterIP") and before.get("clusterIP"):
            spec["clusterIP"] = before["clusterIP"]
        if not spec.get("clusterIPs") and before.get("clusterIPs"):
            spec["clusterIPs"] = list(before["clusterIPs"])
    if _needs_node_port(before) and _needs_node_port(spec):
        used = set(node_ports(before)) & set(node_ports(spec))
        by_name = {p.get("name") or "": p.get("nodePort") or 0 for p in before.get("ports") or ()}
        for port in spec.get("ports") or ():
            earlier = by_name.get(port.get("name") or "", 0)
            if not port.get("nodePort") and earlier and earlier not in used:
                port["nodePort"] = earlier
    if needs_health_check(before) and needs_health_check(spec):
        if not spec.get("healthCheckNodePort") and before.get("healthCheckNodePort"):
            spec["healthCheckNodePort"] = before["healthCheckNodePort"]


def normalize_cluster_ips(spec: Spec, before: Object | None) -> None:
    """Bring clusterIPs in line with clusterIP, for those who write only the latter."""
    ip, ips = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    if before is None:
        if ip and not ips:
            spec["clusterIPs"] = [ip]
        return
    old_ip, old_ips = before.get("clusterIP") or "", before.get("clusterIPs") or []
    if old_ips and not ips and old_ip == ip:
        spec["clusterIPs"] = ips = list(old_ips)
    if old_ip != ip and old_ips == ips:
        if old_ip and not ip:
            spec.pop("clusterIPs", None)
        else:
            spec["clusterIPs"] = [ip]


class _Allocation:
    """The allocation for one request."""

    def __init__(self, service: Draft, old: Object | None, ctx: StrategyContext) -> None:
        self.name, self.namespace = name_of(service), namespace_of(service)
        self.spec: Spec = service["spec"]
        self.before: Object | None = old["spec"] if old is not None else None
        self.ctx = ctx
        self.names: Names = ctx.memo.get("names") or Names()
        self.ports = PortAllocator(ctx.view, self.names, ctx.dry_run)

    def run(self) -> None:
        self.init_ip_family_fields()
        if self.before is None:
            self.alloc_cluster_ips()
        else:
            self.update_cluster_ips(self.before)
        self.alloc_ports()

    def refuse(self, errors: list[FieldError]) -> None:
        if errors:
            raise Refused(invalid_status("Service", self.name, errors))

    def _purpose(self, what: str) -> str:
        return f"{what}/{self.namespace}/{self.name}"

    # -- IP families ---------------------------------------------------------------------------------------------

    def init_ip_family_fields(self) -> None:
        spec, before = self.spec, self.before
        if spec.get("type") == "ExternalName" or (before is not None and _same_prefer_dual_stack(spec, before)):
            return
        selectorless = spec.get("clusterIP") == "None" and not spec.get("selector")
        if spec.get("ipFamilyPolicy") is None:
            inherited = before.get("ipFamilyPolicy") if before is not None else None
            spec["ipFamilyPolicy"] = inherited or ("RequireDualStack" if selectorless else "SingleStack")
        self.refuse(list(validate_cluster_ip_fields(spec, before, self.ctx.gates)))
        errors = self._release_secondary(before) if before is not None else []
        errors += self._single_stack_errors()
        errors += self._infer_families()
        self.refuse(errors)
        if selectorless:
            self._complete_families(dual_stack=True)
            return
        self._check_cluster_families()
        self._complete_families(dual_stack=len(families(self.ctx.view)) == 2)

    def _release_secondary(self, before: Object) -> list[FieldError]:
        """SingleStack over unchanged fields drops the second of each; any other policy may not lose one."""
        spec, policy = self.spec, self.spec["ipFamilyPolicy"]
        errors = []
        for fld, what in (("clusterIPs", "cluster IP"), ("ipFamilies", "IP family")):
            now, then = spec.get(fld) or [], before.get(fld) or []
            if policy == "SingleStack":
                if now == then and len(now) > 1:
                    spec[fld] = now[:1]
            elif now and len(now) < len(then):
                errors.append(invalid(_POLICY, policy, f"must be 'SingleStack' to release the secondary {what}"))
        return errors

    def _single_stack_errors(self) -> list[FieldError]:
        policy = self.spec["ipFamilyPolicy"]
        if policy != "SingleStack":
            return []
        said = "must be 'RequireDualStack' or 'PreferDualStack' when multiple {} are specified"
        return [
            invalid(_POLICY, policy, said.format(what))
            for fld, what in (("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families"))
            if len(self.spec.get(fld) or ()) == 2
        ]

    def _infer_families(self) -> list[FieldError]:
        errors, ips = [], self.spec.get("clusterIPs") or []
        found = list(self.spec.get("ipFamilies") or ())
        known = families(self.ctx.view)
        for i, ip in enumerate(ips):
            if ip == "None":
                break
            if i >= len(found):
                address = parse_ip_sloppy(ip)
                family = f"IPv{address.version}" if address is not None else "unknown"
                if family in known:
                    found.append(family)
                else:
                    at = SPEC.child("clusterIPs").index(i)
                    errors.append(invalid(at, ips, f"{family} is not configured on this cluster"))
        if found:
            self.spec["ipFamilies"] = found
        return errors

    def _check_cluster_families(self) -> None:
        errors, known = [], families(self.ctx.view)
        policy = self.spec["ipFamilyPolicy"]
        if policy == "RequireDualStack" and len(known) < 2:
            errors.append(invalid(_POLICY, policy, "this cluster is not configured for dual-stack services"))
        for i, family in enumerate(self.spec.get("ipFamilies") or ()):
            if family not in known:
                errors.append(invalid(SPEC.child("ipFamilies").index(i), family, "not configured on this cluster"))
        self.refuse(errors)

    def _complete_families(self, *, dual_stack: bool) -> None:
        found = list(self.spec.get("ipFamilies") or families(self.ctx.view)[:1])
        if dual_stack and len(found) < 2 and self.spec["ipFamilyPolicy"] != "SingleStack":
            found.append(_OTHER[found[0]])
        self.spec["ipFamilies"] = found

    # -- cluster IPs ---------------------------------------------------------------------------------------------

    def alloc_cluster_ips(self) -> None:
        spec = self.spec
        if spec.get("type") == "ExternalName" or (spec.get("clusterIPs") or [""])[0] == "None":
            return
        ips = list(spec.get("clusterIPs") or ())
        for i, family in enumerate(spec["ipFamilies"]):
            given = ips[i] if i < len(ips) else ""
            ips[i : i + 1] = [self.alloc_ip(family, given)]
        spec["clusterIPs"] = ips
        spec["clusterIP"] = ips[0]

    def alloc_ip(self, family: str, given: str) -> str:
        allocator = IPAllocator(self.ctx.view, self.names, family, self.ctx.dry_run)
        if not given:
            try:
                return allocator.allocate_next(self._purpose(f"clusterIP/{family}"))
            except AllocationError as full:
                said = f'failed to allocate a serviceIP for Service "{self.name}": {full}'
                raise Refused(internal_error(said)) from full
        address = parse_ip_sloppy(given)
        if address is None:
            raise Refused(internal_error(f'failed to parse service IP "{given}"'))
        try:
            allocator.allocate(address)
        except AllocationError as why:
            said = f"failed to allocate IP {given}: {why}"
            error = invalid(SPEC.child("clusterIPs"), self.spec.get("clusterIPs"), said)
            raise Refused(invalid_status("Service", self.name, [error])) from why
        return given

    def update_cluster_ips(self, before: Object) -> None:
        spec = self.spec
        if _same_prefer_dual_stack(spec, before):
            return
        if not needs_cluster_ip(before):
            if needs_cluster_ip(spec):
                self.alloc_cluster_ips()
            return
        if is_headless(before) or not needs_cluster_ip(spec):
            return
        ips, now, then = list(spec.get("clusterIPs") or ()), spec.get("ipFamilies") or [], before.get("ipFamilies") or []
        if len(then) == 1 and len(now) == 2:
            spec["clusterIPs"] = [*ips[:1], self.alloc_ip(now[1], ips[1] if len(ips) > 1 else "")]

    # -- ports ---------------------------------------------------------------------------------------------------

    def alloc_ports(self) -> None:
        spec, before = self.spec, self.before
        if spec.get("type") in ("NodePort", "LoadBalancer"):
            if before is None:
                self.init_node_ports()
            else:
                self.update_node_ports(before)
        if needs_health_check(spec) and (before is None or not needs_health_check(before)):
            self.alloc_health_check_port()

    def _wanted(self) -> bool:
        return self.spec["type"] == "NodePort" or bool(self.spec.get("allocateLoadBalancerNodePorts"))

    def _take(self, i: int, port: int) -> None:
        try:
            self.ports.allocate(port)
        except AllocationError as why:
            self.refuse([invalid(SPEC.child("ports").index(i).child("nodePort"), port, str(why))])

    def _draw(self, i: int) -> int:
        try:
            return self.ports.allocate_next(self._purpose(f"nodePort/{i}"))
        except AllocationError as full:
            raise Refused(internal_error(f"failed to allocate a nodePort: {full}")) from full

    def init_node_ports(self) -> None:
        """Give every port a node port; ports of one number (TCP and UDP 53) share it."""
        ports = self.spec.get("ports") or []
        shared: dict[int, int] = {}
        for i, port in enumerate(ports):
            given, number = port.get("nodePort") or 0, port.get("port") or 0
            if not given and not self._wanted():
                continue
            if number not in shared:
                asked = next((p["nodePort"] for p in ports if (p.get("port") or 0) == number and p.get("nodePort")), 0)
                if asked:
                    self._take(i, asked)
                port["nodePort"] = shared[number] = asked or self._draw(i)
            elif not given:
                port["nodePort"] = shared[number]
            elif given != shared[number]:
                self._take(i, given)

    def update_node_ports(self, before: Object) -> None:
        kept = node_ports(before)
        seen: list[tuple[str, int]] = []
        for i, port in enumerate(self.spec.get("ports") or ()):
            given = port.get("nodePort") or 0
            if not given and not self._wanted():
                continue
            if not given:
                port["nodePort"] = self._draw(i)
            elif given not in kept and given not in self.ports.given:
                self._take(i, given)
            key = (port.get("protocol") or "", port["nodePort"])
            if key in seen:
                said = f"duplicate nodePort: {{{key[0]} {key[1]}}}"
                raise Refused(Status(500, "", said))
            seen.append(key)

    def alloc_health_check_port(self) -> None:
        asked = self.spec.get("healthCheckNodePort") or 0
        try:
            if asked:
                self.ports.allocate(asked)
            else:
                self.spec["healthCheckNodePort"] = self.ports.allocate_next(self._purpose("healthCheckNodePort"))
        except AllocationError as why:
            said = f"requested HealthCheck NodePort {asked}" if asked else "a HealthCheck NodePort 0"
            raise Refused(internal_error(f"failed to allocate {said}: {why}")) from why


def _same_prefer_dual_stack(spec: Object, before: Object) -> bool:
    """Whether a PreferDualStack Service keeps type, addresses and families: then it is left as it is."""
    return (
        spec.get("ipFamilyPolicy") == "PreferDualStack"
        and spec.get("type") == before.get("type")
        and spec.get("type") in ("ClusterIP", "NodePort", "LoadBalancer")
        and before.get("ipFamilyPolicy") in (None, "PreferDualStack")
        and (spec.get("clusterIPs") or []) == (before.get("clusterIPs") or [])
        and (spec.get("ipFamilies") or []) == (before.get("ipFamilies") or [])
    )
