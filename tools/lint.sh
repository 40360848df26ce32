#!/usr/bin/env bash
# Every check that needs no running program; `make lint` calls it after set-up. All of them run even when one fails.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
failed=()

check() {
  local name="$1"
  shift
  if ! "$@"; then
    failed+=("$name")
  fi
}

# Files of the work tree as it stands, also those not yet added.
files() { git ls-files -z --cached --others --exclude-standard -- "$@"; }

check_format() {
  files '*.cc' '*.h' | xargs -0 -r clang-format --dry-run --Werror
}

check_python() {
  ruff check --quiet . && ruff format --quiet --check .
}

check_shell() {
  if ! command -v shellcheck >/dev/null; then
    echo "shellcheck: SKIPPED, not installed" >&2
    return 0
  fi
  files '*.sh' '.ci/run' | xargs -0 -r shellcheck
}

check "layers" tools/check_layers.py
check "error codes" tools/check_error_codes.py
check "clang-format" check_format
check "ruff" check_python
check "shellcheck" check_shell

if [ "${#failed[@]}" -gt 0 ]; then
  echo "lint: FAILED: ${failed[*]}"
  exit 1
fi
echo "lint: layers, error codes, clang-format, ruff and shellcheck are clean"
