#!/bin/sh
# Makes NotoSansCJKsc-subset.otf again: ASCII, Latin-1, common punctuation, and exactly the characters
# of src/view/strings.rs. Needs Debian's fonts-noto-cjk and pyftsubset (fonttools 4.68.0 made the file here):
#   python3 -m venv /tmp/fonttools && /tmp/fonttools/bin/pip install fonttools
#   PATH=/tmp/fonttools/bin:$PATH assets/fonts/subset.sh
set -eu
cd "$(dirname "$0")"
SOURCE=${1:-/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc}
# Font 2 of the collection is "Noto Sans CJK SC".
pyftsubset "$SOURCE" --font-number=2 --text-file=../../src/view/strings.rs \
    --unicodes=U+20-7E,U+A0-FF,U+2013,U+2014,U+2018,U+2019,U+201C,U+201D,U+2026,U+3001,U+3002,U+FF01,U+FF0C,U+FF1A,U+FF1B,U+FF1F \
    --output-file=NotoSansCJKsc-subset.otf --layout-features='' --no-hinting --desubroutinize --name-IDs=0,1,2,13,14
sha256sum NotoSansCJKsc-subset.otf
wc -c NotoSansCJKsc-subset.otf
