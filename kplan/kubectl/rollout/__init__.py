"""``kubectl rollout pause|resume|restart|undo|status|history``, one file each."""
