"""kubectl's way to the API server: requests in one version of a kind, warnings to the screen.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/resource/helper.go (1.36)
Differs: requests go to the simulated server's door; after each write the controllers get their turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from kplan.apiserver import applying
from kplan.apiserver import outcome as answers
from kplan.apiserver.merge.request import PatchRequest
from kplan.apiserver.outcome import Outcome, Status
from kplan.apiserver.scale import scale_of, scale_paths, with_scale
from kplan.apiserver.server import APIServer
from kplan.catalog.kinds import KindInfo
from kplan.kubectl.screen import Screen
from kplan.model.objects import Object, Path, Ref, get_in, labels_of
from kplan.model.selectors import EVERYTHING, Selector

NONE, CLIENT, SERVER = "none", "client", "server"
"""Dry-run strategies: of kubectl, so "none" is what kplan plans."""
_NO_SUCH_PATH = Status(404, "NotFound", "the server could not find the requested resource")


def _nothing() -> None:
    return None


@dataclass(slots=True)
class Client:
    """One user's requests to one cluster."""

    server: APIServer
    screen: Screen = field(default_factory=Screen)
    namespace: str = "default"
    """The namespace of ``-n``, or the context's."""
    enforce_namespace: bool = False
    """Whether ``-n`` was given."""
    between: Callable[[], None] = _nothing
    """Lets the controllers react to what was just written."""
    settle: Callable[[], None] = _nothing
    """Lets the cluster run to its fixed point: what waiting does."""
    pause: Callable[[float], None] = lambda _: None
    """Lets that many seconds pass."""
    held: dict[Ref, Status] = field(default_factory=dict)
    """Pods whose eviction was asked for in vain, and what the server said last."""

    # -- kinds ---------------------------------------------------------------------------------------------------

    def resolve(self, api_version: str, kind: str) -> KindInfo | None:
        """The kind as the server serves it, None where it does not."""
        return self.server.resolve(api_version, kind)

    def resource(self, word: str) -> KindInfo | None:
        """The kind of a word: plural, singular, short name, Kind, with a group or not."""
        found = self.server.catalog.resource(word)
        if found is not None:
            return found
        wanted = word.lower()
        return next((info for info in self.server.custom_kinds() if wanted in _words(info)), None)

    def kinds(self) -> list[KindInfo]:
        """All served kinds, those of custom resources last."""
        return [*self.server.catalog.kinds(), *self.server.custom_kinds()]

    # -- reading -------------------------------------------------------------------------------------------------

    def get(self, info: KindInfo, namespace: str, name: str) -> Outcome:
        """One object in the version asked for, or 404."""
        self._warn_of(info)
        found = self.server.view.get(self.ref(info, namespace, name))
        if found is None:
            return Outcome(error=answers.not_found(info.resource, name))
        return Outcome(self.in_version(found, info))

    def get_subresource(self, info: KindInfo, namespace: str, name: str, subresource: str) -> Outcome:
        """What a path below an object's answers; "" stands for the object itself."""
        if subresource and subresource not in info.subresources:
            return Outcome(error=_NO_SUCH_PATH)
        return self.scale(info, namespace, name) if subresource == "scale" else self.get(info, namespace, name)

    def list(
        self,
        info: KindInfo,
        namespace: str | None = None,
        selector: Selector = EVERYTHING,
        where: Callable[[Object], bool] | None = None,
    ) -> list[Object]:
        """The objects of a kind, in (namespace, name) order; of one namespace where one is given."""
        self._warn_of(info)
        within = (namespace or None) if info.namespaced else None
        found = self.server.view.objects(info.group_kind, within)
        return [self.in_version(o, info) for o in found if selector.matches(labels_of(o)) and (where is None or where(o))]

    # -- writing -------------------------------------------------------------------------------------------------

    def create(
        self, info: KindInfo, namespace: str, obj: Object, *, manager: str, dry_run: str = NONE, validation: str = "Strict", duplicates: Iterable[Path] = ()
    ) -> Outcome:
        """POST."""
        self._warn_of(info)
        placed = _in_namespace(obj, namespace if info.namespaced else "")
        return self._done(
            self.server.create(placed, user=True, validation=validation, manager=manager, dry_run=dry_run == SERVER, duplicates=duplicates)
        )

    def update(self, info: KindInfo, obj: Object, *, manager: str, subresource: str = "", dry_run: str = NONE, validation: str = "Strict") -> Outcome:
        """PUT."""
        self._warn_of(info)
        return self._done(
            self.server.update(obj, user=True, validation=validation, manager=manager, subresource=subresource, dry_run=dry_run == SERVER)
        )

    def patch(
        self,
        info: KindInfo,
        namespace: str,
        name: str,
        kind: str,
        body: Any,
        *,
        manager: str,
        subresource: str = "",
        dry_run: str = NONE,
        validation: str = "Warn",
    ) -> Outcome:
        """PATCH with a strategic, merge or JSON patch."""
        self._warn_of(info)
        if subresource == "scale":
            return self._patch_scale(info, namespace, name, kind, body, manager, dry_run)
        request = PatchRequest(kind, body, info, self.server.catalog)

        made: list[Object] = []

        def patched(stored: Object) -> Object | Status:
            result = request(self.in_version(stored, info))
            if not isinstance(result, Status):
                made.append(result)
            return result

        ref = self.ref(info, namespace, name)
        if self.server.view.get(ref) is None:
            return Outcome(error=answers.not_found(info.resource, name))
        outcome = self.server.patch(ref, patched, manager=manager, subresource=subresource, dry_run=dry_run == SERVER, validation=validation)
        return self._done(_of_patch(outcome, request, made))

    def apply(
        self, info: KindInfo, namespace: str, name: str, config: Object, *, manager: str, force: bool, dry_run: str = NONE, subresource: str = ""
    ) -> Outcome:
        """PATCH with the configuration itself: server-side apply."""
        self._warn_of(info)
        ref = self.ref(info, namespace, name)
        placed = _in_namespace(config, ref.namespace)
        return self._done(
            applying.apply(self.server, placed, info, ref, manager=manager, force=force, subresource=subresource, dry_run=dry_run == SERVER)
        )

    def scale(self, info: KindInfo, namespace: str, name: str) -> Outcome:
        """GET the scale of an object."""
        found = self.server.view.get(self.ref(info, namespace, name))
        if found is None:
            return Outcome(error=answers.not_found(info.resource, name))
        paths = self._scale_paths(info)
        if paths is None:
            return Outcome(error=_NO_SUCH_PATH)
        return Outcome(scale_of(found, paths))

    def _scale_paths(self, info: KindInfo) -> dict[str, Path] | None:
        """Where the size is kept; None where the kind has no scale."""
        if info.definition:
            return {} if "scale" in info.subresources else None
        crd = self._definition_of(info)
        return (scale_paths(crd, info.version) if crd is not None else None) or None

    def selectable_fields(self, info: KindInfo) -> tuple[str, ...]:
        """The fields by which custom resources can be selected, as field selectors write them."""
        versions = get_in(self._definition_of(info) or {}, ("spec", "versions")) or []
        given = next((v.get("selectableFields") or [] for v in versions if v.get("name") == info.version), [])
        return tuple(str(f["jsonPath"]).lstrip(".") for f in given)

    def _definition_of(self, info: KindInfo) -> Object | None:
        return self.server.view.get(Ref("CustomResourceDefinition.apiextensions.k8s.io", "", f"{info.plural}.{info.group}"))

    def _patch_scale(self, info: KindInfo, namespace: str, name: str, kind: str, body: Any, manager: str, dry_run: str) -> Outcome:
        found = self.scale(info, namespace, name)
        if found.object is None:
            return found
        scale_info = self.server.catalog.kind(found.object["apiVersion"], found.object["kind"])
        request = PatchRequest(kind, body, scale_info or info, self.server.catalog)
        paths = self._scale_paths(info)

        def resized(stored: Object) -> Object | Status:
            patched = request(scale_of(stored, paths))
            return patched if isinstance(patched, Status) else with_scale(stored, patched, paths)

        ref = self.ref(info, namespace, name)
        outcome = self._done(self.server.patch(ref, resized, manager=manager, subresource="scale", dry_run=dry_run == SERVER))
        return outcome if outcome.object is None else replace(outcome, object=scale_of(outcome.object, paths))

    def delete(
        self, info: KindInfo, namespace: str, name: str, *, propagation: str = "Background", grace: int | None = None, dry_run: str = NONE, uid: str = ""
    ) -> Outcome:
        """DELETE."""
        self._warn_of(info)
        ref = self.ref(info, namespace, name)
        if self.server.view.get(ref) is None:
            return Outcome(error=answers.not_found(info.resource, name))
        return self._done(self.server.delete(ref, propagation=propagation, grace=grace, uid=uid, dry_run=dry_run == SERVER))

    def evict(self, namespace: str, name: str, *, grace: int | None = None, dry_run: str = NONE) -> Outcome:
        """POST to a pod's eviction."""
        return self._done(self.server.evict(Ref("Pod", namespace, name), grace=grace, dry_run=dry_run == SERVER))

    # -- shared --------------------------------------------------------------------------------------------------

    def ref(self, info: KindInfo, namespace: str, name: str) -> Ref:
        """The identity behind a request's path."""
        return Ref(info.group_kind, namespace if info.namespaced else "", name)

    def in_version(self, obj: Object, info: KindInfo) -> Object:
        """The stored object as the server gives it out in a version."""
        if obj.get("apiVersion") == info.api_version:
            return obj
        from kplan.apiserver.conversion import convert

        return convert(obj, info)

    def _done(self, outcome: Outcome) -> Outcome:
        self.screen.warn(outcome.warnings)
        if outcome.ok and outcome.changed:
            self.between()
        return outcome

    def _warn_of(self, info: KindInfo) -> None:
        lifecycle = self.server.catalog.lifecycle(info.api_version, info.kind)
        if lifecycle is not None and lifecycle.warning:
            self.screen.warn((lifecycle.warning,))


def _of_patch(outcome: Outcome, request: PatchRequest, made: list[Object]) -> Outcome:
    """A patch that makes an object that cannot be read is refused as a patch."""
    error = outcome.error
    _, marker, rest = error.message.partition(" cannot be handled as a ") if error is not None else ("", "", "")
    if error is None or error.reason != "BadRequest" or not marker or not made:
        return outcome
    return replace(outcome, error=request.undecodable(made[0], rest.partition(": ")[2]))


def _words(info: KindInfo) -> set[str]:
    names = {info.plural, info.singular, info.kind.lower(), *info.short_names}
    return names | {f"{n}.{info.group}" for n in names} | {f"{n}.{info.version}.{info.group}" for n in names}


def _in_namespace(obj: Object, namespace: str) -> Object:
    metadata = obj.get("metadata")
    if not namespace or not isinstance(metadata, dict) or metadata.get("namespace") == namespace:
        return obj
    return {**obj, "metadata": {**metadata, "namespace": namespace}}
