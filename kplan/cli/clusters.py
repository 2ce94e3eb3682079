"""The cluster a user named with ``--cluster``, as an API server would hold it."""

from __future__ import annotations

from dataclasses import dataclass

from kplan.cli.exits import usage_error
from kplan.model.objects import Object


@dataclass(frozen=True, slots=True)
class Cluster:
    """The objects of a cluster, and what was assumed of it ("" nothing)."""

    objects: list[Object]
    assumed: str = ""


def read_cluster(spec: str, version: str) -> Cluster:
    """The cluster of a dump or a profile.

    Raises: typer.Exit where there is none, or one that no server can hold; the user has been told. UnknownVersion.
    """
    from kplan.apiserver.readback import NotStored, read_back
    from kplan.catalog.catalog import Catalog
    from kplan.load.cluster import ClusterError, find_in_cluster, is_profile, load_cluster
    from kplan.load.identity import is_made_up
    from kplan.partial import PartialCluster, taken_for_granted, told

    try:
        objects = load_cluster(spec, version)
        if is_profile(spec):
            return Cluster(objects)
        granted = taken_for_granted(objects, version)
        return Cluster(list(read_back([*granted, *objects], Catalog.at(version), by_hand=is_made_up)), told(objects, granted))
    except (ClusterError, PartialCluster) as problem:
        raise usage_error(f"--cluster {spec}: {problem}") from None
    except NotStored as problem:
        at = find_in_cluster(spec, problem.ref, problem.path)
        raise usage_error(f"--cluster {spec}: {f'{at}: ' if at else ''}{problem} (no cluster can hold that)") from None
