#!/usr/bin/env bash
# Builds the component that runs code of the ini file to target/components/python.wasm, unless what it is made of is as it was.
# Needs Python 3.9 with venv, and PyPI the first time.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=target/components/python.wasm
tools=target/python
say() { printf 'guests: %s\n' "$*" >&2; }
fail() { printf 'guests: error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

made_of=$(cat wit/*.wit guests/python/*.py guests/python/requirements.txt guests/python/build.sh | cksum)
if [ -f "$out" ] && [ "$(cat "$out.made-of" 2>/dev/null)" = "$made_of" ]; then exit 0; fi

python3 -c 'import ensurepip, venv' 2>/dev/null || fail "there is no python3 with venv" "run: apt-get install python3 python3-venv"
if ! cmp -s guests/python/requirements.txt "$tools/installed.txt"; then
    say "installing componentize-py from PyPI"
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r guests/python/requirements.txt \
        || fail "componentize-py cannot be installed" "pip says why above; PyPI or a mirror of it has to be reached"
    cp guests/python/requirements.txt "$tools/installed.txt"
fi

mkdir -p target/components
# What it prints of its own is for whoever changes the component.
log=$tools/componentize.log
"$tools/bin/componentize-py" -d wit -w script componentize -p guests/python app -o "$out.new" >"$log" 2>&1 \
    || { grep -v '^ *[0-9]*: \|^ *at ' "$log" | tail -n 20 >&2; fail "the component cannot be made" "the lines above say where in guests/python"; }
mv "$out.new" "$out"
printf '%s\n' "$made_of" >"$out.made-of"
say "$out ($(($(wc -c <"$out") / 1024)) KiB) imports converters and the WASI of its interpreter"
