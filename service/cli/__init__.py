"""The command line: translates argv, nothing else."""
