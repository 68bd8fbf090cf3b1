"""Prove that a Matter is as it was left, and say what became of its exceptions. Begin at `verification.py`.

seal.py           after each command: the hash of every record and of every file, written to the log
verification.py   compares what is there with the seal, the log, the inputs and the exports
resolution.py     exceptions resolved or waived by a person, with the reason
retrying.py       exceptions tried again
"""
