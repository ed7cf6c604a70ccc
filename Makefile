# eccube-sync: `make help` lists what can be done. PYTHON=/path/to/python3.12 chooses another Python.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check
MESSAGES := eccube_sync/locale
DIST := dist

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv demo test lint docs pictures messages schema plugin e2e bench bundle trial clean

help: ## List these targets
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

venv: $(VENV)/.developing ## Make .venv with everything needed to develop

demo: $(VENV)/.running ## Try the whole program on a made-up shop in demo-shop/; needs no server
	$(BIN)/eccube-sync demo --directory demo-shop

test: $(VENV)/.developing ## Run all tests; installs MariaDB, PHP and Chromium by apt when they are missing
	$(BIN)/python -m tests.support.mariadb --install
	$(BIN)/python -m tests.support.php --install
	$(BIN)/python -m tests.support.browser --install
	$(BIN)/python -m pytest --numprocesses=2

.PHONY: campaign
campaign: $(VENV)/.developing ## Put the promises to the test at length, up to an hour: make campaign [PROMISE=P1]
	$(PIP) install --quiet --editable '.[dev,campaign]'
	$(BIN)/python -m tests.support.mariadb --install
	$(BIN)/python -m tests.promises.campaign $(PROMISE) $(CAMPAIGN)

lint: $(VENV)/.developing ## Check style, types and which module may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.developing ## Write the pages of docs/reference/ that follow from the code
	$(BIN)/python -m docs.generate

pictures: $(VENV)/.developing ## Take the pictures of the documents in a real browser, from the demo shop
	$(BIN)/python -m docs.picturing

messages: $(VENV)/.developing ## Collect the messages for translation and compile the translations
	@mkdir -p build
	$(BIN)/pybabel -q extract --keyword=mark --sort-by-file --no-wrap --add-location=file \
		--project=eccube-sync --output-file=build/eccube_sync.pot eccube_sync
	$(BIN)/pybabel -q update --domain=eccube_sync --no-fuzzy-matching --ignore-obsolete --no-wrap \
		--ignore-pot-creation-date --init-missing --locale=ja \
		--input-file=build/eccube_sync.pot --output-dir=$(MESSAGES)
	$(BIN)/pybabel compile --domain=eccube_sync --directory=$(MESSAGES) --statistics

schema: $(VENV)/.developing ## Write sql/schema/ from eccube_sync/tables/
	$(BIN)/python -m eccube_sync.services.setup.schemafiles

plugin: ## Pack the EC-CUBE plugin for upload into dist/
	@mkdir -p $(DIST)
	tar -czf $(DIST)/EccubeSync42-$$(sed -n 's/.*"version": "\(.*\)".*/\1/p' plugin/EccubeSync42/composer.json).tar.gz \
		--sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 \
		-C plugin/EccubeSync42 $$(ls plugin/EccubeSync42) -C $(CURDIR) LICENSE

e2e: $(VENV)/.developing plugin ## Play the plugin's story on a test shop: make e2e E2E='--url … --program …'
	$(PIP) install --quiet --editable '.[dev,e2e]'
	$(BIN)/python -m tests.e2e --package $(DIST)/EccubeSync42-*.tar.gz $(E2E)

bench: $(VENV)/.developing ## Measure import, classification and a night with 63,000 customers and 100,000 members
	$(BIN)/python -m benchmarks.nightly.measure

.PHONY: month-end
month-end: $(VENV)/.developing ## Play a month-end at which 10,000 memberships end on one day
	$(BIN)/python -m benchmarks.monthend

.PHONY: checkout
checkout: $(VENV)/.developing ## Measure what customers who buy feel of a first night with 100,000 members
	$(BIN)/python -m benchmarks.checkout.measure

.PHONY: burst
burst: $(VENV)/.developing ## Send the bridge 10,000 webhooks through a crash and a database outage, and count whom it lost
	$(BIN)/python -m benchmarks.bridge.burst

.PHONY: mutation
mutation: $(VENV)/.developing ## Change the deciding rules in every small way and list the changes no test notices; takes an hour
	$(PIP) install --quiet --editable '.[dev,mutation]'
	$(BIN)/mutmut run
	$(BIN)/mutmut results

.PHONY: coverage
coverage: $(VENV)/.developing ## List the branches of the deciding rules that none of their tests takes
	$(PIP) install --quiet --editable '.[dev,mutation]'
	$(BIN)/python -m tests.rules

.PHONY: matching
matching: $(VENV)/.benchmarking ## Measure how well and how fast customers are matched, beside other tools; takes hours
	$(BIN)/python -m benchmarks.matching --febrl

bundle: $(VENV)/.developing ## Build dist/eccube-sync-<version>-linux-x86_64.tar.gz, which installs without root or network
	$(BIN)/python -m bundle

trial: bundle ## Install, upgrade and roll back that bundle as a plain user with nothing but Python (run it as root)
	$(BIN)/python -m bundle.trial

RELEASED := build/released-requirements.txt

.PHONY: sbom audit
sbom: $(RELEASED) ## List every library of the bundle with its hashes in dist/, as CycloneDX
	$(PIP) install --quiet --editable '.[dev,release]'
	$(BIN)/cyclonedx-py requirements --output-reproducible --short-PURLs --of JSON \
		-o $(DIST)/eccube-sync.cdx.json $(RELEASED)

audit: $(RELEASED) ## Ask the package registry for known vulnerabilities of every library of the bundle
	$(PIP) install --quiet --editable '.[dev,release]'
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement $(RELEASED)

# Ours is in no registry, and the lines of what is in it are what install.sh installs.
$(RELEASED): bundle
	@mkdir -p build
	tar -xzOf $$(ls -t $(DIST)/eccube-sync-*-linux-x86_64.tar.gz | head -1) --wildcards '*/requirements.txt' \
		| sed '/^eccube-sync==/,/[^\\]$$/d' > $@

clean: ## Remove everything that was made here, the virtual environment too
	rm -rf $(VENV) build dist demo-shop *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache mutants
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pip itself is not needed inside: Debian's Python cannot put it there without another package.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/it")'
	$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/.running: setup.cfg pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.developing: setup.cfg pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.running

$(VENV)/.benchmarking: setup.cfg pyproject.toml | $(VENV)/.developing
	$(PIP) install --quiet --editable '.[dev,bench]'
	@touch $@
