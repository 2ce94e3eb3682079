"""Which objects a command works on: those of files, of names, of selectors.

A visit goes over them in order.  With ``keep_going`` every error is kept and what follows is visited all the same; else
the first error ends the visit.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/resource/{builder,visitor}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from kplan.apiserver.outcome import Status
from kplan.catalog.kinds import KindInfo
from kplan.kubectl.client import Client
from kplan.kubectl.failure import AnyFailure, Failure, aggregate, of_status, one_or_all
from kplan.kubectl.fieldselectors import parse_field_selector
from kplan.kubectl.info import Info
from kplan.model.objects import Object, labels_of
from kplan.model.selectors import EVERYTHING, parse_selector

Visitor = Callable[[Info], AnyFailure | None]
MIXED = (
    "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form "
    "(e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'"
)
NO_RESOURCE = """You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'"""


@dataclass(slots=True)
class Selection:
    """What a command asked for, and how to go over it."""

    client: Client
    items: Sequence[Info | AnyFailure] = ()
    error: AnyFailure | None = None
    """Why nothing can be visited at all."""
    keep_going: bool = True
    eager: bool = True
    """Whether errors of the sources are gathered, as those of files and selectors are."""
    fetch: bool = False
    """Whether objects are fetched that no file gave."""
    latest: bool = False
    """Whether objects of files are fetched too."""
    single: bool = False
    """Whether one object was named."""
    targets_single: bool = False
    """Whether objects were named rather than selected."""

    def visit(self, act: Visitor) -> AnyFailure | None:
        """Do something with each object."""
        if self.error is not None:
            return self.error
        own: list[AnyFailure] = []
        sources: list[AnyFailure] = []
        for item in self.items:
            if not isinstance(item, Info):
                if not (self.eager and self.keep_going):
                    return one_or_all([*own, item])
                sources.append(item)
                continue
            error = self._prepare(item) or act(item)
            if error is not None:
                if not self.keep_going:
                    return error
                own.append(error)
        return one_or_all([*own, aggregate(sources)])

    def infos(self) -> tuple[list[Info], AnyFailure | None]:
        """All objects, and what went wrong in finding them."""
        found: list[Info] = []

        def keep(info: Info) -> None:
            found.append(info)

        return found, self.visit(keep)

    def _prepare(self, info: Info) -> AnyFailure | None:
        if error := self._place(info):
            return error
        if (self.fetch and info.object is None) or (self.latest and info.source):
            return info.get(self.client)
        return None

    def _place(self, info: Info) -> Failure | None:
        """Put an object of a file into its namespace; ``-n`` may not contradict the file."""
        if not info.kind.namespaced:
            if info.namespace:
                info.move("")
        elif not info.namespace:
            info.move(self.client.namespace)
        elif self.client.enforce_namespace and info.source and info.namespace != self.client.namespace:
            return Failure(
                f'the namespace from the provided object "{info.namespace}" does not match the namespace "{self.client.namespace}". '
                f"You must pass '--namespace={info.namespace}' to perform this operation."
            )
        return None


@dataclass(slots=True)
class Builder:
    """Collects what the command line says of its objects."""

    client: Client
    files: Sequence[Info | AnyFailure] | None = None
    arguments: Sequence[str] = ()
    selector: str | None = None
    field_selector: str | None = None
    all_namespaces: bool = False
    every: bool = False
    """``--all``: all objects of the kinds."""
    empty_selects_all: bool = False
    """A kind without names means all its objects."""
    keep_going: bool = True
    fetch: bool = False
    latest: bool = False
    single_kind: bool = False
    subresource: str = ""
    errors: list[AnyFailure] = field(default_factory=list)

    def select(self) -> Selection:
        """The objects, or why there are none."""
        arguments = self._spread(list(self.arguments))
        if isinstance(arguments, Failure):
            self.errors.append(arguments)
            arguments = []
        if self.errors:
            return self._failed(aggregate(self.errors) or Failure(""))
        selector, where = ("" if self.every else self.selector), self.field_selector
        named = [a.split("/") for a in arguments if "/" in a]
        kinds, names = ([], []) if named or not arguments else (_unique(self._expanded(arguments[0])), arguments[1:])
        if kinds and not names and selector is None and self.empty_selects_all:
            selector = ""
        if self.files is not None:
            return self._by_files(bool(kinds), bool(names), bool(named))
        if selector is not None or where is not None:
            return self._by_selector(selector, where, kinds, names, named)
        if named:
            return self._by_tuples(named)
        if names:
            return self._by_names(kinds, names)
        for word in kinds:
            if isinstance(missing := self._kind(word), Failure):
                return self._failed(missing)
        return self._failed(Failure("resource(s) were provided, but no name was specified" if kinds else NO_RESOURCE))

    # -- where from ----------------------------------------------------------------------------------------------

    def _by_files(self, kinds: bool, names: bool, named: bool) -> Selection:
        if kinds or names or named:
            return self._failed(Failure("when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"))
        items: list[Info | AnyFailure] = list(self.files or ())
        if self.selector is not None:
            try:
                wanted = parse_selector(self.selector)
            except ValueError as problem:
                return self._failed(Failure(f'the provided selector "{self.selector}" is not valid: {problem}'))
            items = [i for i in items if not isinstance(i, Info) or wanted.matches(labels_of(i.object or {"metadata": {}}))]
        return self._selection(items, targets_single=True)

    def _by_selector(self, selector: str | None, where: str | None, kinds: list[str], names: list[str], named: list[list[str]]) -> Selection:
        if names:
            return self._failed(Failure("name cannot be provided when a selector is specified"))
        if named:
            return self._failed(Failure("selectors and the all flag cannot be used when passing resource/name arguments"))
        if not kinds:
            return self._failed(Failure("at least one resource must be specified to use a selector"))
        found = self._kinds(kinds)
        if isinstance(found, Failure):
            return self._failed(found)
        items: list[Info | AnyFailure] = []
        for kind in found:
            items += self._listed(kind, selector or "", where or "")
        return self._selection(items)

    def _listed(self, kind: KindInfo, selector: str, where: str) -> list[Info | AnyFailure]:
        try:
            wanted = parse_selector(selector) if selector else EVERYTHING
            fields = parse_field_selector(where, kind.group_kind, None if kind.definition else self.client.selectable_fields(kind))
        except ValueError as problem:
            asked = f'"{kind.group}/{kind.version}, Resource={kind.plural}" that match label selector "{selector}", field selector "{where}"'
            return [of_status(Status(400, "BadRequest", f"Unable to find {asked}: {problem}"))]
        within = "" if self.all_namespaces else self.client.namespace
        return [self._found(kind, obj) for obj in self.client.list(kind, within, wanted, fields.matches)]

    def _found(self, kind: KindInfo, obj: Object) -> Info:
        metadata = obj["metadata"]
        return Info(kind, metadata.get("namespace") or "", metadata["name"], obj, subresource=self.subresource)

    def _by_tuples(self, named: list[list[str]]) -> Selection:
        found: dict[str, KindInfo] = {}
        for word, _ in named:
            if word not in found:
                kind = self._kind(word)
                if isinstance(kind, Failure):
                    return self._failed(kind)
                found[word] = kind
        if self.single_kind and len({k.group_kind for k in found.values()}) > 1:
            return self._failed(_MANY_KINDS)
        items = []
        for word, name in named:
            if found[word].namespaced and self.all_namespaces:
                return self._failed(Failure("a resource cannot be retrieved by name across all namespaces"))
            items.append(self._info(found[word], name))
        return self._selection(items, single=len(items) == 1, targets_single=True)

    def _by_names(self, kinds: list[str], names: list[str]) -> Selection:
        if len(kinds) > 1:
            return self._failed(Failure("you must specify only one resource"))
        kind = self._kind(kinds[0])
        if isinstance(kind, Failure):
            return self._failed(kind)
        if kind.namespaced and self.all_namespaces:
            return self._failed(Failure("a resource cannot be retrieved by name across all namespaces"))
        return self._selection([self._info(kind, name) for name in names], single=len(names) == 1, targets_single=True)

    # -- words ---------------------------------------------------------------------------------------------------

    def _spread(self, arguments: list[str]) -> list[str] | Failure:
        """``pod,svc a b`` as ``pod/a pod/b svc/a svc/b``; slashes in all arguments or in none."""
        if len(arguments) >= 2 and len(kinds := _unique(arguments[0].split(","))) > 1:
            arguments = [f"{kind}/{name}" for kind in kinds for name in arguments[1:]]
        slashes = sum("/" in a for a in arguments)
        if slashes and slashes != len(arguments):
            return Failure(MIXED)
        for argument in arguments if slashes else ():
            parts = argument.split("/")
            if len(parts) != 2:
                return Failure("arguments in resource/name form may not have more than one slash")
            if not all(parts) or "," in parts[0]:
                return Failure("arguments in resource/name form must have a single resource and name")
        return arguments

    def _expanded(self, words: str) -> list[str]:
        """The kinds of a comma-separated list, with categories such as ``all`` replaced by their kinds."""
        out: list[str] = []
        for word in words.split(","):
            members = [k.resource for k in self.client.kinds() if word in k.categories]
            out += members or [word]
        return out

    def _kind(self, word: str) -> KindInfo | Failure:
        found = self.client.resource(word)
        if found is None:
            return Failure(f'the server doesn\'t have a resource type "{word.partition(".")[0]}"')
        return found

    def _kinds(self, words: Iterable[str]) -> list[KindInfo] | Failure:
        found: list[KindInfo] = []
        for word in words:
            kind = self._kind(word)
            if isinstance(kind, Failure):
                return kind
            if kind not in found:
                found.append(kind)
        return _MANY_KINDS if self.single_kind and len(found) > 1 else found

    # -- results -------------------------------------------------------------------------------------------------

    def _info(self, kind: KindInfo, name: str) -> Info:
        return Info(kind, self.client.namespace if kind.namespaced else "", name, subresource=self.subresource)

    def _selection(self, items: Sequence[Info | AnyFailure], *, single: bool = False, targets_single: bool = False) -> Selection:
        return Selection(
            self.client, items, keep_going=self.keep_going, fetch=self.fetch, latest=self.latest, single=single, targets_single=targets_single
        )

    def _failed(self, error: AnyFailure) -> Selection:
        return Selection(self.client, error=error)


_MANY_KINDS = Failure("you may only specify a single resource type")


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))
