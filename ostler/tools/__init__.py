"""What agents may call: typed functions, each registered once with a version."""
