"""`python -m psa_kernel.cli` is `psa`."""

from psa_kernel.cli import main

main(prog_name="psa")
