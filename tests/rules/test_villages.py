"""What a village is called in an address."""

from types import SimpleNamespace

import pytest

from rules.villages import key_of_name, read_key, village_keys


def villages(*pairs):
    return [SimpleNamespace(name=name, old_commune=commune) for name, commune in pairs]


def test_a_key_is_the_name_without_marks(library):
    assert list(village_keys(library.site.villages)) == [f"thon-{number}" for number in range(1, 12)]
    assert list(village_keys(villages(("Làng Bông Hiot (Đê)", "Ia Pết")))) == ["lang-bong-hiot-de"]


def test_of_one_name_the_first_keeps_it_and_the_others_have_their_old_commune():
    named = villages(("Thôn 1", "Ia Băng"), ("Thôn 1", "A Dơk"), ("Thôn 1", "Ia Pết"))

    assert village_keys(named) == dict(zip(("thon-1", "thon-1-a-dok", "thon-1-ia-pet"), named, strict=True))


def test_names_that_differ_by_marks_alone_have_different_keys():
    named = villages(("Làng Ó", "A Dơk"), ("Làng O", "A Dơk"), ("Làng Ò", "A Dơk"))

    assert list(village_keys(named)) == ["lang-o", "lang-o-a-dok", "lang-o-a-dok-2"]


@pytest.mark.parametrize("typed", ["thon-6", "THON-6", "Thôn 6", " thon 6. ", "thon_6/", "thon–6"])
def test_a_key_is_read_as_people_type_it(typed):
    assert read_key(typed) == "thon-6"


@pytest.mark.parametrize(("typed", "key"), [("", ""), ("...", ""), ("x" * 10**5, "x" * 200)])
def test_what_is_no_key_does_no_harm(typed, key):
    assert read_key(typed) == key


def test_the_key_of_a_name(library):
    assert key_of_name(library.site.villages, "Thôn 6") == "thon-6"
    assert key_of_name(library.site.villages, "Thôn 66") == key_of_name(library.site.villages, "") == ""
