"""Text at the doors: what is refused, what is mended, how cards and names are folded and masked."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.text import (
    CARD_FOLD_FROM,
    CARD_FOLD_TO,
    CARD_HYPHENS,
    CARD_SPACES,
    clean,
    fold_card,
    fold_name,
    initials,
    mask_card,
)


@pytest.mark.parametrize("bad", ["a\x00b", "a\x1bb", "a\x07b", "a\x7fb", "a\x85b"])
@pytest.mark.parametrize("multiline", [False, True])
def test_a_control_character_is_refused_on_one_line_and_on_many(bad, multiline):
    with pytest.raises(ValueError, match=r"control character U\+00"):
        clean(bad, max_length=20, multiline=multiline)


@pytest.mark.parametrize("bad", ["a\tb", "a\nb", "a\r\nb", "ក\u2028ខ"])
def test_tabs_and_line_breaks_are_refused_on_a_single_line(bad):
    with pytest.raises(ValueError, match="single line"):
        clean(bad, max_length=20)


def test_line_breaks_of_every_kind_become_newlines_where_many_lines_are_allowed():
    assert clean("a\r\nb\rc\u2028d\te", max_length=20, multiline=True) == "a\nb\nc\nd\te"


@pytest.mark.parametrize("bad", ["a\ud800b", "a\ufffeb", "a\ufdd0b", "\U0001ffff!"])
def test_what_is_no_character_at_all_is_refused(bad):
    with pytest.raises(ValueError, match="not a character"):
        clean(bad, max_length=20)


@pytest.mark.parametrize("value", [None, 12, b"bytes", ["a"]])
def test_only_text_is_text(value):
    with pytest.raises(ValueError, match="Must be text"):
        clean(value, max_length=20)


@pytest.mark.parametrize(
    "control",
    [*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A)), *"\u200e\u200f\u061c"],
)
def test_direction_controls_are_taken_out(control):
    assert clean(f"INV{control}123", max_length=6) == "INV123"


def test_text_is_composed_and_trimmed():
    assert clean("  e\u0301cole\u00a0\n", max_length=5) == "\u00e9cole"


def test_length_counts_the_composed_characters():
    assert clean("e\u0301" * 5, max_length=5) == "\u00e9" * 5

    with pytest.raises(ValueError, match="longer than 5"):
        clean("e\u0301" * 6, max_length=5)


def test_ten_thousand_combining_marks_are_refused_before_they_cost_anything(monkeypatch):
    # Alternating classes make canonical ordering quadratic when it is let loose on them.
    marks = "\u0301\u0316" * 5_000
    composed = []
    normalize = unicodedata.normalize
    monkeypatch.setattr(
        unicodedata, "normalize", lambda form, text: composed.append(text) or normalize(form, text)
    )

    with pytest.raises(ValueError, match="combining marks"):
        clean("a" + marks, max_length=20_000)
    with pytest.raises(ValueError, match="longer than 100"):
        clean("a" + marks, max_length=100)

    assert composed == []


def test_an_invisible_joiner_does_not_start_a_new_stack_of_marks():
    with pytest.raises(ValueError, match="combining marks"):
        clean("a" + "\u0301\u200d" * 9, max_length=100)


def test_eight_marks_are_the_most_a_letter_carries():
    assert clean("q" + "\u0316" * 8, max_length=20) == "q" + "\u0316" * 8

    with pytest.raises(ValueError, match="more than 8"):
        clean("q" + "\u0316" * 9, max_length=20)


@pytest.mark.parametrize(
    "khmer",
    [
        "ស្ត្រីមានផ្ទៃពោះ",
        "ពោធិ៍សាត់",
        "បេឡាជាតិ\u200bសន្តិសុខ\u200bសង្គម",
        "ស៊ីស\u200cា\u17c6",
        "ត្បូងឃ្មុំ",
        "១២ ខែចុងក្រោយ",
    ],
)
def test_khmer_clusters_and_invisible_word_breaks_stay_as_they_are(khmer):
    assert clean(khmer, max_length=60) == khmer


def test_markup_is_kept_as_the_text_it_is():
    assert clean("<img onerror=alert(1)>", max_length=40) == "<img onerror=alert(1)>"


@given(st.text(max_size=60))
def test_what_is_clean_stays_the_same_when_cleaned_again(text):
    try:
        once = clean(text, max_length=60, multiline=True)
    except ValueError:
        return
    assert clean(once, max_length=60, multiline=True) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not set(once) & set("\x00\u202e\u2066\u200e")
    once.encode()


@pytest.mark.parametrize(
    "typed",
    [
        "2990101-0000001-ក",
        "២៩៩០១០១-០០០០០០១-ក",
        "29901010000001ក",
        " 2990101 0000001 ក ",
        "2990101\u20130000001\u2014ក",
        "2990101\u20110000001\u2212ក\r\n",
        "2990101\u200b-\u00a00000001\u3000ក",
    ],
)
def test_a_card_number_is_the_same_card_however_it_is_typed(typed):
    assert fold_card(typed) == "29901010000001ក"


def test_letters_of_a_card_are_upper_cased_and_other_signs_kept():
    assert fold_card("2990101-0000001-a") == "29901010000001A"
    assert fold_card("hef/12_ab.c") == "HEF/12_AB.C"


def test_two_different_khmer_letters_are_two_different_cards():
    assert fold_card("2990101-0000001-ក") != fold_card("2990101-0000001-ខ")


def test_the_fold_drops_every_character_python_calls_a_space():
    spaces = {chr(code) for code in range(0x110000) if chr(code).isspace()}

    assert spaces | {"\u200b"} == set(CARD_SPACES)
    assert fold_card(CARD_SPACES + "7" + CARD_HYPHENS) == "7"


@given(st.text(max_size=40))
def test_the_fold_in_translate_form_says_the_same_as_the_fold(text):
    """The SQL twin is `translate(normalize(text, NFC), FROM, TO)` with these very constants."""
    folded = "".join(
        CARD_FOLD_TO[place : place + 1]
        if (place := CARD_FOLD_FROM.find(character)) >= 0
        else character
        for character in unicodedata.normalize("NFC", text)
    )
    assert fold_card(text) == folded


def test_no_character_is_folded_in_two_ways():
    assert len(set(CARD_FOLD_FROM)) == len(CARD_FOLD_FROM)


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("2990101-0000001-ក", "2990•••-•••••01-ក"),
        ("29901010000001ក", "2990••••••••01ក"),
        ("1234567", "12•••67"),
        ("1234", "1••4"),
        ("12", "••"),
        ("", ""),
    ],
)
def test_a_masked_card_shows_less_than_half_of_the_number(number, masked):
    assert mask_card(number) == masked


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("SOK TARA", "S.T."),
        ("សុខ តារា", "ស.ត."),
        ("  e\u0301mile  'o neill", "\u00c9.O.N."),
        ("\u200bស្រី\u200bនី", "ស."),
        ("", ""),
        ("12 -", ""),
    ],
)
def test_initials_are_the_first_letter_of_each_part(name, letters):
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SOK  Tara", "sok tara"),
        ("Sók-Tara", "sok tara"),
        ("សុខ\u200b តារា", "សុខ តារា"),
        ("CHHAY, Sreymom.", "chhay sreymom"),
    ],
)
def test_spellings_that_differ_only_in_dress_fold_alike(one, other):
    assert fold_name(one) == fold_name(other)


def test_khmer_vowels_and_subscripts_are_not_folded_away():
    assert fold_name("តារា") == "តារា"
    assert fold_name("ស្រី") == "ស្រី"
    assert fold_name("ពោធិ៍") != fold_name("ពោធិ")
