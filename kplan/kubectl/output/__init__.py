"""The ways ``-o`` prints objects: YAML, JSON, JSONPath, columns of one's own, tables."""
