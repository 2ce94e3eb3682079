"""From files to objects: manifests as kubectl reads them (``sources``), clusters (``cluster``), and where values stand.

Nothing is imported here, so that a command pays only for the readers it uses.
"""
