"""``kubectl apply set-last-applied|view-last-applied``, one file each."""
