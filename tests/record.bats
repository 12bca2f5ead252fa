#!/usr/bin/env bats
# Result files: read without our code, shown, compared, and refused when they are not what they should be.
bats_require_minimum_version 1.5.0

setup_file() {
    export GRADWIRE="${GRADWIRE:-$BATS_TEST_DIRNAME/../gradwire}"
    cat >"$BATS_FILE_TMPDIR/x.ini" <<'INI'
[experiment]
title = a small one, with a comma
dataset = one-hot
clients = 5
problem = marina-loss
rounds = 30
seed = 1, 2
[curve]
method = marina, diana
compressor = randk
k = 1
INI
    cd "$BATS_FILE_TMPDIR"
    "$GRADWIRE" run x.ini -o a.h5 >/dev/null 2>&1
    "$GRADWIRE" run x.ini seed=1,3 -o b.h5 >/dev/null 2>&1
    "$GRADWIRE" run x.ini seed=1 -o short.h5 >/dev/null 2>&1
}

setup() { cd "$BATS_FILE_TMPDIR"; }

# $output and $stderr of a refusal: nothing and one line.
refused() {
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ]
    [[ "$stderr" == "gradwire: "*"$1"* ]]
}

python() {
    for p in python3 /usr/bin/python3; do
        "$p" -c 'import h5py' 2>/dev/null && echo "$p" && return
    done
}

@test "h5py reads the file: text as str, columns, units" {
    p=$(python)
    [ -n "$p" ] || skip "no python3 with h5py"
    run -0 "$p" - <<'PY'
import h5py
with h5py.File("a.h5") as file:
    run = file["runs/000"]
    assert file.attrs["format"] == "gradwire" and isinstance(run.attrs["label"], str)
    assert "one-hot" in file.attrs["experiment"] and int(file.attrs["format_version"]) == 1
    trace = {name: column[:] for name, column in run["trace"].items()}
    assert list(trace["round"]) == list(range(31)), trace["round"]
    assert run["trace/bits_up"].attrs["unit"] == "bits" and trace["bits_up"][-1] > trace["bits_up"][0] == 0
    assert run["x"].shape == (file["problem"].attrs["d"],)
    print(float(trace["grad_norm_sq"][-1]).hex())
PY
    shown=$("$GRADWIRE" show a.h5 0 --trace | awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "grad_norm_sq") c = i } END { print $c }')
    [ "$output" = "$("$p" -c "print(float('$shown').hex())")" ]
    [ "$output" != "$("$p" -c "print((float('$shown') * (1 + 2**-52)).hex())")" ]
}

@test "h5dump and h5ls read the file" {
    command -v h5dump >/dev/null && command -v h5ls >/dev/null || skip "no hdf5-tools"
    run -0 --separate-stderr h5dump -a /runs/000/label a.h5
    [ -z "$stderr" ]
    [[ "$output" == *'(0): "marina randk'* ]]
    run -0 h5dump a.h5
    run -0 --separate-stderr h5ls -r a.h5
    [ -z "$stderr" ]
    [[ "$output" == *"/runs/003/trace/grad_norm_sq Dataset {31}"* ]]
}

@test "show: header and one line a run" {
    run -0 --separate-stderr "$GRADWIRE" show a.h5
    [ -z "$stderr" ]
    [[ "$output" == *"title      a small one, with a comma"* ]]
    [[ "$output" == *"N = 8120, d = 112, n = 5"* ]]
    [ "$(grep -c ' done ' <<<"$output")" -eq 4 ]
    run -0 "$GRADWIRE" show a.h5 2
    [ "$(grep -c ' done ' <<<"$output")" -eq 1 ]
    [[ "$output" == *$'\n002  diana'* ]]
}

@test "show: a label, a wrong run, wrong options" {
    label=$("$GRADWIRE" show a.h5 --csv | awk -F, 'NR == 3 { print $2 }')
    run -0 "$GRADWIRE" show a.h5 "$label" --csv
    [[ "${lines[1]}" == "001,$label,done,30,"* ]]
    run --separate-stderr "$GRADWIRE" show a.h5 4
    refused 'a.h5: no run "4"; give a number from 000 to 003 or a label'
    run --separate-stderr "$GRADWIRE" show a.h5 "${label%?}"
    refused "did you mean"
    run --separate-stderr "$GRADWIRE" show a.h5 --trace --attributes
    refused "choose one"
    run --separate-stderr "$GRADWIRE" show a.h5 --attributes --csv
    refused "csv goes with"
}

@test "show --trace: columns of equal length; several runs are numbered" {
    run -0 "$GRADWIRE" show a.h5 000 --trace
    [ "${#lines[@]}" -eq 32 ]
    [[ "${lines[0]}" == round$'\t'f$'\t'* ]]
    [ "$(awk -F'\t' '{ print NF }' <<<"$output" | sort -u | wc -l)" -eq 1 ]
    run -0 "$GRADWIRE" show a.h5 --trace --csv
    [ "${#lines[@]}" -eq 125 ]
    [[ "${lines[0]}" == run,round,f,* ]]
    [ "$(cut -d, -f1 <<<"$output" | sort -u | wc -l)" -eq 5 ]
}

@test "show --experiment gives an experiment that runs to the same bytes" {
    "$GRADWIRE" show a.h5 --experiment >again.ini
    "$GRADWIRE" run again.ini -o again.h5 >/dev/null 2>&1
    run -0 "$GRADWIRE" diff a.h5 again.h5
    [ "$output" = equal ]
    cmp a.h5 again.h5
}

@test "show --attributes names parameters, origins and columns" {
    run -0 "$GRADWIRE" show a.h5 0 --attributes
    [[ "$output" == */runs/000$'\n'*"gamma_origin = theory"* ]]
    [[ "$output" == *"bits_up[31] real, bits: "* ]]
    [[ "$output" != */runs/001* ]]
    run -0 "$GRADWIRE" show a.h5 --attributes
    [[ "$output" == *"format = gradwire"*/problem*/runs/003/trace* ]]
}

@test "diff: equal files, different seeds, fewer runs" {
    run -0 "$GRADWIRE" diff a.h5 a.h5
    [ "$output" = equal ]
    run -1 --separate-stderr "$GRADWIRE" diff a.h5 b.h5
    [ -z "$stderr" ]
    [[ "$output" == *"/runs/001 ("*"): seed: 2 against 3"* ]]
    [[ "$output" == *"/runs/001/trace ("*"row "*", round "*" (0x1."*" against "*" (0x1."* ]]
    [[ "$output" != *"/runs/000/trace"* ]]
    run -1 "$GRADWIRE" diff a.h5 short.h5
    [[ "$output" == *"/runs/003 ("*"): only in a.h5"* ]]
    [[ "$output" != *"/runs/003/trace"*"only in"* ]]
    run -1 "$GRADWIRE" diff short.h5 a.h5
    [[ "$output" == *"/runs/003 ("*"): only in a.h5"* ]]
}

@test "what is no result is refused in one line" {
    run --separate-stderr "$GRADWIRE" show nowhere.h5
    refused "nowhere.h5: cannot open: No such file or directory"
    run --separate-stderr "$GRADWIRE" show x.ini
    refused "x.ini: not a gradwire result"
    run --separate-stderr "$GRADWIRE" show .
    refused "a directory"
    head -c -1 a.h5 >cut.h5
    run --separate-stderr "$GRADWIRE" show cut.h5
    refused "cut.h5: not a gradwire result, or cut short"
    cp a.h5 flipped.h5
    printf 'x' | dd of=flipped.h5 bs=1 seek=5000 conv=notrunc status=none
    cmp -s a.h5 flipped.h5 && printf 'y' | dd of=flipped.h5 bs=1 seek=5000 conv=notrunc status=none
    run --separate-stderr "$GRADWIRE" show flipped.h5
    refused "flipped.h5: damaged (checksum differs)"
    run --separate-stderr "$GRADWIRE" diff a.h5 flipped.h5
    refused "flipped.h5: damaged (checksum differs)"
    run --separate-stderr "$GRADWIRE" diff flipped.h5 a.h5
    refused "flipped.h5: damaged (checksum differs)"
    run --separate-stderr "$GRADWIRE" diff a.h5 b.h5 --tolerance -1
    refused "0 <= tolerance < 1"
}
