"""Custom resources: the kinds that CustomResourceDefinitions in the store serve."""
