"""``kubectl create``: objects of files; ``create deployment …`` and its like make them of flags.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.annotation import updated_annotation
from kplan.kubectl.client import CLIENT
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, of_status, with_source
from kplan.kubectl.flags import BOOL, DRY_RUN, FILES, OUTPUT, SELECTOR, VALIDATE, flag, manager
from kplan.kubectl.info import Info

FOLDER = "kplan.kubectl.create"
ALIASES = {
    "ns": "namespace",
    "cm": "configmap",
    "svc": "service",
    "sa": "serviceaccount",
    "deploy": "deployment",
    "dep": "deployment",
    "pdb": "poddisruptionbudget",
    "pc": "priorityclass",
    "cj": "cronjob",
    "ing": "ingress",
    "resourcequota": "quota",
}
FLAGS = (
    *FILES,
    *OUTPUT,
    DRY_RUN,
    VALIDATE,
    SELECTOR,
    manager("kubectl-create"),
    flag("save-config", BOOL),
    flag("record", BOOL),
    flag("edit", BOOL),
    flag("raw"),
)


def run(command: Command) -> AnyFailure | None:
    """Create the objects of files."""
    a = command.arguments
    if a.args:
        return command.usage(f"Unexpected args: [{' '.join(a.args)}]")
    if not command.has_files:
        return Failure("must specify one of -f and -k")
    if a["edit"]:
        return Failure("--edit needs an editor: write the file as it shall be and leave --edit away")
    selection = command.builder().select()
    if selection.error is not None:
        return selection.error
    created = 0

    def create(info: Info) -> AnyFailure | None:
        nonlocal created
        obj = updated_annotation(info.object or {}, create=a["save-config"])
        if command.dry_run != CLIENT:
            outcome = command.client.create(
                info.kind, info.namespace, obj, manager=a["field-manager"], dry_run=command.dry_run, validation=command.validation
            )
            if outcome.error is not None:
                return with_source("creating", info.source, of_status(outcome.error))
            obj = command.client.in_version(outcome.object or {}, info.kind)
        created += 1
        command.say(obj, "created")
        return None

    error = selection.visit(create)
    if error is not None:
        return error
    return None if created else Failure("no objects passed to create")
