"""The command line: a file per noun, imported when it is called."""
