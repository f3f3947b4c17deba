"""Rules measured by other engines, where the data lies; Ibis is loaded by nothing else."""
