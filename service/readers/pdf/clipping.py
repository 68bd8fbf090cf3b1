"""Read the clipping paths of page objects: what is outside them is not painted."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat

import numpy as np

from thresher.service.readers.pdf.library import Floats, clip_count, clip_length, clip_path, clip_segment, points_of
from thresher.service.readers.pdf.matrices import Matrix, place_boxes
from thresher.service.readers.pdf.objects import user_boxes

_INFINITY = 1e6  # points, beyond any page
_LEFT_AND_BOTTOM = np.array([True, False, False, True])


def clips_of(objects: list[int]) -> Floats | None:
    """Return (n, 4) left, top, right, bottom of each object's clip in user space; infinite for none.

    Returns None where no object has one.
    """
    clips = list(map(clip_path, objects))
    counts = np.fromiter(map(clip_count, clips), np.int64, len(clips))
    if not (counts > 0).any():
        return None
    found = np.tile(np.array([-_INFINITY, _INFINITY, _INFINITY, -_INFINITY], np.float32), (len(objects), 1))
    known: dict[int, tuple[float, float, float, float]] = {}
    for k in range(max(int(counts.max(initial=0)), 0)):
        at = np.flatnonzero(counts > k)
        some = clips if len(at) == len(clips) else [clips[i] for i in at.tolist()]
        firsts = np.fromiter(map(clip_segment, some, repeat(k), repeat(0)), np.int64, len(some))
        begin = np.flatnonzero(np.concatenate(([True], firsts[1:] != firsts[:-1])))
        for i, first in zip(begin.tolist(), firsts[begin].tolist(), strict=True):
            if first not in known:  # objects that share a path share its points
                known[first] = _bounds_of_clip(some[i], k)
        own = np.array([known[first] for first in firsts[begin].tolist()], np.float32)
        bounds = np.repeat(own, np.diff(np.append(begin, len(firsts))), axis=0)
        found[at] = np.where(_LEFT_AND_BOTTOM, np.maximum(found[at], bounds), np.minimum(found[at], bounds))
    return found


def _bounds_of_clip(clip: int, path: int) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of one clipping path; infinite where it has no points."""
    points = _points(clip, path)
    if not points:
        return -_INFINITY, _INFINITY, _INFINITY, -_INFINITY
    x, y = zip(*points, strict=True)
    return min(x), max(y), max(x), min(y)


def clipped_boxes(objects: list[int], places: Mapping[int, Matrix] | None = None) -> Floats:
    """Return (n, 4) left, top, right, bottom in user space, cut to each object's clipping paths.

    `places` are those of `FormContents`, where objects may be inside forms.
    """
    boxes = user_boxes(objects)
    for box, one in zip(boxes, objects, strict=True):
        clip = clip_path(one)
        for i in range(max(clip_count(clip), 0) if clip else 0):
            points = _points(clip, i)
            if points:
                x, y = zip(*points, strict=True)
                box[:] = max(box[0], min(x)), min(box[1], max(y)), min(box[2], max(x)), max(box[3], min(y))
    place_boxes(boxes, objects, places or {})
    return boxes


def _points(clip: int, path: int) -> list[list[float]]:
    """Return the points of one clipping path."""
    count = max(clip_length(clip, path), 0)
    found: list[list[float]] = points_of([one for i in range(count) if (one := clip_segment(clip, path, i))]).tolist()
    return found
