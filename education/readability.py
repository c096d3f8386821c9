"""How hard a text is to read, as US school grades. Pure: no Django, no database.

Two formulas, because one alone is easy to please (clinical reference, section 6):

* Flesch-Kincaid grade = 0.39 x words per sentence + 11.8 x syllables per word - 15.59
  (Kincaid and others, 1975).
* SMOG grade = 1.0430 x sqrt(long words x 30 / sentences) + 3.1291, a long word having three or more
  syllables (McLaughlin, 1969). SMOG was made for 30 sentences and more; below that it is only a hint.

A formula is a floor, not a proof: people with MS reading the page are the proof.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Final

#: Above this grade an article needs the reviewer's typed reason before it can be published.
HIGHEST_GRADE: Final = 8.0

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+|\n+")
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?|\d+(?:[.,]\d+)*")
_VOWELS = re.compile(r"[aeiouy]+")

#: Words the rules below get wrong and that our articles use. Values are spoken syllables.
_KNOWN: Final[dict[str, int]] = {
    "a": 1,
    "agreed": 2,
    "alemtuzumab": 5,
    "allergies": 3,
    "antibodies": 4,
    "anything": 3,
    "area": 3,
    "being": 2,
    "breathe": 1,
    "breathes": 1,
    "business": 2,
    "clothes": 1,
    "create": 2,
    "diet": 2,
    "doing": 2,
    "every": 2,
    "everyone": 3,
    "everything": 3,
    "evening": 2,
    "eye": 1,
    "eyes": 1,
    "family": 3,
    "fluid": 2,
    "fluids": 2,
    "forearm": 2,
    "going": 2,
    "healthcare": 2,
    "idea": 3,
    "ideas": 3,
    "immediate": 4,
    "interested": 4,
    "lifetime": 2,
    "maybe": 2,
    "medicine": 3,
    "mri": 3,
    "ms": 2,
    "once": 1,
    "people": 2,
    "quiet": 2,
    "reaction": 3,
    "reactions": 3,
    "reassure": 3,
    "safety": 2,
    "science": 2,
    "seeing": 2,
    "sleeve": 1,
    "sleeves": 1,
    "someone": 2,
    "something": 2,
    "sometimes": 2,
    "somewhere": 2,
    "therefore": 2,
    "theater": 3,
    "tired": 2,
    "tiredness": 3,
    "tongue": 1,
    "useful": 2,
    "usual": 3,
    "usually": 4,
    "vein": 1,
    "veins": 1,
}


def syllables(word: str) -> int:
    """Return the spoken syllables of one English word, at least 1.

    Counts groups of vowels and corrects for silent endings. A number counts one syllable per digit and
    never more than two, so that it is never a "long word": dates and times do not make a text hard.
    """
    word = word.lower().replace("’", "'")
    if word[0].isdigit():
        return min(2, sum(letter.isdigit() for letter in word))
    for ending in ("'s", "'t", "'re", "'ll", "'ve", "'d", "'m"):
        if word.endswith(ending):
            base = word.removesuffix(ending)
            extra = 1 if ending == "'t" and base.endswith(("dn", "sn", "ldn")) else 0
            return syllables(base) + extra if base else 1
    word = word.replace("'", "")
    if word in _KNOWN:
        return _KNOWN[word]
    count = len(_VOWELS.findall(word))
    if word.endswith("e") and not re.search(r"([^aeiouy]le|[aeiouy]e)$", word):
        count -= 1  # a silent last e: "drive", but not "table" or "free"
    elif re.search(r"[^aeiouydt]ed$", word):
        count -= 1  # "called", but not "needed" or "wanted"
    elif re.search(r"[^aeiouy]es$", word) and not re.search(
        r"(s|x|z|ch|sh|ce|se|ge|c|g|[^aeiouy]l)es$", word
    ):
        count -= 1  # "takes", but not "nurses" or "tables"
    if re.search(r"(?<![tscgln])i(a|o|um|us|en)|.{3}i(er|est)$", word):
        count += 1  # "period", "medium", "earlier"; but not "-tion", "-sion", "-cious", "-nion"
    if re.search(r"(ea[^dklmnprstvwcfg]|eo(?!ple)|uou|ual|uat|yi)", word):
        count += 1  # "being", "video", "gradual"
    if re.search(r"[aeiouy]ment$|[^aeiouy]ely$|[^aeiouyd]eness$|[^aeiouyd]eful$", word) and re.search(
        r"[^aeiouy]e(ment|ly|ness|ful)", word
    ):
        count -= 1  # a silent e inside: "safely", "movement", "careful"
    return max(1, count)


@dataclass(frozen=True, slots=True)
class Reading:
    """The counts of one text and what the two formulas make of them."""

    sentences: int
    words: int
    syllables: int
    long_words: int

    @property
    def flesch_kincaid(self) -> float:
        """US school grade, rounded to one decimal; 0.0 for an empty text."""
        if not self.words:
            return 0.0
        grade = 0.39 * self.words / self.sentences + 11.8 * self.syllables / self.words - 15.59
        return round(max(0.0, grade), 1)

    @property
    def smog(self) -> float:
        """US school grade, rounded to one decimal; 0.0 for an empty text."""
        if not self.words:
            return 0.0
        return round(1.0430 * sqrt(self.long_words * 30 / self.sentences) + 3.1291, 1)

    @property
    def grade(self) -> float:
        """The stricter of the two."""
        return max(self.flesch_kincaid, self.smog)


def words_of(text: str) -> list[str]:
    """Return the words and numbers of a text in order."""
    return _WORD.findall(text)


def sentences_of(text: str) -> list[str]:
    """Split at full stops, question and exclamation marks and line ends; pieces without words are dropped."""
    return [piece for piece in _SENTENCE_END.split(text) if _WORD.search(piece)]


def read(pieces: str | Iterable[str]) -> Reading:
    """Count a text, given whole or as pieces (headings, paragraphs, list rows); a piece ends a sentence."""
    if isinstance(pieces, str):
        pieces = [pieces]
    sentences = [sentence for piece in pieces for sentence in sentences_of(piece)]
    words = [word for sentence in sentences for word in words_of(sentence)]
    counts = [syllables(word) for word in words]
    return Reading(
        sentences=len(sentences),
        words=len(words),
        syllables=sum(counts),
        long_words=sum(count >= 3 for count in counts),
    )
