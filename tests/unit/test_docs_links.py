"""Every relative link and picture of the pages leads somewhere, and anchors exist."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "diffdiff" / "toyworld" / "model" / "README.md",
]
FENCE = re.compile(r"^(```|~~~).*?^\1[^\S\n]*$", re.S | re.M)
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
HTML = re.compile(r"<(?:img|a)\s[^>]*?(?:src|href)=[\"']([^\"']+)[\"']")


def prose(page: Path) -> str:
    """The page without its code, in which brackets mean other things."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text(encoding="utf-8")))


def links(page: Path) -> list[str]:
    found = LINK.findall(prose(page)) + HTML.findall(prose(page))
    # the text of a link may be a picture
    found += re.findall(r"\]\(([^)\s]+)\)", prose(page))
    return sorted({link for link in found if not re.match(r"[a-z][a-z0-9+.-]*:", link)})


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: dict[str, int] = {}
    result = set()
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", FENCE.sub("", page.read_text()), re.M):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
        count = found.get(slug, 0)
        found[slug] = count + 1
        result.add(f"{slug}-{count}" if count else slug)
    return result


def test_an_anchor_is_githubs(tmp_path):
    page = tmp_path / "a.md"
    page.write_text(
        "# `Hold` in your own sampler\n\n```\n# code\n```\n## Two, [x](y)!\n## Two, x\n"
    )
    assert anchors(page) == {"hold-in-your-own-sampler", "two-x", "two-x-1"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    broken = []
    for link in links(page):
        path, _, anchor = unquote(link).partition("#")
        target = page if not path else (page.parent / path).resolve()
        there = target.is_relative_to(ROOT) and target.exists()
        if there and anchor and target.suffix == ".md":
            there = anchor in anchors(target)
        if not there:
            broken.append(link)
    assert not broken


def test_every_page_of_docs_is_in_the_index():
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    pages = {page for page in PAGES if page.parent == ROOT / "docs" and page != index}
    assert pages <= linked, {page.name for page in pages - linked}


def test_every_picture_of_docs_is_shown():
    shown = {
        (page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in links(page)
    }
    pictures = {p for p in (ROOT / "docs").rglob("*") if p.suffix in (".png", ".webp", ".svg")}
    assert pictures <= shown, {p.name for p in pictures - shown}
