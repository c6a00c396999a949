# make book    build both languages into _build/html
# make quick   check style, types, library and the sources of the book (two minutes)
# make test    run every check (some eighteen minutes after make book)
# make live    serve the built book and show a page seconds after it is saved (PORT=... as below)
# make pdf     print the built book, one PDF a language, into _build/pdf (needs Chromium;
#              SOLUTIONS=no leaves the solutions out)
# make mutants break each formula in turn and see a test fail (minutes; not in make test)
# make benchmark  time vae_lib beside its peers (about an hour; FOLDER=... with MNIST's four files)
# make colab  run every notebook and lab with Colab's versions (minutes, 6 GB; COLAB_PYTHON=... for its Python)
# make serve   show the built book at http://localhost:8000 (PORT=... for another port)
# make constraints  renew constraints.txt after a change of requirements.txt (needs uv)
# make clean   delete what was built, keep the .venv folders

PYTHON ?= python3
PORT ?= 8000
# Whether make pdf prints the solutions: yes or no.
SOLUTIONS ?= yes
# Colab's own version of Python, where the machine has it.
COLAB_PYTHON ?= $(shell python3.13 -c 'import sys; print(sys.executable)' 2>/dev/null || echo $(PYTHON))
BIN := .venv/bin
INSTALLED := .venv/.installed
# Tests of equations that passed on the present sources are not run again.
TESTS := $(BIN)/pytest --agreement _build/agreement.json
NBVAL := $(BIN)/pytest -n 2 --dist loadscope -p no:cacheprovider --nbval-lax --nbval-current-env
# The languages whose notebooks make test runs; their code is the same.
LANGUAGES ?= en

# Test processes share two cores: one thread each is faster than several fighting for them. A
# browser often waits, so that three processes finish sooner than two.
quick test: export OMP_NUM_THREADS := 1

# A reader's settings of Python are not ours; tools/build/environment.py sees to all others.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS PYTHONOPTIMIZE

.PHONY: book quick test live pdf mutants benchmark colab serve constraints clean

book: $(INSTALLED)
	@$(BIN)/python -m tools.build.book

quick: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m tools.javascript.check
	$(TESTS) -n 2 --dist worksteal tests/library tests/book

test: quick
	@$(BIN)/python -m tools.build.book
	$(TESTS) -n 3 --dist loadgroup tests/site tests/processes
	$(NBVAL) $(LANGUAGES:%=book/%)

live: $(INSTALLED)
	@$(BIN)/python -m tools.build.live --port $(PORT)

pdf: $(INSTALLED)
	@$(BIN)/python -m tools.pdf.make_pdf --solutions $(SOLUTIONS)

mutants: $(INSTALLED)
	$(BIN)/python -m tools.mutants.mutants
	$(BIN)/python -m tools.mutants.engine

benchmark: .venv-benchmarks/.installed
	.venv-benchmarks/bin/python -m benchmarks.speed $(if $(FOLDER),--folder $(FOLDER))
	.venv-benchmarks/bin/python -m benchmarks.ladder $(if $(FOLDER),--folder $(FOLDER))
	.venv-benchmarks/bin/python -m benchmarks.threads
	.venv-benchmarks/bin/python -m benchmarks.likelihood --whole $(if $(FOLDER),--folder $(FOLDER))
	.venv-benchmarks/bin/python -m benchmarks.scaling

colab: book .venv-colab/.installed
	.venv-colab/bin/python -m tools.colab.rehearse
	$(BIN)/python -m tools.colab.labs_in_jupyterlab

serve: $(INSTALLED)
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

# For every platform and Python from 3.11 on. Pins that still fit stay; UPGRADE=--upgrade renews all.
constraints:
	uv pip compile --universal --python-version 3.11 --no-annotate $(UPGRADE) \
		--custom-compile-command "make constraints" --quiet requirements.txt -o constraints.txt

clean:
	rm -rf _build node_modules

$(INSTALLED): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("The book needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + "; try make PYTHON=python3.11." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check -r requirements.txt -c constraints.txt
	$(BIN)/pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv-benchmarks/.installed: benchmarks/requirements.txt
	$(PYTHON) -m venv .venv-benchmarks
	.venv-benchmarks/bin/pip install --disable-pip-version-check -r benchmarks/requirements.txt
	.venv-benchmarks/bin/pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv-colab/.installed: tools/colab/requirements.txt
	$(COLAB_PYTHON) -m venv .venv-colab
	.venv-colab/bin/pip install --disable-pip-version-check -r tools/colab/requirements.txt
	@touch $@
