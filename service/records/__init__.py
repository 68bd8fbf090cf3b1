"""Find lists in a text: where records begin, which lines belong to a list, how many records there are.

No model is asked.
"""
