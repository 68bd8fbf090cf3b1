"""Place objects by matrices: those of form XObjects apply to everything inside them."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence

import pypdfium2.raw as pdfium

from thresher.service.readers.pdf.library import Floats

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def matrix_of(one: int) -> Matrix:
    """Return the matrix of a page object; the identity where it has none."""
    found = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(ctypes.cast(one, pdfium.FPDF_PAGEOBJECT), ctypes.byref(found)):
        return IDENTITY
    return found.a, found.b, found.c, found.d, found.e, found.f


def times(a: Matrix, b: Matrix) -> Matrix:
    """Return the product of matrices: first `a`, then `b`.

    >>> times((2, 0, 0, 2, 5, 0), (1, 0, 0, 1, 0, 50))
    (2, 0, 0, 2, 5, 50)
    """
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )


def moved(m: Matrix, x: float, y: float) -> tuple[float, float]:
    """Return a point transformed by a matrix."""
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def place_boxes(boxes: Floats, objects: Sequence[int], places: Mapping[int, Matrix]) -> None:
    """Move boxes (left, top, right, bottom) of objects inside forms to where the page shows them, in place.

    `places` are the matrices of those that forms move.
    """
    for i, one in enumerate(objects) if places else ():
        matrix = places.get(one)
        if matrix is not None:
            x, y = zip(
                *(moved(matrix, x, y) for x in boxes[i, ::2].tolist() for y in boxes[i, 1::2].tolist()), strict=True
            )
            boxes[i] = min(x), max(y), max(x), min(y)
