"""The verdicts of ``kplan validate``, one file a format; nothing lists them."""
