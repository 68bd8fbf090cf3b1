"""The scorecard: what the pipeline gave, judged against what people say is right.

    case --run--> Result --align--> outcomes --count--> F1 by field and document --bootstrap--> intervals

Start at `scoring.py`. Cases are folders (`cases.py`); runs are kept as files (`runs.py`) and compared (`contrast.py`).
"""
