# make alone lists the targets. The first target that needs packages installs them into .venv.
# Variables of the command line reach the commands through the environment: paths may hold blanks.

SHELL := /bin/sh
.DEFAULT_GOAL := help
RUN := .venv/bin/python -m
PARALLEL := -n 3

# An environment counts only when its whole installation has succeeded, and in this very folder.
ifneq ($(shell cat .venv/installed 2>/dev/null),$(CURDIR))
.PHONY: .venv/installed
endif

.PHONY: help install report test study readme site benchmark data lint clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

install: .venv/installed ## install what is needed into .venv, where the command whales then is
	@echo ".venv/bin/whales --help lists the commands"

report: .venv/installed ## execute the notebooks in place; DATASET=<path or name>: into reports/<name>/ (POSITIVE_CLASS=<class>)
	@$(RUN) utils report

test: .venv/installed ## run the unit tests, then every notebook, comparing its stored outputs
	@$(RUN) pytest $(PARALLEL) tests
	@$(RUN) pytest $(PARALLEL) --dist loadfile --nbval notebooks

study: .venv/installed ## run what the study's table lacks: DATASET=<path or name>; the rows resume
	@$(RUN) utils study run $${DATASET:+--dataset "$$DATASET"}

readme: .venv/installed ## write README.md and README.en.md from pages/ and the stored tables
	@$(RUN) utils readme

site: .venv/installed ## write the pages and the stored notebooks as a static site into site/
	@.venv/bin/python -c "import furo, myst_nb, jupyter_server_mathjax" 2>/dev/null \
	    || $(RUN) pip install --disable-pip-version-check -e ".[site]"
	@$(RUN) sphinx -q -W -c pages/site -d data/cache/doctrees . site
	@echo "site/index.html is the first page"

benchmark: .venv/installed ## measure speed and memory of the spectrograms and the training
	@$(RUN) utils benchmark

data: .venv/installed ## download a data set into data/: NAME=cornell_whale_challenge
	@test -n "$$NAME" || { echo "Say which data set: make data NAME=cornell_whale_challenge" >&2; exit 2; }
	@.venv/bin/python -c "import huggingface_hub" 2>/dev/null \
	    || $(RUN) pip install --disable-pip-version-check -e ".[download]"
	@$(RUN) utils download "$$NAME"

lint: .venv/installed ## check style and formatting
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .

clean: ## remove caches; the environment, downloads, notebooks and results stay
	rm -rf data/cache site .pytest_cache .ruff_cache .hypothesis notebooks/.ipynb_checkpoints
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# .venv/unfinished marks an installation under way: one that was interrupted is begun anew.
.venv/installed: requirements.txt
	@find_python() { \
	    if test -n "$$PYTHON"; then set -- "$$PYTHON"; \
	    else set -- python3 python3.13 python3.12 python3.11; fi; \
	    for candidate; do \
	        "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	            2>/dev/null && echo "$$candidate" && return; \
	    done; \
	    echo "Python 3.11 to 3.13 is needed, and none of these is one: $$*." >&2; \
	    echo "Install one, or name it: make $(or $(MAKECMDGOALS),test) PYTHON=/path/to/python3.12" >&2; \
	    return 1; \
	}; \
	set -e; \
	python=$$(find_python); \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
	    version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	    echo "$$python cannot create environments. On Debian and Ubuntu: sudo apt install python$$version-venv" >&2; \
	    exit 1; \
	}; \
	if test -e .venv/unfinished; then rm -rf .venv; fi; \
	echo "Installing requirements.txt into .venv with $$("$$python" --version): some minutes, about 3 GB"; \
	mkdir -p .venv; rm -f .venv/installed; touch .venv/unfinished; \
	"$$python" -m venv .venv; \
	$(RUN) pip install --disable-pip-version-check -r requirements.txt; \
	printf '%s\n' "$(CURDIR)" > .venv/unfinished; \
	mv .venv/unfinished .venv/installed
