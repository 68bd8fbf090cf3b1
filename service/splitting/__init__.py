"""Split one file into the documents that it contains, at the pages where documents begin.

    Document --signals--> gaps with scores --code, and a model where code is unsure--> boundaries --> parts

Every page is in exactly one part. `split_by_code` calls no model; `split` asks a generative model about unsure gaps.
"""

from thresher.service.splitting.boundaries import Gap, gaps
from thresher.service.splitting.splitter import split, split_by_code

__all__ = ["Gap", "gaps", "split", "split_by_code"]
