"""What every report is made of: text that stays text, figures with their words, Markdown and HTML of both."""

from harness.pages.document import FILE, PAGE, Report, page, write_page
from harness.pages.illustration import FORMATS, Illustration, illustrated
from harness.pages.rendering import parser
from harness.pages.text import alike, code, plain_text, shape

__all__ = [
    "FILE",
    "FORMATS",
    "PAGE",
    "Illustration",
    "Report",
    "alike",
    "code",
    "illustrated",
    "page",
    "parser",
    "plain_text",
    "shape",
    "write_page",
]
