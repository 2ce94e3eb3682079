"""The verbs, one file each: ``FLAGS`` and ``run(command)``, which gives back what went wrong."""
