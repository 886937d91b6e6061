class BuildFailed(Exception):
    """The one sentence a person needs: what is wrong and what to do."""
