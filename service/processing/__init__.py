"""Large Units in processes of their own, so that whoever serves many never waits for one of them.

    worker: Documents --> process: chunk, count, ground, merge, judge --> Result
                 <-- questions, replies -->
"""
