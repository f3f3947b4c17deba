"""The approval console."""
