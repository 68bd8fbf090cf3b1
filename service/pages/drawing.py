"""Draw one page of a file; runs in a reading process, since the bytes are untrusted.

A page of text is sent as PNG, with every pixel right. A photographed one is sent as JPEG: as PNG it takes ten times as
many bytes, and 300 ms instead of 10 to write.

The picture shows the page as the Document's boxes describe it: displayed upright, its origin at the top left. So a box
in points, times the scale, is a place in the picture in pixels.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Spool
from thresher.service.readers.detection.sniff import HEAD_BYTES, detect
from thresher.service.readers.registry import guarded
from thresher.service.readers.worker_process import widen_memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

SCALES = (0.5, 4.0)  # pixels a point: least and most
COMPRESSION = 1  # of PNG: 6 takes three times as long for a tenth fewer bytes
RUN_LENGTHS = 3  # zlib's strategy for grey pages: a quarter of the time of its own, and fewer bytes
JPEG_QUALITY = 88
PAPER_SHARE = 0.5  # of a page's pixels have one grey, unless it is a photograph: 0.9 and 0.01 to 0.06 were measured
SAMPLED = 4  # of so many pixels across and down, one is looked at
SIDE_MAX_PIXELS = 8000  # of a picture


def draw_page(source: Source, options: ReadOptions, spool: Spool, *, page: int, scale: float) -> bytes:
    """Return a page (1-based, of the file) as PNG or JPEG, with `scale` pixels a point.

    Raises InputProblem: not_found for a page that is not there, unsupported_type for a file without pages to draw, and
    what opening the file raises.
    """
    del spool
    return guarded(lambda: _drawn(source, options, page, scale), source)


def load_libraries(source: Source, options: ReadOptions, spool: Spool) -> None:
    """Load what drawing needs, so that the first picture need not wait for it."""
    del source, options, spool
    import thresher.service.readers.image  # noqa: PLC0415 - Pillow loads with it
    import thresher.service.readers.pdf.opening  # noqa: PLC0415 - PDFium and numpy load with it
    import thresher.service.readers.pdf.pictures.raster  # noqa: F401, PLC0415 - as above


def _drawn(source: Source, options: ReadOptions, page: int, scale: float) -> bytes:
    media_type = media_type_of(source)
    widen_memory()
    if media_type == "application/pdf":
        return _of_pdf(source, options, page, scale)
    if media_type.startswith("image/") and media_type != "image/svg+xml":
        return _of_image(source, options, page, scale)
    raise InputProblem("unsupported_type", f"{source.path} is {media_type}, which has no pages to draw")


def media_type_of(source: Source) -> str:
    """Return the type of a file by its content. Raises InputProblem(file_not_found)."""
    path = Path(source.blob)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise InputProblem("file_not_found", f"{source.path} ({error.strerror})") from None
    return detect(path, head, source.name).media_type


def _of_pdf(source: Source, options: ReadOptions, page: int, scale: float) -> bytes:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - numpy and PDFium load when first needed

    from thresher.service.readers.pdf.layout.page_frame import frame_of  # noqa: PLC0415 - as above
    from thresher.service.readers.pdf.library import open_handle  # noqa: PLC0415 - as above
    from thresher.service.readers.pdf.opening import open_document  # noqa: PLC0415 - as above
    from thresher.service.readers.pdf.pictures.raster import render  # noqa: PLC0415 - as above

    with open_document(source, options) as (document, _):
        if not 1 <= page <= pdfium.FPDF_GetPageCount(document):
            raise InputProblem("not_found", f"{source.path} has no page {page}")
        with open_handle(pdfium.FPDF_LoadPage, pdfium.FPDF_ClosePage, document, page - 1) as loaded:
            frame = frame_of(loaded)
            fitting = min(scale, SIDE_MAX_PIXELS / max(frame.width, frame.height, 1.0))
            pixels, _ = render(loaded, frame, fitting * 72, options.limits.pixels)
    return _encoded(_image(pixels))


def _image(pixels: NDArray[np.uint8]) -> Image:
    """Return pixels (blue, green, red) as an image, grey where all are."""
    import numpy as np  # noqa: PLC0415 - as above
    from PIL import Image as Pillow  # noqa: PLC0415 - as above

    blue, green, red = (np.ascontiguousarray(pixels[:, :, i]) for i in range(3))
    if np.array_equal(blue, green) and np.array_equal(green, red):
        return Pillow.fromarray(blue)
    return Pillow.merge("RGB", [Pillow.fromarray(channel) for channel in (red, green, blue)])


def _of_image(source: Source, options: ReadOptions, page: int, scale: float) -> bytes:
    from PIL.Image import Resampling  # noqa: PLC0415 - Pillow loads when first needed

    from thresher.service.readers.image import page_image  # noqa: PLC0415 - as above

    image, points = page_image(source, options.limits, page)
    times = points * min(scale, SIDE_MAX_PIXELS / max(image.width * points, image.height * points, 1.0))
    size = max(round(image.width * times), 1), max(round(image.height * times), 1)
    return _encoded(image.resize(size, Resampling.BILINEAR, reducing_gap=2.0) if size != image.size else image)


def _encoded(image: Image) -> bytes:
    data = io.BytesIO()
    if _is_photograph(image):
        image.save(data, "JPEG", quality=JPEG_QUALITY)
    elif image.mode == "L":
        image.putpalette([grey for grey in range(256) for _ in range(3)])  # with a palette PNG filters no rows
        image.save(data, "PNG", compress_level=COMPRESSION, compress_type=RUN_LENGTHS)
    else:
        image.save(data, "PNG", compress_level=COMPRESSION)
    return data.getvalue()


def _is_photograph(image: Image) -> bool:
    """Whether no grey is that of a paper."""
    width, height = (max(side // SAMPLED, 1) for side in image.size)
    counts = image.convert("L").resize((width, height), resample=0).histogram()
    return max(counts) < PAPER_SHARE * width * height


def picture_type(data: bytes) -> str:
    """Return the media type of a picture that was drawn here."""
    return "image/jpeg" if data.startswith(b"\xff\xd8") else "image/png"
