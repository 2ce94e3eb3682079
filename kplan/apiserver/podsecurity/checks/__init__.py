"""One check of the Pod Security Standards a file."""
