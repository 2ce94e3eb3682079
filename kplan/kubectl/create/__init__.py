"""``kubectl create deployment|configmap|…``: objects made of flags, one kind a file."""
