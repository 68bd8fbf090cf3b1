"""The command line: translate argv, nothing else."""
