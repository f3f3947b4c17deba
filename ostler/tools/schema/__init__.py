"""Changes of columns: the patch of each, and what a cast loses."""
