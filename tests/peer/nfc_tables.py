#!/usr/bin/env python3
"""Writes nfc_marks.c and nfc_parts.c, and the checksum that tests/unit/test_nfc.c compares with.

Unicode 9 is what Hugging Face's tokenizers normalize by: marks that later versions added are no marks there. Which
those are is asked of tokenizers itself. usage: nfc_tables.py src/model"""
import sys
import unicodedata as u
import zlib

from tokenizers.normalizers import NFC

ALL = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
nfc = NFC().normalize_str


def later(c):
    """Is c a mark or composed character of Unicode, but not of tokenizers?"""
    s = chr(c)
    samples = s, u.normalize("NFD", s), "a" + s + "\u0338", "a\u0323" + s
    return any(nfc(t) != u.normalize("NFC", t) for t in samples)


def ranges(values):
    """(first, last, value) of consecutive code points with one value; 0 is left out."""
    out = []
    for c, v in sorted(values.items()):
        if out and out[-1][1] == c - 1 and out[-1][2] == v:
            out[-1][1] = c
        elif v:
            out.append([c, c, v])
    return out


def rows(items):
    line = "\t"
    for item in items:
        text = "{ " + ", ".join(f"0x{x:X}" for x in item) + " },"
        if len(line) + 7 + len(text) > 109:
            yield line.rstrip()
            line = "\t"
        line += text + " "
    yield line.rstrip()


def write(name, what, tables):
    with open(f"{sys.argv[1]}/{name}.c", "w") as out:
        print(f"/* {name}: {what}; see nfc_table.h. Written by tests/peer/nfc_tables.py. */", file=out)
        print('#include "model/nfc_table.h"', file=out)
        for kind, table, comment, items in tables:
            print(f"\n/* {comment} */\nconst struct {kind} {table}[] = {{", file=out)
            print("\n".join(rows(items)), file=out)
            print(f"}};\nconst size_t {table}_n = sizeof {table} / sizeof *{table};", file=out)


def checksum():
    """Of what becomes of each code point in four surroundings."""
    crc = 0
    for c in ALL:
        s = chr(c)
        for t in (s, "a\u0323" + s + "\u0301", s + "\u0338\u0323", "\u1100\u1161" + s + "\u11a8"):
            crc = zlib.crc32(nfc(t).encode() + b"\n", crc)
    return crc


def main():
    new = {c for c in ALL if later(c)}
    marks = {c: u.combining(chr(c)) for c in ALL if c not in new}
    singles, pairs, apart, uncertain, seconds = [], [], [], {}, set()
    for c in ALL:
        d = u.decomposition(chr(c))
        if not d or d[0] == "<" or c in new:
            continue
        d = [int(x, 16) for x in d.split()] + [0]
        composed = d[1] != 0 and u.normalize("NFC", chr(c)) == chr(c)
        row = (c, d[0], d[1]) if d[1] else (c, d[0])
        (pairs if composed else apart if d[1] else singles).append(row)
        uncertain[c] = int(not composed)
        if composed:
            seconds.add(d[1])
    for c in ALL:
        if c in seconds or 0x1161 <= c <= 0x1175 or 0x11A8 <= c <= 0x11C2:
            uncertain[c] = 1
    write("nfc_marks", "which characters combine", [
        ("ct_cp_range", "ct_nfc_uncertain", "NFC_Quick_Check is No or Maybe.", [r[:2] for r in ranges(uncertain)]),
        ("ct_nfc_marks", "ct_nfc_marks", "Canonical_Combining_Class, where it is not 0.", ranges(marks))])
    write("nfc_parts", "what characters consist of", [
        ("ct_nfc_parts", "ct_nfc_pairs", "Taken apart, and put together again.", pairs),
        ("ct_nfc_parts", "ct_nfc_apart", "These stay apart.", apart),
        ("ct_nfc_single", "ct_nfc_singles", "These are another character.", singles)])
    print(f"checksum: 0x{checksum():08x}")


main()
