"""``kubectl set image``: another image for containers of a pod template.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/set/set_image.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.client import SERVER
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, aggregate
from kplan.kubectl.flags import BOOL, DRY_RUN, FILES, OUTPUT, SELECTOR, flag, manager
from kplan.kubectl.info import Info
from kplan.kubectl.pairs import parse_pairs, split_pairs
from kplan.kubectl.podspecs import Draft, patch_all, pod_spec_in

SHARED = (*FILES, *OUTPUT, DRY_RUN, SELECTOR, manager("kubectl-set"), flag("all", BOOL), flag("local", BOOL), flag("record", BOOL))
"""The flags that the sub-verbs of ``set`` share."""
FLAGS = SHARED
LOCAL = Failure("error: you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'")


def found(command: Command, named: list[str]) -> list[Info] | AnyFailure:
    """The objects a sub-verb of ``set`` is about, as they are in the cluster."""
    local = command.arguments["local"]
    if local and named:
        return LOCAL
    builder = command.builder(named)
    builder.latest, builder.empty_selects_all, builder.every = not local, command.arguments["all"], False
    infos, error = builder.select().infos()
    return infos if error is None else error


def run(command: Command) -> AnyFailure | None:
    """Set images."""
    a = command.arguments
    split = split_pairs(a.args, "image")
    if isinstance(split, Failure):
        return split
    named, pairs = split
    parsed = parse_pairs(pairs, "image", removals=False)
    if isinstance(parsed, Failure):
        return parsed
    images = parsed[0]
    infos = found(command, named)
    if not isinstance(infos, list):
        return infos
    if error := _conflicting(command, named, images):
        return error
    missing: list[AnyFailure | None] = []

    def change(draft: Draft, info: Info) -> AnyFailure | None:
        spec = pod_spec_in(draft, info)
        if isinstance(spec, Failure):
            return spec
        missing.extend(_set_images(spec, images))
        return None

    failed = patch_all(command, infos, change, "image updated", "failed to patch image update to pod template: ")
    return aggregate([*missing, *(failed.errors if failed is not None and not isinstance(failed, Failure) else [failed])])


def _set_images(spec: Draft, images: dict[str, str]) -> list[AnyFailure | None]:
    missing: list[AnyFailure | None] = []
    for name, image in images.items():
        hits = 0
        for containers in ("initContainers", "containers"):
            for container in spec.get(containers) or []:
                if name in ("*", container.get("name")):
                    container["image"] = image
                    hits += 1
        if not hits:
            missing.append(Failure(f'error: unable to find container named "{name}"'))
    return missing


def _conflicting(command: Command, named: list[str], images: dict[str, str]) -> AnyFailure | None:
    a = command.arguments
    problems = []
    if a["all"] and a["selector"]:
        problems.append("cannot set --all and --selector at the same time")
    if not named and not command.has_files:
        problems.append("one or more resources must be specified as <resource> <name> or <resource>/<name>")
    if not images:
        problems.append("at least one image update is required")
    elif len(images) > 1 and "*" in images:
        problems.append("all containers are already specified by *, but saw more than one container_name=container_image pairs")
    if a["local"] and command.dry_run == SERVER:
        problems.append("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
    return aggregate(map(Failure, problems))
