"""Judge the pipeline's Results against the truth that people wrote.

    case --run--> Result --align--> outcomes --count--> F1 by field and document --bootstrap--> intervals

Start at `scoring.py`. Cases are folders (`cases.py`); runs are stored as files (`scored_runs.py`) and compared (`contrast.py`).
"""
