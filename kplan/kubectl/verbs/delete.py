"""``kubectl delete``: take objects away by file, name or selector.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/delete/{delete,delete_flags}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable

from kplan.kubectl.builder import Selection
from kplan.kubectl.client import CLIENT, NONE
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, Failures, aggregate, of_status, with_source
from kplan.kubectl.flags import ALL_NAMESPACES, BOOL, DRY_RUN, DURATION, FIELD_SELECTOR, FILES, INT, SELECTOR, flag
from kplan.kubectl.info import Info

DELETION = (
    flag("cascade", default="background", implied="background"),
    flag("force", BOOL),
    flag("grace-period", INT, default=-1),
    flag("timeout", DURATION),
)
"""What every verb takes that may delete."""

FLAGS = (
    *FILES,
    *DELETION,
    DRY_RUN,
    SELECTOR,
    FIELD_SELECTOR,
    ALL_NAMESPACES,
    flag("all", BOOL),
    flag("now", BOOL),
    flag("ignore-not-found", BOOL),
    flag("wait", BOOL, default=True),
    flag("output", short="o"),
    flag("raw"),
    flag("interactive", BOOL, short="i"),
)

_POLICIES = {"orphan": "Orphan", "foreground": "Foreground", "background": "Background"}
_BOOLEANS = {**dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), "background"), **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), "orphan")}


def cascade_of(command: Command) -> str | Failure:
    """The propagation policy of ``--cascade``; the old booleans are taken with a warning."""
    asked = command.arguments["cascade"]
    if asked in _POLICIES:
        return _POLICIES[asked]
    if asked in _BOOLEANS:
        meant = _BOOLEANS[asked]
        command.client.screen.complain(
            f"warning: --cascade={asked} is deprecated (boolean value) and can be replaced with --cascade={meant}."
        )
        return _POLICIES[meant]
    return Failure(f'invalid cascade value ({asked}). Must be "background", "foreground", or "orphan"')


def run(command: Command) -> AnyFailure | None:
    """Delete objects."""
    a = command.arguments
    cascade = cascade_of(command)
    if isinstance(cascade, Failure):
        return cascade
    if error := _settle_grace(command):
        return error
    selection = command.builder(a.args)
    selection.fetch = False
    found = selection.select()
    if found.error is not None:
        return found.error
    if error := _conflicting(command):
        return error
    implied = a["all"] or a["selector"] or a["field-selector"]
    ignore = a["ignore-not-found"] or bool(implied and "ignore-not-found" not in a.changed)
    return Deletion(command, cascade, a["grace-period"], a["wait"], ignore, a["output"]).run(found)


def _settle_grace(command: Command) -> Failure | None:
    a = command.arguments
    if a["now"]:
        if a["grace-period"] != -1:
            return Failure("--now and --grace-period cannot be specified together")
        a.values["grace-period"] = 1
    if a["grace-period"] == 0 and not a["force"]:
        a.values["grace-period"] = 1
    if a["force"] and a["grace-period"] < 0:
        a.values["grace-period"] = 0
    return None


def _conflicting(command: Command) -> Failure | None:
    a = command.arguments
    if a["output"] not in ("", "name"):
        return Failure(f"unexpected -o output mode: {a['output']}. We only support '-o name'")
    if a["all"] and a["selector"]:
        return Failure("cannot set --all and --selector at the same time")
    if a["all"] and a["field-selector"]:
        return Failure("cannot set --all and --field-selector at the same time")
    if a["force"] and a["grace-period"] == 0:
        command.client.screen.complain(
            "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. "
            "The resource may continue to run on the cluster indefinitely."
        )
    elif a["force"] and a["grace-period"] > 0:
        return Failure("--force and --grace-period greater than 0 cannot be specified together")
    return None


class Deletion:
    """Deletes what was selected, and says so."""

    def __init__(self, command: Command, cascade: str, grace: int, wait: bool, ignore_missing: bool, output: str) -> None:
        self.command, self.client = command, command.client
        self.cascade, self.grace, self.wait, self.ignore_missing, self.output = cascade, grace, wait, ignore_missing, output
        self.found = 0
        self.warned = not self.client.enforce_namespace or bool(command.arguments.values.get("all-namespaces"))

    def run(self, selection: Selection) -> AnyFailure | None:
        """Delete, and wait until what was deleted is gone."""
        error = selection.visit(self._delete)
        if error is not None and self.ignore_missing:
            error = filtered(error, lambda e: e.is_reason("NotFound"))
        if error is not None:
            return error
        if not self.found:
            self.client.screen.say("No resources found")
        elif self.wait and self.command.dry_run == NONE:
            self.client.settle()
        return None

    def _delete(self, info: Info) -> AnyFailure | None:
        self.found += 1
        if not self.warned and not info.kind.namespaced:
            self.client.screen.complain("Warning: deleting cluster-scoped resources, not scoped to the provided namespace")
            self.warned = True
        if self.command.dry_run != CLIENT:
            grace = self.grace if self.grace >= 0 else None
            outcome = self.client.delete(
                info.kind, info.namespace, info.name, propagation=self.cascade, grace=grace, dry_run=self.command.dry_run
            )
            if outcome.error is not None:
                return with_source("deleting", info.source, of_status(outcome.error))
        self._say(info)
        return None

    def _say(self, info: Info) -> None:
        kind = info.kind.kind.lower() + (f".{info.kind.group}" if info.kind.group else "")
        if self.output == "name":
            self.client.screen.say(f"{kind}/{info.name}")
            return
        operation = "force deleted" if self.grace == 0 else "deleted"
        if info.kind.namespaced:
            operation += f" from {info.namespace} namespace"
        note = {"client": " (dry run)", "server": " (server dry run)"}.get(self.command.dry_run, "")
        self.client.screen.say(f'{kind} "{info.name}" {operation}{note}')


def filtered(error: AnyFailure, ignored: Callable[[Failure], bool]) -> AnyFailure | None:
    """The error without those that are ignored; None where nothing is left."""
    if isinstance(error, Failures):
        return aggregate(filtered(e, ignored) for e in error.errors)
    return None if ignored(error) else error
