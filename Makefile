# `make up` runs the product, `make test` its tests. Needs python3 (3.11 or newer) and make, nothing else.
.PHONY: up test performance check docs format

bin := .venv/bin
newest = $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; print("$(name)" if sys.version_info >= (3, 11) else "")' 2>/dev/null)))
projects := pyproject.toml uv.lock $(wildcard sdk/pyproject.toml kernel/pyproject.toml plugins/*/pyproject.toml)
assets := $(wildcard plugins/*/frontend/*.json plugins/*/frontend/*.mjs plugins/*/frontend/src/* plugins/*/frontend/src/*/*)
installed := .venv/.installed
# Without what Python keeps of compiled modules, every start compiles some thousand anew.
unexport PYTHONDONTWRITEBYTECODE

up: $(installed)  ## Start everything: PostgreSQL, Valkey, HTTP, worker; with demo data
	@$(bin)/psa up $(ARGS)

test: $(installed)  ## Run the tests
	@$(bin)/pytest -q -n 2 --dist worksteal $(ARGS)

performance: $(installed)  ## Measure, in one run, what is promised of speed
	@$(bin)/pytest -q -n 0 -p no:randomly tests/performance --performance $(ARGS)
	@$(bin)/pytest -q -n 0 -s tests/browser/test_speed.py --performance $(ARGS)

check: $(installed)  ## Judge form, types, imports and spelling
	@$(bin)/ruff format --check
	@$(bin)/ruff check
	@$(bin)/pyright --warnings
	@$(bin)/lint-imports --no-cache
	@$(bin)/typos

docs: $(installed)  ## Write the reference pages from the plugins' declarations
	@$(bin)/psa docs

format: $(installed)  ## Bring the source into form
	@$(bin)/ruff format
	@$(bin)/ruff check --fix

$(installed): $(projects) $(assets)
	@test -n "$(newest)" || { echo "Python 3.11 or newer is needed, and none was found." >&2; exit 1; }
	@test -x $(bin)/uv || { $(newest) -m venv .venv && $(bin)/python -m pip install -q "uv>=0.9"; }
	@$(bin)/uv sync -q --frozen --all-packages
	@touch $@
