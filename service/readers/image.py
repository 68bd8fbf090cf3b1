"""Read images: PNG, JPEG, TIFF with many pages, WebP, BMP, GIF, and others that Pillow opens; of moving ones the first frame."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, ImageFile, ImageOps, UnidentifiedImageError
from PIL import Image as Pillow
from PIL.Image import Image, Resampling

from thresher.schemas.document import DocumentBuilder
from thresher.schemas.errors import InputProblem, Note, SetupProblem, note
from thresher.schemas.policy import Limits, ReadOptions
from thresher.schemas.source import Source
from thresher.service.ocr.blank_check import may_contain_text
from thresher.service.ocr.pixels import resized_within, to_rgb
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.page_pictures import LONG_SIDE_PIXELS, MOST, PLACEHOLDER, store_pictures
from thresher.service.readers.scanned_page import Scanner
from thresher.service.readers.tiff_pages import pages_stated

PREVIEW_SIDE_PIXELS = 1200  # pixels: long side of the small copy that is checked for text before OCR
LOGO_MAX_PIXELS, LINE = 60_000, 5  # pixels of a logo at most; ratio of width to height from which it is a line of words
PAGED_FORMATS = ("TIFF",)  # frames are pages; in other formats they are an animation, or a stereo image
_MOVING_FORMATS = ("GIF", "WEBP", "PNG")
CREDIBLE_DPI = (30.0, 2500.0)  # dots an inch: other values are ignored
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "JPEG2000", "AVIF", "PPM")
_TYPES = ("image/png", "image/jpeg", "image/tiff", "image/webp", "image/bmp", "image/x-ms-bmp", "image/gif")
_RARE = ("image/jp2", "image/avif", "image/x-portable", "image/heic", "image/heif")


@dataclass(frozen=True, slots=True)
class ImageReader:
    """Read images of paper; a page is the image at its stated resolution, upright according to its EXIF data."""

    name: str = "image"

    def confidence(self, head: bytes, source: Source) -> float:
        """Return 0.95 for the common formats, less for rare ones."""
        del head
        if source.media_type.startswith(_TYPES):
            return 0.95
        return 0.6 if source.media_type.startswith(_RARE) else 0.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:
        """Return a Document of kind "image". Raises InputProblem(unsupported_type, too_large, corrupt)."""
        builder = DocumentBuilder(source, kind="image")
        scanner = Scanner(source, options, spool)
        with _opened(source, options.limits) as image:
            builder.document.facts.update(_facts(image))
            builder.document.notes += _unread_frames(image, source)
            drawn: dict[int, Image] = {}
            for page, frame in enumerate(_frames(source, image, options.limits), start=1):
                builder.document.notes += _write(builder, scanner, frame, page)
                if frame.image is not None and options.pictures != "none" and len(drawn) < MOST:
                    drawn[page] = resized_within(to_rgb(frame.image), LONG_SIDE_PIXELS)[0]
        document = builder.build()
        store_pictures(document, options, drawn.get)
        return Reading(document, scanner.children)


reader = ImageReader()


def page_image(source: Source, limits: Limits, page: int) -> tuple[Image, float]:
    """Return the image of a page (1-based) as its Document shows it, grey or in 8-bit RGB, and points a pixel.

    Raises InputProblem(not_found) for a page that is not there, and as `read` does.
    """
    with _opened(source, limits) as image:
        if not 1 <= page <= _frame_count(image):
            raise InputProblem("not_found", f"{source.path} has no page {page}")
        frame = _frame(source, image, page - 1, limits)
    assert frame.image is not None  # noqa: S101 - a frame that cannot be decoded raises
    return frame.image if frame.image.mode == "L" else to_rgb(frame.image), frame.scale


@dataclass(frozen=True, slots=True)
class _Frame:
    """One page: the image, points a pixel, and Notes on faults. The image is None where it cannot be decoded."""

    image: Image | None
    scale: float = 1.0
    notes: tuple[Note, ...] = ()


def _write(builder: DocumentBuilder, scanner: Scanner, frame: _Frame, page: int) -> list[Note]:
    """Write one frame as a page by OCR, and return its Notes."""
    notes = [one.model_copy(update={"page": page}) for one in frame.notes]
    if frame.image is None:
        builder.page(0, 0, ocr=True)
        return notes
    builder.page(frame.image.width * frame.scale, frame.image.height * frame.scale, ocr=True)
    if scanner.source.relation == "inline" and scanner.options.inline == "auto":
        return notes + _write_inline(builder, scanner, frame, page)
    before = builder.length
    notes += scanner.write(builder, frame.image, scale=frame.scale, page=page)
    if builder.length == before and scanner.options.pictures != "none":
        builder.block(PLACEHOLDER.format(page))
    return notes


def _write_inline(builder: DocumentBuilder, scanner: Scanner, frame: _Frame, page: int) -> list[Note]:
    """Write an inline picture; return no Note for a logo or icon, and one for a picture with text that is not read."""
    assert frame.image is not None  # noqa: S101 - asked only of what was decoded
    small, _ = resized_within(to_rgb(frame.image), PREVIEW_SIDE_PIXELS)
    if not may_contain_text(np.asarray(small.convert("L"))):
        return []
    box = (0.0, 0.0, frame.image.width * frame.scale, frame.image.height * frame.scale)
    try:
        notes = scanner.write(builder, frame.image, scale=frame.scale, page=page)
    except SetupProblem as problem:
        return [problem.note(), _unread_note(frame.image, scanner.source, page, box)]
    if scanner.options.ocr == "off":
        return [_unread_note(frame.image, scanner.source, page, box)]
    return [one for one in notes if builder.length or one.code != "no_text" or scanner.children]


def _unread_note(image: Image, source: Source, page: int, box: tuple[float, float, float, float]) -> Note:
    """Return the Note of a picture that is not read; one as small and compact as a logo gets the milder code."""
    if is_emblem(image.width, image.height):
        return note("inline_unread", source.path)
    return note("picture_unread", source.name, page, box)


def is_emblem(width: int, height: int) -> bool:
    """Whether a picture of so many pixels is as small and compact as a logo."""
    return width * height < LOGO_MAX_PIXELS and width < LINE * height


def picture_size(source: Source, limits: Limits) -> tuple[int, int, int]:
    """Return width and height in pixels as an image states them, and its pages; nothing is decoded.

    Raises InputProblem(unsupported_type, too_large, corrupt).
    """
    with _opened(source, limits) as image:
        return image.width, image.height, _frame_count(image)


def natural_size(source: Source, limits: Limits, points_a_pixel: float) -> tuple[float, float]:
    """Return width and height in points by the resolution that an image states; without one by `points_a_pixel`.

    Raises InputProblem as `picture_size` does.
    """
    with _opened(source, limits) as image:
        stated = image.info.get("dpi", (0, 0))
        across, down = (72 / float(dpi) if float(dpi) > 1 else points_a_pixel for dpi in stated)
        return image.width * across, image.height * down


@contextmanager
def _opened(source: Source, limits: Limits) -> Iterator[Image]:
    """Open the image, check its size and decode nothing."""
    before, Pillow.MAX_IMAGE_PIXELS = Pillow.MAX_IMAGE_PIXELS, None  # the limit of the options is checked below
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata does not matter
            with _identified(source) as image:
                _check_pixels(image, source, limits)
                yield image
    finally:
        Pillow.MAX_IMAGE_PIXELS = before


def _identified(source: Source) -> Image:
    if source.media_type.startswith(("image/heic", "image/heif")):
        raise InputProblem("unsupported_type", f"{source.path} is HEIC; save it as JPEG or PNG")
    try:
        return Pillow.open(source.blob, formats=FORMATS)
    except UnidentifiedImageError:
        raise InputProblem("corrupt", f"{source.path} has no readable image header") from None
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, OverflowError) as fault:
        raise InputProblem("corrupt", f"{source.path} ({type(fault).__name__})") from fault


def _check_pixels(image: Image, source: Source, limits: Limits) -> None:
    if image.width * image.height > limits.pixels:
        size = f"{image.width} x {image.height} pixels, the limit is {limits.pixels}"
        raise InputProblem("too_large", f"{source.path} declares {size}")


def _frames(source: Source, image: Image, limits: Limits) -> Iterator[_Frame]:
    """Yield every page in order. A damaged page raises where it is the only one, else it becomes a Note."""
    count = _frame_count(image)
    for index in range(min(count, limits.pages)):
        try:
            yield _frame(source, image, index, limits)
        except InputProblem as problem:
            if count == 1:
                raise
            yield _Frame(None, notes=(problem.note(),))
    if count > limits.pages:
        yield _Frame(None, notes=(note("too_large", f"{count} pages, the limit is {limits.pages}"),))
    elif image.format in PAGED_FORMATS and pages_stated(source.blob) != count:
        yield _Frame(None, notes=(note("corrupt_partial", f"the chain of pages breaks off behind page {count}"),))


def _unread_frames(image: Image, source: Source) -> list[Note]:
    """Return the Note of a moving picture, of which only the first frame is read; none for one the size of a logo."""
    frames = 1
    with suppress(
        OSError, ValueError, SyntaxError, TypeError, KeyError, EOFError
    ):  # a damaged one is read as far as it goes
        frames = int(getattr(image, "n_frames", 1)) if image.format in _MOVING_FORMATS else 1
    if frames < 2 or (source.relation == "inline" and is_emblem(image.width, image.height)):
        return []
    return [note("picture_unread", f"frames 2 to {frames} of {source.name or source.path}, which moves")]


def _frame_count(image: Image) -> int:
    if image.format not in PAGED_FORMATS:
        return 1
    try:
        return int(getattr(image, "n_frames", 1))
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, EOFError):
        return 1  # a broken chain of pages: the first may still be readable


def _frame(source: Source, image: Image, index: int, limits: Limits) -> _Frame:
    try:
        image.seek(index)
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, EOFError) as fault:
        raise InputProblem("corrupt", f"{source.path} page {index + 1} ({type(fault).__name__})") from fault
    _check_pixels(image, source, limits)
    decoded, notes = _decoded(source, image, index)
    upright = ImageOps.exif_transpose(decoded)
    squared, scale = _squared(upright, _density(decoded, turned=upright.size != decoded.size))
    return _Frame(squared, scale, notes)


def _decoded(source: Source, image: Image, index: int) -> tuple[Image, tuple[Note, ...]]:
    """Return a copy with all pixels; where the file ends early, with the pixels that it has, and a Note."""
    try:
        return image.copy(), ()
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, EOFError, IndexError):
        rest = _salvaged(source, index)
    if rest is None or _is_flat(rest):
        raise InputProblem("corrupt", f"{source.path}: no pixels can be decoded")
    return rest, (note("corrupt_partial", "the image ends early"),)


def _salvaged(source: Source, index: int) -> Image | None:
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        with Pillow.open(source.blob, formats=FORMATS) as again:
            again.seek(index)
            return again.copy()
    except Exception:  # noqa: BLE001 - decoders of damaged data raise anything
        return None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _is_flat(image: Image) -> bool:
    """Whether it has one colour all over: nothing was decoded."""
    low, high = image.convert("L").getextrema()
    return low == high


def _density(image: Image, *, turned: bool) -> tuple[float, float]:
    """Return dots an inch across and down; 72 where none are stated or the statement is absurd."""
    try:
        across, down = (float(v) for v in image.info.get("dpi", (72, 72)))
    except (TypeError, ValueError, ZeroDivisionError):
        return 72.0, 72.0
    low, high = CREDIBLE_DPI
    if not (low <= across <= high and low <= down <= high):
        return 72.0, 72.0
    return (down, across) if turned else (across, down)


def _squared(image: Image, density: tuple[float, float]) -> tuple[Image, float]:
    """Return the image with square pixels (a fax has twice as many across as down), and points a pixel."""
    across, down = density
    most = max(across, down)
    if most > 1.1 * min(across, down):
        new = (round(image.width * most / across), round(image.height * most / down))
        image = image.convert("L" if image.mode == "1" else image.mode).resize(new, Resampling.NEAREST)
    return image, 72.0 / most


def _facts(image: Image) -> dict[str, str]:
    """Return camera and time of the picture, as its EXIF data states them."""
    try:
        exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
    except Exception:  # noqa: BLE001 - the page is read despite broken metadata
        return {}
    names = [exif.get(ExifTags.Base.Make), exif.get(ExifTags.Base.Model)]
    taken = details.get(ExifTags.Base.DateTimeOriginal)  # the tag DateTime is that of the last edit
    found = {"camera": " ".join(_clean(name) for name in names if name), "date": _clean(taken)}
    return {key: value for key, value in found.items() if value}


def _clean(value: object) -> str:
    return " ".join(str(value).replace("\0", " ").split()) if value else ""
