"""The contract of admission plugins.

A plugin is one module in this folder with a constant ``PLUGIN``; nothing lists them.  Plugins run in the order of the
API server's ``AllOrderedPlugins``: first every ``admit`` (it may change the draft), then, after validation, every
``validate``.  The first refusal ends the request.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/interfaces.go, pkg/kubeapiserver/options/plugins.go (1.36)
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from kplan.apiserver.outcome import Status, forbidden
from kplan.apiserver.stages import SILENT, Trail
from kplan.apiserver.strategy import Draft
from kplan.model.objects import Object, Ref

if TYPE_CHECKING:
    from kplan.apiserver.merge.apply.shape import Shape
    from kplan.catalog.catalog import Catalog
    from kplan.catalog.gates import Gates
    from kplan.catalog.kinds import KindInfo
    from kplan.store.view import View

CREATE, UPDATE, DELETE, CONNECT = "CREATE", "UPDATE", "DELETE", "CONNECT"

ORDER = (
    "NamespaceAutoProvision",
    "NamespaceLifecycle",
    "NamespaceExists",
    "LimitRanger",
    "ServiceAccount",
    "NodeRestriction",
    "TaintNodesByCondition",
    "AlwaysPullImages",
    "PodSecurity",
    "PodNodeSelector",
    "Priority",
    "DefaultTolerationSeconds",
    "PodTolerationRestriction",
    "ExtendedResourceToleration",
    "DefaultStorageClass",
    "StorageObjectInUseProtection",
    "OwnerReferencesPermissionEnforcement",
    "PersistentVolumeClaimResize",
    "RuntimeClass",
    "CertificateApproval",
    "CertificateSigning",
    "ClusterTrustBundleAttest",
    "CertificateSubjectRestriction",
    "DefaultIngressClass",
    "PodTopologyLabels",
    "DenyServiceExternalIPs",
    "NodeDeclaredFeatureValidator",
    "PodResizeValidator",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
    "ResourceQuota",
)
"""The names of all plugins in the server's order; those that have no module here are not modelled."""

OFF_BY_DEFAULT = frozenset(
    (
        "NamespaceAutoProvision",
        "NamespaceExists",
        "NodeRestriction",
        "AlwaysPullImages",
        "PodNodeSelector",
        "PodTolerationRestriction",
        "ExtendedResourceToleration",
        "OwnerReferencesPermissionEnforcement",
        "DenyServiceExternalIPs",
    )
)


@dataclass(slots=True)
class Attributes:
    """One request as admission sees it. ``object`` is the draft (None on delete), ``old`` the stored object."""

    operation: str
    info: KindInfo
    namespace: str
    name: str
    """May be "" on create while the server has not drawn the name yet."""
    object: Draft | None
    old: Object | None
    subresource: str = ""
    user: str = ""
    """The actor: ``kubectl`` (an administrator) or a controller's name."""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def resource(self) -> str:
        """The plural with its group, as messages have it (``deployments.apps``)."""
        return self.info.resource

    @property
    def kind(self) -> str:
        """Kind with group (``Deployment.apps``)."""
        return self.info.group_kind


@dataclass(slots=True)
class AdmissionContext:
    """What a plugin may ask, and where it leaves warnings and the writes that go with the request."""

    view: View
    catalog: Catalog
    gates: Gates
    now: float
    memo: dict[Any, Any]
    default: Callable[[Draft], None] = lambda draft: None
    """Applies the kind's defaulting to a draft again (after a policy has changed it)."""
    warnings: list[str] = field(default_factory=list)
    writes: list[tuple[Ref, Object]] = field(default_factory=list)
    """Objects to store if the request is accepted (a quota's status)."""
    kinds: Callable[[], Iterable[KindInfo]] = tuple
    """Every kind in every version that is served."""
    shape: Callable[[KindInfo], Shape] | None = None
    """How objects of a kind are merged."""
    dry_run: bool = False
    again: bool = False
    """Whether ``admit`` runs for the second time, because a plugin wanted it."""
    wants_again: bool = False
    notes: dict[str, Any] = field(default_factory=dict)
    """What a plugin remembers of the first time."""
    trail: Trail = SILENT
    """Where it is noted who set what."""


Check = Callable[[Attributes, AdmissionContext], Status | None]
"""Returns the refusal, or None. ``admit`` may change ``attributes.object`` in place."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One admission plugin. ``kinds`` narrows by group kind (None: every kind), ``operations`` by operation."""

    name: str
    operations: frozenset[str]
    kinds: frozenset[str] | None = None
    subresources: frozenset[str] = frozenset(("",))
    admit: Check | None = None
    validate: Check | None = None

    def handles(self, attributes: Attributes) -> bool:
        """Whether the plugin looks at such requests at all."""
        return (
            attributes.operation in self.operations
            and (self.kinds is None or attributes.kind in self.kinds)
            and attributes.subresource in self.subresources
        )


@cache
def plugins() -> tuple[Plugin, ...]:
    """Every plugin that is on by default, in the server's order; found by looking into this folder."""
    package = importlib.import_module("kplan.apiserver.admission")
    found = []
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        plugin = getattr(importlib.import_module(module.name), "PLUGIN", None)
        if isinstance(plugin, Plugin):
            found.append(plugin)
    return tuple(sorted((p for p in found if p.name not in OFF_BY_DEFAULT), key=_position))


def _position(plugin: Plugin) -> int:
    return ORDER.index(plugin.name)


def refuse(attributes: Attributes, why: str) -> Status:
    """403 in the words of ``admission.NewForbidden``; an object without a name goes by its generateName.

    Mirrors: staging/src/k8s.io/apiserver/pkg/admission/errors.go.
    """
    name = attributes.name
    if not name:
        meta = (attributes.object or {}).get("metadata") or {}
        name = meta.get("name") or meta.get("generateName") or "Unknown"
    return forbidden(attributes.resource, name, why)
