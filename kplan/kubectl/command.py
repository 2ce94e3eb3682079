"""One kubectl command in the course of its run: its arguments, its client, and the files it may read.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/util/{factory,helpers}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kplan.kubectl.builder import Builder
from kplan.kubectl.client import Client
from kplan.kubectl.failure import AnyFailure, Failure, aggregate
from kplan.kubectl.flags import Arguments, directive, strategy
from kplan.kubectl.info import Info, printed_name
from kplan.kubectl.manifests import read_infos
from kplan.load.documents import Loaded
from kplan.model.objects import Object

Reader = Callable[[Sequence[str], bool], Loaded]
"""Reads what ``-f`` names (paths, recursive)."""
Bytes = Callable[[str], bytes]
"""Reads one file as it is. Raises: OSError."""


@dataclass(slots=True)
class Command:
    """What a verb is given."""

    path: str
    """``kubectl create configmap``."""
    arguments: Arguments
    client: Client
    read: Reader
    read_bytes: Bytes
    build: Callable[[str], Loaded | str] | None = None
    """Builds a kustomization, or says why it cannot."""
    dry_run: str = "none"
    validation: str = "Strict"

    def prepare(self) -> Failure | None:
        """Read the options that nearly every verb has."""
        values = self.arguments.values
        if "dry-run" in values:
            chosen = strategy(self.arguments)
            if isinstance(chosen, Failure):
                return chosen
            self.dry_run = chosen
        if "validate" in values:
            checked = directive(self.arguments)
            if isinstance(checked, Failure):
                return checked
            self.validation = checked
        return None

    @property
    def has_files(self) -> bool:
        """Whether ``-f`` or ``-k`` was given."""
        return bool(self.arguments["filename"] or self.arguments["kustomize"])

    def files(self) -> list[Info | AnyFailure] | AnyFailure | None:
        """The objects of ``-f`` and ``-k``; None where neither was given; an error where kubectl would not begin."""
        names, kustomization, recursive = (self.arguments[n] for n in ("filename", "kustomize", "recursive"))
        problems = []
        if names and kustomization:
            problems.append(Failure("only one of -f or -k can be specified"))
        if kustomization and recursive:
            problems.append(Failure("the -k flag can't be used with -f or -R"))
        if problems:
            return aggregate(problems)
        if kustomization:
            built = self.build(kustomization) if self.build else "no kustomize here"
            return Failure(built) if isinstance(built, str) else read_infos(built.deliveries, self.client)
        if not names:
            return None
        loaded = self.read(names, recursive)
        if loaded.usage:
            return aggregate(map(Failure, loaded.usage))
        return read_infos(loaded.deliveries, self.client)

    def builder(self, arguments: Sequence[str] = ()) -> Builder:
        """A builder with the files, names and selectors of the command line."""
        values = self.arguments.values
        files = self.files() if "filename" in values else None
        errors: list[AnyFailure] = []
        if isinstance(files, Failure):
            errors.append(files)
        elif files is not None and not isinstance(files, list):
            errors += files.errors
        return Builder(
            self.client,
            files=files if isinstance(files, list) else None,
            arguments=arguments,
            selector=str(values.get("selector") or "").strip() or None,
            field_selector=str(values.get("field-selector") or "").strip() or None,
            all_namespaces=bool(values.get("all-namespaces")),
            every=bool(values.get("all")),
            fetch=True,
            subresource=str(values.get("subresource") or ""),
            errors=errors,
        )

    def usage(self, message: str) -> Failure:
        """An error about how the command was called."""
        return Failure(f"{message}\nSee '{self.path} -h' for help and examples")

    def say(self, obj: Object, operation: str) -> None:
        """Print what became of an object, in the way ``-o`` asks for."""
        output = self.arguments.values.get("output") or ""
        if output in ("", "name"):
            self.client.screen.say(printed_name(obj, "" if output else operation, self.dry_run))
            return
        from kplan.kubectl.printing import print_object

        print_object(self.client.screen, obj, self.arguments)
