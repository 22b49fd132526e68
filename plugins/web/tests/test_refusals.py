"""Refusals in the reader's language: sentences with values are known again, and attributes have their forms' names."""

from pathlib import Path

import psa_web
from psa_sdk.errors import Fault
from psa_sdk.testing import Client
from psa_web.catalogues import Catalogues
from psa_web.refusals import told
from psa_web.sentences import Sentences

from .conftest import send

WEB = Catalogues({"web": Path(psa_web.__file__).parent / "locale"})


def test_a_sentence_keeps_its_values():
    said = "A file may have at most 25 MiB here."
    assert told(WEB, "de", said) == "Eine Datei darf hier höchstens 25 MiB haben."
    assert told(WEB, "en", said) == said


def test_what_does_not_fit_its_type_is_told_without_a_word_of_english():
    assert told(WEB, "de", "It must be a whole number.") == "Das muss eine ganze Zahl sein."


def test_an_attribute_is_called_what_its_form_calls_it():
    required = Fault(detail="“name” is required.", pointer="/data/attributes", meta={"member": "name"})
    assert told(WEB, "en", required) == "“Name” is required."
    assert told(WEB, "de", required) == "„Name“ fehlt."


def test_the_sentence_that_says_most_is_meant():
    known = Sentences({"{0} is gone.": "{0} fehlt ganz.", "The {0} of {1} is gone.": "{0} von {1} fehlt."})
    assert known.told("The file of Monday is gone.") == "file von Monday fehlt."
    assert known.told("Monday is gone.") == "Monday fehlt ganz."
    assert known.told("Monday comes.") is None


def test_a_value_is_no_sentence_and_no_pattern():
    known = Sentences({"There is no {0}.": "Kein {0}."})
    assert known.told("There is no {1} (.*).") == "Kein {1} (.*)."
    assert known.told(f"There is no {'x' * 1000}.") is None


async def test_a_form_is_refused_in_the_language_of_its_page(admin: Client):
    answer = await send(admin, "/ui/companies/new", name="", language="de")
    assert answer.status_code == 422
    assert answer.json()["faults"] == [{"field": "name", "detail": "„Name“ fehlt."}]
