"""The Pod Security Standards: levels, versions, and the checks of each."""
