"""Words with strengths, as source *words* takes them: "face 0.1, sky 0.8, rest 0.3"."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import FieldError, shown

FIELD, REST = "words", "rest"
BEFORE = "a photo of"  # so that a single word has others beside it to be read more or less than
MOST = 32  # words and phrases
REMEDY = "Use words with strengths from 0 to 1, such as face 0.1, sky 0.8, rest 0.3"
SYNTAX = re.compile(r"[()\[\]{}<>|\\:\"]")  # of a WebUI's prompts
NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(%?)")


class Words(NamedTuple):
    """phrases: lower case, no two the same. strengths: 0..1, one for each. rest: that of
    everything else."""

    phrases: tuple[str, ...]
    strengths: tuple[float, ...]
    rest: float = 0.0

    @property
    def prompt(self) -> str:
        """The phrases as a prompt."""
        return f"{BEFORE} {', '.join(self.phrases)}"


def parse_words(text: str, field: str = FIELD) -> Words:
    """Parse words with strengths; entries are separated by commas, semicolons or lines.

    Args:
        text: "word strength, some phrase strength, rest strength"; a strength is 0..1, or a percent
            such as 80%. rest is what no word claims, 0 if it is not named.
        field: of the error.

    Raises:
        FieldError: names the entry that is wrong.
    """
    found: dict[str, float] = {}
    for entry in filter(None, (" ".join(e.split()) for e in re.split(r"[,;\n]", text))):
        phrase, _, number = entry.rpartition(" ")
        phrase = phrase.lower()
        written = NUMBER.fullmatch(number)
        if written is None or not phrase:
            raise FieldError(field, f"{shown(entry)} is not a word and a strength", REMEDY)
        if SYNTAX.search(phrase):
            problem = f"{shown(phrase)} has a character that prompts use for other things"
            raise FieldError(field, problem, "Use letters, digits, spaces and hyphens")
        if NUMBER.fullmatch(phrase):
            raise FieldError(field, f"{shown(entry)} names no word", REMEDY)
        value, percent = written.groups()
        strength = float(value) / (100 if percent else 1)
        if strength > 1:
            problem = f"{shown(entry)}: {number} is not a strength"
            raise FieldError(field, problem, "Use a number from 0 to 1, or a percent such as 80%")
        if phrase in found:
            raise FieldError(field, f"{shown(phrase)} is there twice", "Name each word once")
        found[phrase] = strength
    rest = found.pop(REST, 0.0)
    if not found:
        raise FieldError(field, "no word is named", REMEDY)
    if len(found) > MOST:
        raise FieldError(field, f"there are {len(found)} words", f"Use up to {MOST}")
    return Words(tuple(found), tuple(found.values()), rest)


def plain(prompt: str) -> str:
    """Return a prompt without a WebUI's syntax: extra networks, emphasis, AND and BREAK."""
    text = re.sub(r"<[^<>]*>", " ", prompt)
    text = re.sub(r":\s*[\d.]+\s*(?=[)\]])", " ", text)
    text = re.sub(r"\b(AND|BREAK)\b", ",", SYNTAX.sub(" ", text))
    return re.sub(r"\s+,", ",", " ".join(text.split()))


def changed_words(reference: str, query: str) -> Words | None:
    """Return what a plain reference prompt shows, at 1 what the query has not, else at 0.

    Of a prompt with commas its parts, up to the last in which a word differs; of another one the
    words that differ. None where none does.
    """
    wanted = set(_words(query))

    def differs(text: str) -> bool:
        return any(word not in wanted for word in _words(text))

    parts = [part.strip() for part in reference.lower().split(",") if part.strip()]
    while parts and not differs(parts[-1]):
        parts.pop()
    if len(parts) > 1:
        return Words(tuple(parts), tuple(float(differs(part)) for part in parts))
    changed = tuple(filter(differs, _words(reference)))
    return Words(changed, (1.0,) * len(changed)) if changed else None


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:[-'][^\W_]+)*", text.lower())
