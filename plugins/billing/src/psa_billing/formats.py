"""Numbers, amounts and dates as a client's language writes them."""

import datetime
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from psa_sdk.values import currency_exponent


class Formats:
    """Writes values in one language, such as `de-DE`; unknown ones are English."""

    def __init__(self, language: str) -> None:
        """Take a BCP 47 tag."""
        try:
            self._locale = Locale.parse(language, sep="-")
        except (UnknownLocaleError, ValueError):
            self._locale = Locale("en", "US")

    @property
    def language(self) -> str:
        """The two letters of the language."""
        return self._locale.language

    def amount(self, amount: Decimal, currency: str) -> str:
        r"""Write an amount with its currency.

        Example:
            >>> Formats("de-DE").amount(Decimal("1234.50"), "EUR"), Formats("en-US").amount(Decimal(5), "JPY")
            ('1.234,50\xa0€', '¥5')
        """
        return format_currency(amount, currency, locale=self._locale)

    def plain(self, amount: Decimal, currency: str) -> str:
        """Write an amount without its currency."""
        places = currency_exponent(currency)
        pattern = "#,##0" + ("." + "0" * places if places else "")
        return format_decimal(amount, format=pattern, locale=self._locale)

    def price(self, price: Decimal, currency: str) -> str:
        """Write a unit price: at least the currency's decimals, at most six."""
        places = currency_exponent(currency)
        pattern = "#,##0." + "0" * places + "#" * (6 - places)
        return format_decimal(price, format=pattern, locale=self._locale)

    def number(self, number: Decimal) -> str:
        """Write a quantity or a percentage."""
        return format_decimal(number, format="#,##0.####", locale=self._locale)

    def date(self, date: datetime.date) -> str:
        """Write a date.

        Example:
            >>> Formats("de-DE").date(datetime.date(2026, 6, 1)), Formats("en-US").date(datetime.date(2026, 6, 1))
            ('01.06.2026', 'Jun 1, 2026')
        """
        return format_date(date, "medium", locale=self._locale)
