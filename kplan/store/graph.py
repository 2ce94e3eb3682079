"""The cluster as a graph: who owns, selects, refers to and is bound to whom.

Nodes are refs, with the object as ``object`` (None where something is referred to that does not exist); edges go from the
object that says it to the one it speaks of, with the relation as their key: ``owns``, ``selects``, ``refers`` or ``binds``.
Only relations that objects state themselves are drawn; what a controller will make of them is the plan's business.
"""

from __future__ import annotations

import networkx as nx

from kplan.model.objects import Ref, ref_of
from kplan.store.relations import edges_of
from kplan.store.view import View


def object_graph(view: View) -> nx.MultiDiGraph:
    """The graph of everything in a cluster, in a fixed order."""
    graph: nx.MultiDiGraph = nx.MultiDiGraph()
    for kind in view.kinds():
        for obj in view.objects(kind):
            graph.add_node(ref_of(obj), object=obj)
    for kind in view.kinds():
        for obj in view.objects(kind):
            source = ref_of(obj)
            for relation, target, optional in edges_of(view, obj):
                if target not in graph:
                    graph.add_node(target, object=None)
                graph.add_edge(source, target, key=relation, optional=optional)
    return graph


def dangling(graph: nx.MultiDiGraph, source: Ref) -> list[Ref]:
    """What an object refers to that does not exist, optional references left out."""
    return [t for _, t, data in graph.out_edges(source, data=True) if graph.nodes[t]["object"] is None and not data["optional"]]


def around(graph: nx.MultiDiGraph, refs: list[Ref]) -> nx.MultiDiGraph:
    """The part of the graph that is connected with some objects, whatever the direction."""
    near: set[Ref] = set()
    for ref in refs:
        near |= nx.descendants(graph, ref) | nx.ancestors(graph, ref) | {ref}
    return graph.subgraph(r for r in graph if r in near)
