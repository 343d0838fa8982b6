#!/usr/bin/env bash
# Builds the program for Windows and runs it under Wine, with what Debian has: mingw-w64, Wine, and a Rust whose standard library is built from
# source. The engine is compiled a second time, which takes a quarter of an hour, and little is optimised: CARGO_PROFILE_RELEASE_OPT_LEVEL=3
# leaves a program to use in target/windows. Expects that `make build` is done.
set -euo pipefail
cd "$(dirname "$0")/.."

target=x86_64-pc-windows-gnu
gcc=x86_64-w64-mingw32-gcc
wine=/usr/lib/wine/wine64
sources=/usr/lib/rustlib/src/rust/library/Cargo.lock

say() { printf 'windows: %s\n' "$*" >&2; }
fail() { printf 'windows: error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

wanted=()
need() { [ -e "$1" ] || wanted+=("$2"); } # file, package
need /usr/bin/rustc rustc-web
need /usr/bin/cargo cargo-web
need $sources rust-web-src
need /usr/bin/$gcc gcc-mingw-w64-x86-64
need $wine wine64
if [ ${#wanted[@]} != 0 ]; then
    { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || fail "these packages are missing: ${wanted[*]}" "apt-get install ${wanted[*]}"
    say "installing ${wanted[*]}"
    mkdir -p target
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${wanted[@]}"; } >target/windows-install.log 2>&1 ||
        fail "${wanted[*]} cannot be installed" "target/windows-install.log says why"
fi

say "building with $(/usr/bin/rustc --version)"
target/release/precompile target/components $target
RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=$gcc \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=${CARGO_PROFILE_RELEASE_OPT_LEVEL:-1} CARGO_PROFILE_RELEASE_DEBUG=0 \
    /usr/bin/cargo build --quiet --release --target $target --target-dir target/windows -Zbuild-std=std,panic_unwind -p oomnitza-connector --bin oomnitza-connector

work=$(mktemp -d)
standins=
export WINEPREFIX=$work/wine WINEDEBUG=-all
unset DISPLAY
finish() {
    [ -z "$standins" ] || kill "$standins" 2>/dev/null || true
    /usr/lib/wine/wineserver64 -k 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

say "starting $($wine --version)"
{ $wine wineboot --init && $wine winecfg -v win10; } >"$work/said" 2>&1 || fail "Wine does not start: $(cat "$work/said")" "run it by hand"
home="$WINEPREFIX/drive_c/Program Files/Oomnitza"
mkdir -p "$home/an admin's"
cp target/windows/$target/release/oomnitza-connector.exe "$home"
# Rust asks this library of Windows 10 for random numbers, which Wine has since version 9 only.
if [ ! -e "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" ]; then
    cat >"$work/prng.c" <<'END'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID bytes, ULONG count);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) { return SystemFunction036(bytes, count); }
END
    $gcc -shared -o "$home/bcryptprimitives.dll" "$work/prng.c" -ladvapi32
fi

# Runs it with these words; fails unless it ends with the code that stands before them.
input=/dev/null
run() {
    local expected=$1 code=0
    shift
    (cd "$home" && exec timeout 300 $wine oomnitza-connector.exe "$@") <"$input" >"$work/said" 2>&1 || code=$?
    [ "$code" = "$expected" ] || fail "\`$*\` ended with $code and not with $expected: $(cat "$work/said")" "look at what it says"
    last=$*
}
says() {
    local text
    for text; do
        grep -qF -- "$text" "$work/said" || fail "\`$last\` does not say \`$text\`: $(cat "$work/said")" "look at what it says"
    done
}

say "the main job"
run 0 --version
says "oomnitza-connector 1."
run 0 --help
says "generate-ini"
run 0 demo --people 200
says "400 people arrived" "ini file is C:\\"
run 0 generate-ini
run 0 generate-ini
says "kept as config.ini.bak"
run 0 validate
says "nothing is wrong"

# The stand-ins of a demo that does not end serve what follows.
TMPDIR=$work target/release/oomnitza-connector demo --people 1000000000 >"$work/demo" 2>&1 &
standins=$!
for _ in $(seq 100); do
    grep -q '^\$' "$work/demo" && break
    sleep 0.1
done
ini="C:\\Program Files\\Oomnitza\\an admin's\\config.ini"
# Lines end as Windows ends them; the stand-in's token is nowhere but in a file.
sed -n -e '/^    /!d' -e 's/^    //' -e '/okta/,$ s/^api_token = .*/api_token_file = sub\\token/' -e 's/$/\r/p' "$work/demo" >"$home/an admin's/config.ini"
mkdir "$home/an admin's/sub"
printf 'stand-in-token\r\n' >"$home/an admin's/sub/token"
run 0 validate --ini "$ini"
says "looked at oomnitza, ldap, okta"
run 0 check okta --ini "$ini"
says "ok [okta] source"
run 0 upload okta --record-count 20 --save-data --ini "an admin's\\config.ini"
says "20 records sent" "saved in saved_data\\okta"
[ -s "$home/an admin's/okta.log" ] || fail "there is no okta.log beside the ini file" "look at docs/logging.md"

say "code of the ini file, a connector from a file, a command for a secret, a logging file"
printf 'recordfilter = return len(record) > 0\r\n' >>"$home/an admin's/config.ini"
sed -e 's/^api_token_file = .*/api_token_command = cmd \/c echo stand-in-token\r/' "$home/an admin's/config.ini" >"$home/other.ini"
mkdir "$home/connectors"
cp target/components/okta.wasm "$home/connectors"
cat >"$home/logging.json" <<'END'
{"version": 1, "formatters": {"plain": {"format": "%(levelname)s %(message)s"}}, "root": {"level": "DEBUG", "handlers": ["file"]},
 "handlers": {"file": {"class": "logging.handlers.RotatingFileHandler", "filename": "C:\\Program Files\\Oomnitza\\all.log", "maxBytes": 100, "backupCount": 2, "formatter": "plain"}}}
END
run 0 upload okta --record-count 5 --ini other.ini
says "5 records sent"
[ -s "$home/all.log.2" ] || fail "the log was not rotated" "look at docs/logging.md"
[ -n "$(find "$WINEPREFIX/drive_c/users" -path '*/AppData/Local/oomnitza-connector/compiled/interpreter-*')" ] || fail "the interpreter is not in %LOCALAPPDATA%" "look at host/src/cli/machine.rs"

say "a run beside another one, and one that is to stop"
(cd "$home" && exec $wine oomnitza-connector.exe upload okta --ini "$ini") </dev/null >"$work/long" 2>&1 &
long=$!
sleep 3
run 75 upload okta --ini "$ini"
says "another run of it is under way: process"
# Wine makes Ctrl+C of it.
kill -INT $long
code=0
wait $long || code=$?
[ $code = 3 ] || fail "a run that was asked to stop ended with $code: $(tail -n 5 "$work/long")" "3 is to be"
grep -qF "stopping: nothing more is read" "$work/long" || fail "it was not said that the run stops" "look at host/src/cli/signals.rs"

say "secrets, schedules, names of devices"
printf 'first-secret\r\n' >"$work/typed"
input=$work/typed
run 0 secret set okta
run 2 secret set con
says "a secret cannot be called \`con\`" "on Windows devices have theirs"
input=/dev/null
run 0 secret list
says "okta  file"
run 0 secret get okta --show
says "first-secret"
run 0 secret delete okta
run 2 secret get okta
says "there is no secret called \`okta\`"
run 0 schedule print okta --at 02:30 --ini "$ini"
says "<Command>C:\\Program Files\\Oomnitza\\oomnitza-connector.exe</Command>" "<Arguments>upload okta --ini \"$ini\"</Arguments>"
run 0 schedule install okta --every 6h --days mon-fri --ini "$ini"
[ -n "$(find "$WINEPREFIX/drive_c/windows/system32/tasks/Oomnitza" -name 'oomnitza-connector-okta-*')" ] || fail "Wine's Task Scheduler has no task" "look at host/src/schedule/windows.rs"
run 0 schedule install okta --at 02:30 --ini "$ini"
run 0 schedule remove okta --ini "$ini"
says "removed: oomnitza-connector-okta-"
run 0 schedule remove okta --ini "$ini"
says "nothing to remove"
printf '[con]\r\nenable = True\r\n' >>"$home/other.ini"
run 2 upload con --ini other.ini
says "there is no connector \`con\`"
sed -i 's/^api_token_command = .*/api_token_file = CON\r/' "$home/other.ini"
run 2 check okta --ini other.ini
says "CON\` cannot be read: it is a device"

say "sources, and a login with a ticket of Kerberos (SSPI)"
cat >"$work/program" <<END
#!/bin/sh
export WINEPREFIX='$WINEPREFIX' WINEDEBUG=-all
exec $wine '$home/oomnitza-connector.exe' "\$@"
END
chmod +x "$work/program"
rm "$home/logging.json"
OOMNITZA_PROGRAM=$work/program INSTA_UPDATE=no cargo test --quiet --release --workspace --test e2e -- \
    airwatch:: bamboohr:: casper:: mobileiron:: recorded:: sccm_kerberos::a_ticket sccm_kerberos::a_keytab sccm_kerberos::a_welcome \
    sccm_kerberos::a_server_that_does_not_let

say "everything is as it is to be"
