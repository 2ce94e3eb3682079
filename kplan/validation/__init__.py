"""Each manifest as the API server would judge it, without a cluster or against one, located to the line."""
