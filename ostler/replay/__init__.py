"""Runs recorded history again and compares digests."""
