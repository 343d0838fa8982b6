#!/usr/bin/env python3
"""`security` of macOS as its manual has it, strict about every word, with a keychain in a file beside it."""

import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
arguments = sys.argv[1:]
with open(HERE + "/arguments", "a") as log:
    log.write(" ".join(arguments) + "\n")
try:
    with open(HERE + "/keychain") as file:
        keychain = json.load(file)
except FileNotFoundError:
    keychain = {"someone@example.com": ["imap.example.com", "Mail", "hidden".encode().hex()]}


def end(code, said=""):
    with open(HERE + "/keychain", "w") as file:
        json.dump(keychain, file)
    if said:
        print("security: " + said, file=sys.stderr)
    sys.exit(code)


def named(words):
    """The name in `-s SERVICE -a NAME`, which has to be there."""
    if len(words) != 4 or words[:3] != ["-s", "oomnitza-connector", "-a"]:
        end(2, "Usage")
    if words[3] not in keychain:
        end(44, "The specified item could not be found in the keychain.")
    return words[3]


if os.path.exists(HERE + "/locked"):
    end(36, "User interaction is not allowed.")
elif arguments == ["-i"]:
    lines = sys.stdin.read().split("\n")
    command = r'add-generic-password -U -s (\S+) -a (\S+) -l "([^"\\]*)" -X ((?:[0-9a-f]{2})+)'
    words = re.fullmatch(command, lines[0])
    if len(lines) != 2 or lines[1] or len(lines[0]) >= 4096 or not words:
        end(2, "unknown command " + lines[0])
    service, name, label, data = words.groups()
    keychain[name] = [service, label, data]
    end(0)
elif arguments[:1] == ["find-generic-password"] and arguments[5:] == ["-w"]:
    data = bytes.fromhex(keychain[named(arguments[1:5])][2])
    # What is more than ASCII it prints in hexadecimal.
    print(data.decode() if all(32 <= byte < 127 for byte in data) else data.hex())
    end(0)
elif arguments[:1] == ["delete-generic-password"]:
    del keychain[named(arguments[1:])]
    end(0)
elif arguments == ["dump-keychain"]:
    for name, (service, label, _) in keychain.items():
        print('keychain: "/Users/someone/Library/Keychains/login.keychain-db"\nversion: 512\nclass: "genp"\nattributes:')
        print(f'    0x00000007 <blob>="{label}"\n    0x00000008 <blob>=<NULL>\n    "acct"<blob>="{name}"')
        print(f'    "crtr"<uint32>=<NULL>\n    "svce"<blob>="{service}"\n    "type"<uint32>=<NULL>')
    end(0)
end(2, "Usage")
