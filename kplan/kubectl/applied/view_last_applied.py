"""``kubectl apply view-last-applied``: show what objects were last applied as.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/apply/apply_view_last_applied.go (1.36)
"""

from __future__ import annotations

import json

from kplan.kubectl.annotation import last_applied
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import BOOL, FILES, SELECTOR, flag
from kplan.kubectl.info import Info
from kplan.kubectl.output.yamltext import yaml_text
from kplan.model.secrets import mask_secret

FLAGS = (*FILES, SELECTOR, flag("all", BOOL), flag("output", short="o", default="yaml"))


def run(command: Command) -> AnyFailure | None:
    """Print the configurations one after the other."""
    builder = command.builder(command.arguments.args)
    builder.latest, builder.keep_going = True, False
    found: list[tuple[Info, str]] = []

    def look(info: Info) -> AnyFailure | None:
        text = last_applied(info.object or {})
        if text is not None:
            found.append((info, text))
        elif info.source:  # of what was named rather than filed kubectl loses the error
            return Failure(f'error when no last-applied-configuration annotation found on resource: {info.name}\n "{info.source}": <nil>')
        return None

    failed = builder.select().visit(look)
    if failed is not None:
        return failed
    output = command.arguments["output"]
    if found and output not in ("yaml", "json"):
        return command.usage(f"Unexpected -o output mode: {output}, the flag 'output' must be one of yaml|json")
    for info, text in found:
        applied = json.loads(text)
        shown = mask_secret(applied) if info.kind.group_kind == "Secret" else applied
        command.client.screen.say(yaml_text(shown).rstrip("\n") if output == "yaml" else json.dumps(shown, indent=2, ensure_ascii=False))
    return None
