"""Settings and the folders of a workspace."""
