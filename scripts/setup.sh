#!/usr/bin/env bash
# Installs what is missing on a Debian or Ubuntu machine and makes the .venv whose pyarrow wheel headrace links.
#
#   scripts/setup.sh [build|demo|test|fuzz|lint|bench]...     default: build; each level includes those it needs
#
# Quick when nothing is missing: apt-get runs only for absent packages, pip only when a pinned list changed.
# HEADRACE_VENV names another place for the environment. Needs root or sudo for packages, and nothing from stdin.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly VENV="${HEADRACE_VENV:-.venv}"
readonly PYTHON_MINIMUM="3.11"  # what the pyarrow wheel asks for
readonly CMAKE_MINIMUM="3.25"

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

packages_of() {
  case "$1" in
    build) echo g++ make cmake ninja-build ccache mold ca-certificates libcli11-dev libyaml-cpp-dev libfmt-dev \
                libfast-float-dev libxxhash-dev nlohmann-json3-dev zlib1g-dev libzstd-dev libbz2-dev liblz4-dev liblzma-dev pkgconf libcpp-httplib-dev ;;
    demo) echo unzip ;;
    test) echo libgtest-dev libgmock-dev strace e2fsprogs xfsprogs ;;
    fuzz) echo clang-19 libclang-rt-19-dev ;;
    lint) echo libgtest-dev libgmock-dev libbenchmark-dev shellcheck ;;
    bench) echo libbenchmark-dev ;;
  esac
}

# The levels a level needs, itself last.
levels_of() {
  case "$1" in
    build) echo build ;;
    demo) echo build demo ;;
    test) echo build demo test ;;
    fuzz) echo build fuzz ;;
    lint) echo build lint ;;
    bench) echo build demo test bench ;;
    *) fail "unknown level '$1': use build, demo, test, fuzz, lint or bench" ;;
  esac
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -n "$@" || sudo "$@"
  else
    fail "installing packages needs root or sudo; as root, run: $*"
  fi
}

install_packages() {
  local missing=() package
  for package in "$@"; do
    # A package counts as installed only in state "installed"; removed ones with files left over do not.
    if ! dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -q '^installed$'; then
      missing+=("$package")
    fi
  done
  [ "${#missing[@]}" -eq 0 ] && return 0
  command -v apt-get >/dev/null || fail "this machine has no apt-get; install by hand: ${missing[*]}"
  say "installing packages: ${missing[*]}"
  as_root apt-get update -qq </dev/null
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    </dev/null >/dev/null
}

# An interpreter that is new enough and can make environments with pip in them (Debian splits that off).
python_is_usable() {
  "$1" - "$PYTHON_MINIMUM" >/dev/null 2>&1 <<'PY'
import sys, venv, ensurepip
sys.exit(sys.version_info[:2] < tuple(int(part) for part in sys.argv[1].split(".")))
PY
}

find_python() {
  local candidate
  for candidate in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do
    if python_is_usable "$candidate"; then
      echo "$candidate"
      return 0
    fi
  done
  return 1
}

ensure_python() {
  find_python && return 0
  install_packages python3 python3-venv >&2
  find_python && return 0
  install_packages python3.11 python3.11-venv >&2
  find_python || fail "no Python >= $PYTHON_MINIMUM with the venv module was found; install one and run again"
}

make_environment() {
  # The directory's own interpreter is asked, because a copied or moved environment looks whole and is not.
  if "$VENV/bin/python" -c 'import pip' >/dev/null 2>&1 && python_is_usable "$VENV/bin/python"; then
    return 0
  fi
  local python
  python="$(ensure_python)"
  say "making $VENV with $("$python" --version)"
  "$python" -m venv --clear "$VENV"
}

install_requirements() {
  local list="requirements/$1.txt" stamp
  [ -e "$list" ] || return 0  # packages alone
  stamp="$VENV/.headrace-$1-$(sha256sum "$list" | cut -c1-16)"
  [ -e "$stamp" ] && return 0
  say "installing $list"
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps -r "$list" </dev/null
  rm -f "$VENV/.headrace-$1-"*
  touch "$stamp"
}

# Where the distribution's cmake is too old, a pinned one goes into the environment; the Makefile looks there first.
ensure_cmake() {
  local version
  version="$(cmake --version 2>/dev/null | sed -n '1s/[^0-9]*//p')"
  if ! printf '%s\n%s\n' "$CMAKE_MINIMUM" "$version" | sort -V -C; then
    install_requirements cmake
  fi
}

main() {
  local level wanted=() packages=()
  [ "$#" -eq 0 ] && set -- build
  for level in "$@"; do
    # shellcheck disable=SC2207  # level names hold no blanks
    wanted+=($(levels_of "$level"))
  done
  # shellcheck disable=SC2207
  wanted=($(printf '%s\n' "${wanted[@]}" | awk '!seen[$0]++'))
  for level in "${wanted[@]}"; do
    # shellcheck disable=SC2207  # nor do package names
    packages+=($(packages_of "$level"))
  done
  install_packages "${packages[@]}"
  make_environment
  for level in "${wanted[@]}"; do
    install_requirements "$level"
  done
  ensure_cmake
}

main "$@"
