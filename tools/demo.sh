#!/bin/bash
# demo.sh - the top row of Figure 1 of the MARINA paper on mushrooms: run, draw, say where the figure is.
# Where the data set cannot be had, the same experiment on generated data of the same shape, and its title says so.
set -eu
gradwire=${GRADWIRE:-./gradwire}
experiment=plots/marina-fig1-mushrooms.ini
result=results/demo.h5
mkdir -p results

instead=()
if why=$("$gradwire" data mushrooms --path 2>&1 >/dev/null); then
    echo "MARINA and DIANA on mushrooms, Rand-K with K = 1, 5, 10:"
else
    echo "$why" >&2
    echo "mushrooms cannot be had here; the same experiment on generated data of the same shape:"
    instead=(dataset=one-hot "title=MARINA against DIANA on generated data (the shape of mushrooms)")
fi
"$gradwire" run "$experiment" "${instead[@]+"${instead[@]}"}" -o "$result" --force
"$gradwire" plot "$result" -o results/demo.svg
"$gradwire" plot "$result" -o results/demo.png
echo "the figure: results/demo.svg and results/demo.png; its data: $result"
echo "next: $gradwire explain marina; $gradwire show $result; $gradwire help"
