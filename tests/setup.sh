#!/usr/bin/env bash
# Installs what building and testing need on a Debian machine: a C compiler for the cryptography library, OpenLDAP's server, Samba's domain
# controller, openssl and xmllint, a client of SQL Server, cron and readers of schedules for the tests, Python for them and for the
# interpreter inside, with time zone data. Where it is not root, or there is no apt, it says what is missing instead.
set -euo pipefail

wanted=()
need() { # command, package
    command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || wanted+=("$2")
}
need cc build-essential
need slapd slapd
need ldapsearch ldap-utils
need openssl openssl
need xmllint libxml2-utils
need tsql freetds-bin
need systemd-analyze systemd
need cron cron
need plistutil libplist-utils
need python3 python3
need script bsdutils
[ -e /usr/share/zoneinfo/Europe/Zurich ] || wanted+=(tzdata)
python3 -c 'import ensurepip, venv' 2>/dev/null || wanted+=(python3-venv)
need samba-tool samba
need samba samba-ad-dc
need ldbadd ldb-tools
[ -d /usr/share/samba/setup ] || wanted+=(samba-ad-provision)

command -v cargo >/dev/null || {
    printf 'setup: error: there is no Rust\nhint: install it with rustup: https://rustup.rs\n' >&2
    exit 1
}
[ ${#wanted[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    printf 'setup: installing %s\n' "${wanted[*]}" >&2
    log=$(mktemp)
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${wanted[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        printf 'setup: error: %s cannot be installed\n' "${wanted[*]}" >&2
        exit 1
    fi
    rm -f "$log"
else
    printf 'setup: error: these packages are missing: %s\nhint: apt-get install %s\n' "${wanted[*]}" "${wanted[*]}" >&2
    exit 1
fi
