#!/bin/bash
# sealed.sh [FOLDER] - does CHANGES of results/reference (or FOLDER) say why every digest is what it is?
#
# A line of CHANGES is VERSION, two blanks, any number of NAME.digests:SUM, and a reason; SUM is the first 16 digits of the file's
# sha256.  The last line that names a file must have its sum, so that no digest changes without a line; lines that were committed
# stay as they are.  What is wrong is printed, with the line to add; exit 1.
set -u
folder=${1:-results/reference}
cd "$folder" || exit 2
export LC_ALL=C
status=0
wrong() {
    echo "$folder/$*"
    status=1
}
[ -s CHANGES ] || { wrong "CHANGES: is not there"; exit 1; }
while read -r line; do
    wrong "CHANGES: not VERSION, NAME.digests:SUM ..., a reason of more than a word: $line"
done < <(awk '{ line = $0; good = sub(/^[0-9]+\.[0-9]+\.[0-9]+  /, "") && !/^ /; gsub(/[a-z0-9-]+\.digests:[0-9a-f]+ */, "") }
              !good || NF < 2 { print FNR ": " line }' CHANGES)
count=0
for file in *.digests; do
    [ -s "$file" ] || { wrong "$file: is empty"; continue; }
    [ -s "${file%.digests}.ini" ] || wrong "$file: there is no ${file%.digests}.ini"
    count=$((count + 1))
    sum=$(sha256sum <"$file" | cut -c 1-16)
    last=$(grep -oE "(^| )$file:[0-9a-f]{16}( |$)" CHANGES | tail -n 1 | tr -d ' ')
    [ "$last" = "$file:$sum" ] || wrong "CHANGES: $file is another than the last line that names it says; add: VERSION  $file:$sum  WHY"
done
for file in *.ini; do [ -e "${file%.ini}.digests" ] || wrong "$file: has no digests"; done
[ $count -gt 0 ] || wrong "*.digests: there are none"
# What is committed is only added to.
if before=$(git show "HEAD:./CHANGES" 2>/dev/null) && [ "$(head -c ${#before} CHANGES)" != "$before" ]; then
    wrong "CHANGES: a line that was committed is another"
fi
exit $status
