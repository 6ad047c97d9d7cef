"""What text may enter the system, and how it is folded to be compared or masked to be shown.

Every door and the registry feed pass text through `clean`. `fold_card` is the identity of a card
number; its SQL twin is built from CARD_FOLD_FROM and CARD_FOLD_TO, which have the form of
PostgreSQL's translate(): characters of FROM beyond the length of TO are dropped.
"""

import re
import unicodedata

BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
BYTE_ORDER_MARK = "\ufeff"
ZERO_WIDTH_SPACE = "\u200b"
JOINERS = "\u200c\u200d\u2060"

KHMER_DIGITS = "\u17e0\u17e1\u17e2\u17e3\u17e4\u17e5\u17e6\u17e7\u17e8\u17e9"
ASCII_DIGITS = "0123456789"
CARD_SPACES = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000" + ZERO_WIDTH_SPACE
)
CARD_HYPHENS = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
ASCII_LOWER = "abcdefghijklmnopqrstuvwxyz"
ASCII_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CARD_FOLD_FROM = KHMER_DIGITS + ASCII_LOWER + CARD_SPACES + CARD_HYPHENS
CARD_FOLD_TO = ASCII_DIGITS + ASCII_UPPER

# Khmer stacks at most five marks on a letter (a coeng is followed by a letter, which ends the run).
MAX_MARKS = 8
# Before NFC: three code points may compose to one, and stripped controls do not count.
RAW_LENGTH_FACTOR = 4
MASK = "\u2022"

_KHMER_BLOCK = range(0x1780, 0x1800)
_NONCHARACTERS = range(0xFDD0, 0xFDF0)
_LAST_OF_PLANE = 0xFFFE
_CARD_FOLD = str.maketrans(
    KHMER_DIGITS + ASCII_LOWER, ASCII_DIGITS + ASCII_UPPER, CARD_SPACES + CARD_HYPHENS
)
_STRIPPED = str.maketrans("", "", BIDI_CONTROLS + BYTE_ORDER_MARK)
# Printable ASCII, Khmer letters and digits: no marks, nothing invisible, each its own NFC form.
_PLAIN = re.compile("[ -~\u1780-\u17b3\u17e0-\u17e9]*")
_BREAKS = "\t\n\r\u2028\u2029"
_TRIMMED = " \t\r\n\xa0\u1680\u2028\u2029\u202f\u205f\u3000\u200b" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_TO_ASCII_DIGITS = str.maketrans(KHMER_DIGITS, ASCII_DIGITS)
_INVISIBLE = str.maketrans("", "", ZERO_WIDTH_SPACE + JOINERS + BYTE_ORDER_MARK + BIDI_CONTROLS)


def clean(value: object, *, max_length: int, multiline: bool = False) -> str:
    """Return the text as it may be stored, or raise ValueError saying what is wrong with it.

    The result is NFC, trimmed, free of control and direction characters, and at most
    `max_length` code points long. Zero-width spaces and joiners stay: Khmer needs them.
    """
    if not isinstance(value, str):
        raise ValueError("Must be text.")
    if len(value) > max_length * RAW_LENGTH_FACTOR:
        raise ValueError(_too_long(max_length))
    if _PLAIN.fullmatch(value):
        text = value.strip(" ")
    else:
        text = _clean_unicode(value, multiline=multiline)
    if len(text) > max_length:
        raise ValueError(_too_long(max_length))
    return text


def fold_card(text: str) -> str:
    """Return the key under which a card number is found, however it was typed.

    NFC, Khmer digits to ASCII, spaces and hyphens dropped, letters upper-cased. The letters with
    case on cards are ASCII; others stay as they are, so that SQL and Python never disagree.
    """
    return unicodedata.normalize("NFC", text).translate(_CARD_FOLD)


def mask_card(number: str) -> str:
    """Return a card number fit for lists: `2990101-0000001-A` becomes `2990•••-•••••01-A`."""
    separators = CARD_SPACES + CARD_HYPHENS
    significant = sum(character not in separators for character in number)
    quarter = (significant + 1) // 4
    hidden = range(min(4, quarter), significant - min(3, quarter))
    masked: list[str] = []
    position = 0
    for character in number:
        if character in separators:
            masked.append(character)
            continue
        masked.append(MASK if position in hidden else character)
        position += 1
    return "".join(masked)


def initials(name: str) -> str:
    """Return the first letter of each part of a name: `SOK TARA` becomes `S.T.`."""
    letters: list[str] = []
    for part in unicodedata.normalize("NFC", name).translate(_INVISIBLE).split():
        first = next((character for character in part if character.isalpha()), None)
        if first is not None:
            letters.append(first.upper())
    return "".join(f"{letter}." for letter in letters)


def fold_name(text: str) -> str:
    """Return a name fit for comparing: lower case, no Latin accents, no punctuation, single spaces.

    Khmer vowels and subscripts are part of the word and stay.
    """
    visible = unicodedata.normalize("NFC", text).translate(_INVISIBLE).translate(_TO_ASCII_DIGITS)
    kept = (
        character if _belongs_to_a_word(character) else " "
        for character in unicodedata.normalize("NFD", visible.casefold())
        if not (unicodedata.category(character) == "Mn" and ord(character) not in _KHMER_BLOCK)
    )
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def _clean_unicode(value: str, *, multiline: bool) -> str:
    text = value.translate(_STRIPPED).strip(_TRIMMED)
    if multiline:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    _refuse_characters(text, multiline=multiline)
    # The marks are bounded first: sorting a run of thousands of them is what makes NFC slow.
    _refuse_stacked_marks(text)
    return unicodedata.normalize("NFC", text)


def _refuse_characters(text: str, *, multiline: bool) -> None:
    for character in text:
        category = unicodedata.category(character)
        if character in _BREAKS:
            if not multiline:
                raise ValueError("Must be a single line, without tabs or line breaks.")
        elif category == "Cc":
            raise ValueError(f"Must not contain the control character U+{ord(character):04X}.")
        elif category == "Cs" or _is_noncharacter(character):
            raise ValueError(f"Must not contain U+{ord(character):04X}, which is not a character.")


def _refuse_stacked_marks(text: str) -> None:
    run = 0
    for character in text:
        category = unicodedata.category(character)
        if category.startswith("M"):
            run += 1
            if run > MAX_MARKS:
                raise ValueError(f"Must not stack more than {MAX_MARKS} combining marks.")
        elif category != "Cf":  # an invisible joiner does not end the stack
            run = 0


def _is_noncharacter(character: str) -> bool:
    code = ord(character)
    return code & _LAST_OF_PLANE == _LAST_OF_PLANE or code in _NONCHARACTERS


def _belongs_to_a_word(character: str) -> bool:
    return character.isalnum() or (ord(character) in _KHMER_BLOCK and _is_mark(character))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def _too_long(max_length: int) -> str:
    return f"Must not be longer than {max_length} characters."
