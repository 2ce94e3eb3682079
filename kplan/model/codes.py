"""The codes of findings: the name a rule has in reports, and what it is about in a line.

Checks (``kplan.checks``) bring their own code; a test holds that no code is used that neither of the two explains.
"""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """What a code stands for."""

    name: str
    about: str


CODES = {
    "KP101": Code("UnreadablePath", "A path that cannot be read."),
    "KP102": Code("SyntaxError", "A syntax error in YAML or JSON."),
    "KP103": Code("NotText", "A file that is not text."),
    "KP105": Code("DuplicateKey", "A key given twice; kubectl takes the last one."),
    "KP106": Code("WithoutKind", "A document without apiVersion or kind."),
    "KP107": Code("NotAManifest", "A file named explicitly that holds no Kubernetes object."),
    "KP108": Code("NothingToLoad", "There is nothing to load."),
    "KP109": Code("MetadataType", "A name or namespace of a wrong type."),
    "KP201": Code("UnknownField", "A field the API does not know, or one given twice."),
    "KP202": Code("WrongType", "A value of a wrong type."),
    "KP203": Code("RequiredField", "A required field is missing."),
    "KP204": Code("UnsupportedValue", "A value outside a closed set."),
    "KP205": Code("WrongFormat", "A text of a wrong format."),
    "KP206": Code("OutOfRange", "A number, a text or a list of a wrong size."),
    "KP210": Code("UnknownKind", "A kind that the chosen Kubernetes does not serve."),
    "KP301": Code("Invalid", "A value the API server refuses."),
    "KP302": Code("ServerWarning", "A warning the API server would send."),
    "KP401": Code("DefinedTwice", "An object given twice."),
    "KP402": Code("OutOfOrder", "An object that comes after those that stand on it."),
    "KP501": Code("Refused", "A request the API server refuses."),
}
"""Families: KP1 load · KP2 schema · KP3 API validation · KP4 references · KP5 admission · KP6 controllers · KP7 scheduling · KP8 plan risk."""
