# Needs GNU make and Python 3.11 or newer, nothing else. `make` alone lists the targets.
#
# A lock is installed only when it differs from the copy kept inside .venv, so a second run starts in seconds; a .venv made
# in another folder is made anew, because the commands inside it carry the folder's name.

PORT   ?= 8000
PYTHON ?=
UPGRADE ?=

PY  := .venv/bin/python
PIP := $(PY) -m pip install -q
CODE := app channels routing sla tests benchmarks

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_USE_PEP517 := 1
export PIP_ROOT_USER_ACTION := ignore
export PYTHONUTF8 := 1
unexport PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET

.DEFAULT_GOAL := help
.PHONY: help install dev run test fast bench lock clean
MAKEFLAGS += --no-print-directory

help:  ## 列出命令 · list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 17

install: .venv/place  ## 安装运行环境 · make .venv with the run-time dependencies and the hotline command
	@cmp -s requirements.lock .venv/run.lock || { \
		echo "正在安装依赖并训练分类模型，约一分钟 · installing dependencies and training the classifier, about a minute …"; \
		rm -f .venv/run.lock .venv/dev.lock; \
		$(PIP) --require-hashes --no-deps -r requirements.lock || { $(call says,依赖安装失败，原因见上；请检查网络后再运行一次 make $@,installing failed for the reason above; check the network and run make $@ again); }; \
		cp requirements.lock .venv/run.lock; }
	@cmp -s pyproject.toml .venv/project || { \
		rm -f .venv/project; \
		$(PIP) --no-deps -e . || { $(call says,hotline 安装失败，原因见上；改正后再运行一次 make $@,installing hotline failed for the reason above; put it right and run make $@ again); }; \
		cp pyproject.toml .venv/project; }
	@$(PY) -m app.shipped || { $(call says,随附的分类模型没有训练成，原因见上；改正后再运行一次 make $@,the classifier was not trained for the reason above; put it right and run make $@ again); }

dev: install  ## 安装开发与测试工具 · add what developing and testing need
	@cmp -s requirements-dev.lock .venv/dev.lock || { \
		echo "正在安装测试工具，约半分钟 · installing the test tools, about half a minute …"; \
		$(PIP) --require-hashes --no-deps -r requirements-dev.lock || { $(call says,测试工具安装失败，原因见上；请检查网络后再运行一次 make $@,installing failed for the reason above; check the network and run make $@ again); }; \
		cp requirements-dev.lock .venv/dev.lock; }

run: install  ## 启动演示城市 · start the demonstration on http://127.0.0.1:8000 (PORT= another port)
	@exec .venv/bin/hotline demo --port $(PORT)

test: dev  ## 全部检查与测试 · every check and test, SQLite and PostgreSQL
	@failed=; part() { name=$$1; shift; echo "── $$name"; "$$@" || failed="$$failed $$name"; }; \
	mkdir -p .pytest_cache; slow=.pytest_cache/slow.log; \
	$(PY) -m pytest -m slow -o cache_dir=.pytest_cache/slow > $$slow 2>&1 & waiting=$$!; \
	part ruff $(PY) -m ruff check --output-format=concise .; \
	part format $(PY) -m ruff format --check .; \
	part mypy $(PY) -m mypy --strict $(CODE); \
	part imports .venv/bin/lint-imports --no-logo; \
	part pytest $(PY) -m pytest --full-house -m "not slow"; \
	echo "── pytest slow（与上面同时进行 · ran beside the above）"; \
	wait $$waiting || failed="$$failed pytest-slow"; cat $$slow; \
	if [ -n "$$failed" ]; then echo "未通过 · FAILED:$$failed"; exit 1; fi; \
	echo "全部通过 · all passed: ruff format mypy imports pytest pytest-slow"

fast: dev  ## 一分钟内的测试 · the tests that start no server
	@$(PY) -m pytest -m "not slow and not thorough"

bench: dev  ## 性能测量，约十分钟 · measure: calculator, idle sweep, firing, lag, exactly once, verify, classify (about ten minutes, a quiet machine)
	@for what in calculator idle_sweep firing lag exactly_once verify classify_speed; do \
		echo "── $$what"; $(PY) -m benchmarks.$$what || exit 1; done

lock:  ## 重新锁定依赖 · pin the dependencies again (needs uv; UPGRADE=--upgrade for newer versions)
	@command -v uv >/dev/null || { $(call says,锁定依赖需要 uv，请先安装,pinning needs uv; install it first); }
	@set -e; pin() { uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(UPGRADE) "$$@"; }; \
	pin pyproject.toml --extra fast -o requirements.lock; \
	pin pyproject.toml --extra fast --extra dev -c requirements.lock -o requirements-dev.lock; \
	if grep -nE '://|^ *--(extra-)?(index|find)' requirements*.lock; then \
		$(call says,锁文件里不得出现下载地址，见上,a lock names an address; see above); fi

clean:  ## 删除 .venv 与缓存，保留 var/ 中的数据 · remove .venv and caches, keep the data in var/
	@rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# Always looked at, rarely made: the folder and interpreter that .venv was made for.
.PHONY: .venv/place
.venv/place:
	@if [ "$$(cat $@ 2>/dev/null)" = "$(CURDIR)" ] && $(PY) -c '' 2>/dev/null; then exit 0; fi; \
	for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	done; \
	[ -n "$$python" ] || { $(call says,需要 Python 3.11 或更新版本，请安装后再运行（或用 PYTHON=/路径/python3.11 指定）,Python 3.11 or newer is needed; install it and try again (or name one: PYTHON=/path/python3.11)); }; \
	$$python -m venv --clear .venv || { $(call says,无法创建 .venv；Debian 与 Ubuntu 请先安装 python3-venv,.venv could not be made; on Debian and Ubuntu install python3-venv first); }; \
	echo "$(CURDIR)" > $@

# $(call says,一句中文,one sentence): on stderr, then the recipe ends.
says = echo "$(1) · $(2)" >&2; exit 1
