"""How rules look in the console."""

from psa_sdk.ui import Ui

UI = Ui()
