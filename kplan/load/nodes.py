"""The YAML parser: tokens to a tree of nodes that know where they stand.

Mirrors: go.yaml.in/yaml/v2 parserc.go, decode.go: parser (1.36)
"""

from __future__ import annotations

from typing import NoReturn

from kplan.load.cursor import YAMLError
from kplan.load.scanner import Scanner, Token

_DEFAULT_TAGS = {"!": "!", "!!": "tag:yaml.org,2002:"}
_COLLECTION_START = frozenset(("block-sequence", "block-mapping", "[", "{"))


class Node:
    """A value of a document: ``kind`` is scalar, mapping, sequence or alias; lines and columns count from 0.

    ``children`` of a mapping are its keys and values in turn; of an alias, the node it stands for.
    """

    __slots__ = ("children", "column", "kind", "line", "plain", "tag", "value")

    def __init__(self, kind: str, line: int, column: int, tag: str = "", value: str = "", plain: bool = False) -> None:
        self.kind, self.line, self.column = kind, line, column
        self.tag, self.value, self.plain = tag, value, plain
        self.children: list[Node] = []


def parse_document(text: str) -> Node | None:
    """The first document of a text; None where there is none.

    Raises: YAMLError where go-yaml would not read it.
    """
    return _Parser(text).document()


def parse_flow(text: str) -> Node:
    """The flow collection that a text is, and nothing else.

    Raises: YAMLError where it is anything else.
    """
    return _Parser(text).flow()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = Scanner(text)
        self.tags = dict(_DEFAULT_TAGS)
        self.anchors: dict[str, Node] = {}

    def document(self) -> Node | None:
        token = self.tokens.peek()
        if token.kind == "stream-end":
            return None
        explicit = token.kind in ("version", "tag-directive", "document-start")
        self._directives()
        if explicit:
            token = self.tokens.peek()
            if token.kind != "document-start":
                self._fail("did not find expected <document start>", token)
            self.tokens.skip()
            token = self.tokens.peek()
        if explicit and token.kind in ("version", "tag-directive", "document-start", "document-end", "stream-end"):
            node = _empty(token)
        else:
            node = self._node(block=True)
        self.tokens.peek()
        return node

    def flow(self) -> Node:
        token = self.tokens.peek()
        if token.kind not in ("[", "{"):
            self._fail("did not find a flow collection", token)
        node = self._node(block=False)
        token = self.tokens.peek()
        if token.kind != "stream-end":
            self._fail("did not find the end", token)
        return node

    def _fail(self, problem: str, token: Token) -> NoReturn:
        raise YAMLError(problem, token.line, token.column, said_line=token.line)

    def _directives(self) -> None:
        version, declared = False, set()
        while (token := self.tokens.peek()).kind in ("version", "tag-directive"):
            if token.kind == "version":
                if version:
                    self._fail("found duplicate %YAML directive", token)
                if token.value != "1.1":
                    self._fail("found incompatible YAML document", token)
                version = True
            else:
                if token.value in declared:
                    self._fail("found duplicate %TAG directive", token)
                declared.add(token.value)
                self.tags[token.value] = token.extra
            self.tokens.skip()

    def _node(self, *, block: bool, indentless: bool = False) -> Node:
        token = start = self.tokens.peek()
        if token.kind == "alias":
            return self._alias()
        anchor, tag = "", ""
        if token.kind in ("anchor", "tag"):
            anchor, tag, token = self._properties(token)
        node = self._content(token, tag, anchor, block=block, indentless=indentless)
        if node is None:
            if not anchor and not tag:
                self._fail("did not find expected node content", token)
            node = Node("scalar", start.line, start.column, tag, plain=not tag)
            self._name(anchor, node)
        node.line, node.column = start.line, start.column
        return node

    def _properties(self, token: Token) -> tuple[str, str, Token]:
        anchor, tag_token = "", None
        for _ in range(2):
            if token.kind == "anchor" and not anchor:
                anchor = token.value
            elif token.kind == "tag" and tag_token is None:
                tag_token = token
            else:
                break
            self.tokens.skip()
            token = self.tokens.peek()
        return anchor, self._tag(tag_token) if tag_token else "", token

    def _tag(self, token: Token) -> str:
        if not token.value:
            return token.extra
        if token.value not in self.tags:
            self._fail("found undefined tag handle", token)
        return self.tags[token.value] + token.extra

    def _alias(self) -> Node:
        token = self.tokens.skip()
        target = self.anchors.get(token.value)
        if target is None:
            raise YAMLError(f"unknown anchor '{token.value}' referenced", token.line, token.column)
        node = Node("alias", token.line, token.column, value=token.value)
        node.children.append(target)
        return node

    def _name(self, anchor: str, node: Node) -> Node:
        if anchor:
            self.anchors[anchor] = node
        return node

    def _content(self, token: Token, tag: str, anchor: str, *, block: bool, indentless: bool) -> Node | None:
        kind = token.kind
        if kind == "scalar":
            self.tokens.skip()
            plain = (not tag and token.extra == "plain") or tag == "!"
            return self._name(anchor, Node("scalar", token.line, token.column, tag, token.value, plain))
        if indentless and kind == "-":
            return self._indentless_sequence(self._name(anchor, Node("sequence", token.line, token.column, tag)))
        if kind not in _COLLECTION_START or (kind.startswith("block") and not block):
            return None
        if kind == "block-mapping":
            return self._block_mapping(self._name(anchor, Node("mapping", token.line, token.column, tag)))
        if kind == "{":
            return self._flow_mapping(self._name(anchor, Node("mapping", token.line, token.column, tag)))
        node = self._name(anchor, Node("sequence", token.line, token.column, tag))
        return self._block_sequence(node) if kind == "block-sequence" else self._flow_sequence(node)

    def _block_sequence(self, node: Node) -> Node:
        self.tokens.skip()
        while (token := self.tokens.peek()).kind == "-":
            self.tokens.skip()
            following = self.tokens.peek()
            if following.kind in ("-", "block-end"):
                node.children.append(_empty(token))
            else:
                node.children.append(self._node(block=True))
        if token.kind != "block-end":
            self._fail("did not find expected '-' indicator", token)
        self.tokens.skip()
        return node

    def _indentless_sequence(self, node: Node) -> Node:
        while (token := self.tokens.peek()).kind == "-":
            self.tokens.skip()
            following = self.tokens.peek()
            if following.kind in ("-", "?", ":", "block-end"):
                node.children.append(_empty(token))
            else:
                node.children.append(self._node(block=True))
        return node

    def _block_mapping(self, node: Node) -> Node:
        self.tokens.skip()
        while (token := self.tokens.peek()).kind == "?":
            self.tokens.skip()
            node.children.append(self._block_part(token))
            token = self.tokens.peek()
            if token.kind == ":":
                self.tokens.skip()
                node.children.append(self._block_part(token))
            else:
                node.children.append(_empty(token))
        if token.kind != "block-end":
            self._fail("did not find expected key", token)
        self.tokens.skip()
        return node

    def _block_part(self, mark: Token) -> Node:
        if self.tokens.peek().kind in ("?", ":", "block-end"):
            return _empty(mark)
        return self._node(block=True, indentless=True)

    def _flow_sequence(self, node: Node) -> Node:
        self.tokens.skip()
        first = True
        while (token := self.tokens.peek()).kind != "]":
            if not first:
                token = self._flow_comma(token, "]")
            first = False
            if token.kind == "?":
                node.children.append(self._flow_pair(token))
            elif token.kind != "]":
                node.children.append(self._node(block=False))
            else:
                break
        self.tokens.skip()
        return node

    def _flow_comma(self, token: Token, end: str) -> Token:
        if token.kind != ",":
            self._fail(f"did not find expected ',' or '{end}'", token)
        self.tokens.skip()
        return self.tokens.peek()

    def _flow_pair(self, mark: Token) -> Node:
        """A mapping of one pair inside a flow sequence: ``[a: b]``."""
        self.tokens.skip()
        node = Node("mapping", mark.line, mark.column)
        token = self.tokens.peek()
        node.children.append(_empty(token) if token.kind in (":", ",", "]") else self._node(block=False))
        node.children.append(self._flow_value("]"))
        return node

    def _flow_value(self, end: str) -> Node:
        token = self.tokens.peek()
        if token.kind == ":":
            self.tokens.skip()
            token = self.tokens.peek()
            if token.kind not in (",", end):
                return self._node(block=False)
        return _empty(token)

    def _flow_mapping(self, node: Node) -> Node:
        self.tokens.skip()
        first = True
        while (token := self.tokens.peek()).kind != "}":
            if not first:
                token = self._flow_comma(token, "}")
            first = False
            if token.kind == "?":
                self.tokens.skip()
                token = self.tokens.peek()
                node.children.append(_empty(token) if token.kind in (":", ",", "}") else self._node(block=False))
                node.children.append(self._flow_value("}"))
            elif token.kind != "}":
                node.children += (self._node(block=False), _empty(self.tokens.peek()))
            else:
                break
        self.tokens.skip()
        return node


def _empty(token: Token) -> Node:
    return Node("scalar", token.line, token.column, plain=True)
