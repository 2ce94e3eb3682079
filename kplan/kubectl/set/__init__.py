"""``kubectl set image|env|resources|selector|serviceaccount|subject``, one file each."""
