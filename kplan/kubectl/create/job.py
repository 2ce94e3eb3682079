"""``kubectl create job``: of an image, or of a CronJob.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_job.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import flag
from kplan.kubectl.generating import SHARED, create, given_name, made
from kplan.model.objects import Object, get_in

FLAGS = (*SHARED, flag("image"), flag("from"))


def run(command: Command) -> AnyFailure | None:
    """Create a Job."""
    a = command.arguments
    name = given_name(command)
    if isinstance(name, Failure):
        return name
    words = a.args[1:]
    if bool(a["image"]) == bool(a["from"]):
        return Failure("either --image or --from must be specified")
    if words and a["from"]:
        return Failure("cannot specify --from and command")
    job = _of_image(name, a["image"], words) if a["image"] else _of_cron_job(command, name)
    return create(command, job, "failed to create job: ") if isinstance(job, dict) else job


def _of_image(name: str, image: str, words: list[str]) -> dict[str, object]:
    container = {"name": name, "image": image} | ({"command": words} if words else {})
    return made("batch/v1", "Job", name, spec={"template": {"spec": {"containers": [container], "restartPolicy": "Never"}}})


def _of_cron_job(command: Command, name: str) -> dict[str, object] | AnyFailure:
    builder = command.builder([command.arguments["from"]])
    builder.latest, builder.keep_going = True, False
    infos, error = builder.select().infos()
    if error is not None:
        return error
    if len(infos) != 1:
        return Failure("from must be an existing cronjob")
    if infos[0].kind.group_kind != "CronJob.batch":
        return Failure(f"unknown object type *{infos[0].kind.version}.{infos[0].kind.kind}")
    return _copied(infos[0].object or {}, name)


def _copied(cron_job: Object, name: str) -> dict[str, object]:
    template = get_in(cron_job, ("spec", "jobTemplate")) or {}
    meta = template.get("metadata") or {}
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": cron_job["metadata"]["name"], "uid": cron_job["metadata"].get("uid"), "controller": True}
    metadata = {"annotations": {"cronjob.kubernetes.io/instantiate": "manual", **(meta.get("annotations") or {})}, "ownerReferences": [owner]}
    if meta.get("labels"):
        metadata["labels"] = meta["labels"]
    return made("batch/v1", "Job", name, metadata=metadata, spec=template.get("spec"))
