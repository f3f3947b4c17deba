"""Where bytes lie: folders and object storage behind one kind of path."""
