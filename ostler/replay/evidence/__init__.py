"""Evidence: who decided what, on what, under which policy, in one file that proves itself."""
