"""``kplan schedule``: nodes × plugins, as text and as versioned JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from kplan.render.canvas import Canvas
from kplan.scheduler.verdict import NodeVerdict, PodVerdict

FORMAT_VERSION = "1.0"
_SHORT = {
    "NodeResourcesBalancedAllocation": "Balanced",
    "NodeResourcesFit": "Fit",
    "TaintToleration": "Taints",
    "NodeAffinity": "NodeAff",
    "PodTopologySpread": "Spread",
    "InterPodAffinity": "PodAff",
    "ImageLocality": "Images",
    "DynamicResources": "Devices",
}


def text(verdicts: Sequence[PodVerdict], *, color: bool, most: int = 50) -> str:
    """For every pod a line with the outcome, the scores of the nodes that will do, and what is wrong with the others."""
    canvas = Canvas(color)
    for verdict in verdicts:
        canvas.blank()
        _outcome(canvas, verdict)
        _scores(canvas, [n for n in verdict.nodes if n.feasible], verdict, most)
        _refused(canvas, [n for n in verdict.nodes if not n.feasible], most)
    return canvas.text()


def _outcome(canvas: Canvas, verdict: PodVerdict) -> None:
    whose = f"{verdict.namespace}/{verdict.name}"
    if not verdict.winner:
        canvas.line(f"{whose}: no node ({verdict.scheduler})", "bold red")
        canvas.line(f"  {verdict.message}")
        return
    equals = len(verdict.equals)
    canvas.line(f"{whose} → {verdict.winner}{f', or any of {equals} equal nodes' if equals > 1 else ''}", "bold green")


def _scores(canvas: Canvas, nodes: list[NodeVerdict], verdict: PodVerdict, most: int) -> None:
    if not nodes:
        return
    plugins = list(dict.fromkeys(p for n in nodes for p in n.scores))
    best = sorted(nodes, key=lambda n: (-n.total, n.node != verdict.winner, n.node))
    head = ["node", "total", *(_SHORT.get(p, p) for p in plugins)]
    rows = [[n.node, str(n.total), *(str(n.scores.get(p, 0)) for p in plugins)] for n in best[:most]]
    widths = [max(len(r[i]) for r in (head, *rows)) for i in range(len(head))]
    canvas.line("  " + _columns(head, widths), "dim")
    for node, row in zip(best, rows, strict=False):
        canvas.line("  " + _columns(row, widths), "green" if node.node == verdict.winner else "")
    if len(best) > most:
        canvas.line(f"  … and {len(best) - most} more nodes that would do", "dim")


def _columns(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (f"{c:<{w}}" if i == 0 else f"{c:>{w}}" for i, (c, w) in enumerate(zip(cells, widths, strict=True)))
    return "  ".join([first, *others])


def _refused(canvas: Canvas, nodes: list[NodeVerdict], most: int) -> None:
    for node in nodes[:most]:
        if not node.looked_at:
            canvas.line(f"  {node.node}  not considered: the pod names other nodes", "dim")
        for i, refusal in enumerate(node.refusals):
            lead = node.node if i == 0 else " " * len(node.node)
            canvas.line(f"  {lead}  {refusal.plugin}: {', '.join(refusal.reasons)}", "yellow")
            for remedy in refusal.remedies:
                canvas.line(f"  {' ' * len(node.node)}    = {remedy}", "cyan")
    if len(nodes) > most:
        canvas.line(f"  … and {len(nodes) - most} more nodes that will not do", "dim")


def json(verdicts: Sequence[PodVerdict]) -> str:
    """One document: ``pods`` with the verdict of every node."""
    document = {"format_version": FORMAT_VERSION, "pods": [_as_json(v) for v in verdicts]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _as_json(verdict: PodVerdict) -> dict[str, Any]:
    out: dict[str, Any] = {"namespace": verdict.namespace, "name": verdict.name, "scheduler": verdict.scheduler}
    if verdict.winner:
        out |= {"node": verdict.winner, "equal_nodes": list(verdict.equals)}
    else:
        out["message"] = verdict.message
    if verdict.pre_filter is not None:
        out["preFilter"] = {"plugin": verdict.pre_filter.plugin, "reasons": list(verdict.pre_filter.reasons)}
    out["nodes"] = [_node(n) for n in verdict.nodes]
    return out


def _node(node: NodeVerdict) -> dict[str, Any]:
    if node.feasible:
        return {"node": node.node, "scores": node.scores, "total": node.total}
    return {
        "node": node.node,
        "considered": node.looked_at,
        "refused_by": [
            {"plugin": r.plugin, "reasons": list(r.reasons), "eviction_may_help": r.resolvable, "remedies": list(r.remedies)}
            for r in node.refusals
        ],
    }
