"""What will this Kubernetes cluster look like after I apply these manifests, and why? An offline plan."""

__version__ = "0.1.0"
