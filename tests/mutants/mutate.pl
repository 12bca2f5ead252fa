#!/usr/bin/perl
# mutate.pl FILE.c - every mutant of a file, one a line: NUMBER, LINE, KIND, OLD TEXT, NEW TEXT, separated by tabs (the text of the
# lines that change, blanks squeezed).   mutate.pl FILE.c NUMBER - that mutant's source.
#
# One slip each, the kinds an author makes:
#   operator   + - * / < <= > >= == != && || and their assignments: the neighbour
#   condition  of if, while, for, ?: negated
#   constant   a number one more, a whole number one less, a fraction doubled; true and false
#   sign       a minus forgotten
#   dropped    a statement, or a line of the plug-in's description
#   arguments  two neighbours of a call swapped
#   name       the one next to it in sim.h: send and send_dense, mean and mean_over_all, fmin and fmax, L_f and L_hat ...
#   default    of a parameter
# Text for people (help, pseudo-code, messages) and bounds of 10^9 and more, which only keep a number in its type, stay as they are.
use strict;
use warnings;

my ($path, $wanted) = @ARGV;
open my $in, '<', $path or die "$path: $!\n";
my $source = do { local $/; <$in> };
close $in;

# --- tokens: [text, place]; comments and directives are left out ------------------------------------------------------------
my @token;
pos($source) = 0;
while (pos($source) < length $source) {
    if ($source =~ /\G\s+/gc || $source =~ m{\G/\*.*?\*/}gcs || $source =~ /\G^#[^\n]*(?:\\\n[^\n]*)*/gcm) { next }
    my $at = pos $source;
    $source =~ /\G(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[A-Za-z_]\w*|\d[\w.]*(?:(?<=[eE])[-+]\d+)?|\.\d[\w.]*
                   |->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*\/%&|^]=|.)/gcxs or die "$path: cannot read on at $at\n";
    push @token, [substr($source, $at, pos($source) - $at), $at];
}
my @text = map { $_->[0] } @token;
my (%partner, @around); # around: the bracket that it stands in
{
    my @open;
    for my $k (0 .. $#text) {
        $around[$k] = @open ? $text[$open[-1]] : '';
        if ($text[$k] =~ /^[(\[{]$/) { push @open, $k }
        elsif ($text[$k] =~ /^[)\]}]$/) { my $o = pop @open; $partner{$k} = $o; $partner{$o} = $k }
    }
}

# --- where am I: in a function's body, a table of parameters, a plug-in's description ------------------------------------------
my @place = ('') x @text;
for (my $k = 0; $k < @text; $k++) {
    next unless $text[$k] eq '{';
    my ($before, $end) = ($k ? $text[$k - 1] : '', $partner{$k});
    my $start = $k;
    $start-- while $start > 0 && $text[$start - 1] !~ /^[;}]$/;
    my $head = join ' ', @text[$start .. $k - 1];
    my $what = $before eq ')' ? 'body' : $head =~ /\bconst struct field\b/ ? 'table' : $head =~ /^const struct (method|compressor) / ? 'plugin' : 'other';
    @place[$k .. $end] = ($what) x ($end - $k + 1);
    $k = $end;
}

my @mutant; # [kind, from, to, replacement]
sub mutate { my ($kind, $first, $last, $new) = @_; push @mutant, [$kind, $token[$first][1], $token[$last][1] + length $text[$last], $new] }
sub span { my ($first, $last) = @_; return substr $source, $token[$first][1], $token[$last][1] + length($text[$last]) - $token[$first][1] }

my %type = map { $_ => 1 } qw(double float int unsigned char bool void size_t int64_t uint64_t uint32_t uint8_t int32_t FILE vec in vecs shifts);
sub is_cast { # is this `)` the end of a cast?
    my $open = $partner{ $_[0] };
    my @inside = @text[$open + 1 .. $_[0] - 1];
    return 0 if !@inside || ($open > 0 && $text[$open - 1] =~ /^\w+$/ && $text[$open - 1] !~ /^(return|sizeof)$/);
    return $inside[0] =~ /^(const|struct|enum)$/ || $type{ $inside[0] };
}
sub is_binary { # an operator with a value at its left
    my $k = shift;
    my $left = $text[$k - 1];
    return 0 if $left eq ')' && is_cast($k - 1);
    return 0 if $type{$left} || $left =~ /^(return|const|case)$/ || ($k > 1 && $text[$k - 2] =~ /^(struct|enum)$/);
    return $left =~ /^[\w.]+$/ || $left =~ /^[)\]]$/;
}
sub starts_declaration { my $t = shift; return $type{ $text[$t] } || $text[$t] =~ /^(const|static|struct|enum)$/ }
sub statement_begins { # is this the first token of a simple statement?
    my $k = shift;
    my $left = $text[$k - 1];
    return 0 if $around[$k] ne '{';
    return 1 if $left =~ /^[;{}]$/ || $left eq 'else';
    return $left eq ')' && $text[$partner{$k - 1} - 1] =~ /^(if|while|for)$/;
}
sub statement_end { # its `;`, or -1
    my $k = shift;
    for (; $k < @text; $k++) {
        if ($text[$k] =~ /^[(\[]$/) { $k = $partner{$k}; next }
        return $k if $text[$k] eq ';';
        return -1 if $text[$k] =~ /^[{}]$/ && $text[$k - 1] ne ')';
        if ($text[$k] eq '{') { $k = $partner{$k} }
    }
    return -1;
}
sub depth_begin { # where the condition before this `?` begins
    my $k = shift() - 1;
    for (; $k > 0; $k--) {
        if ($text[$k] =~ /^[)\]}]$/) { $k = $partner{$k}; next }
        return $k + 1 if $text[$k] =~ /^([(\[{,?:;]|=|[-+*\/]=|return)$/;
    }
    return $k;
}

sub is_choice { # the comparison in a < b ? a : b, where <= chooses the same
    my $k = shift;
    my $begin = depth_begin($k);
    my ($left, $right, $j) = (span($begin, $k - 1), '', $k + 1);
    for (; $j < @text && $text[$j] !~ /^[?;,]$/; $j++) { $j = $partner{$j} if $text[$j] =~ /^[(\[]$/; return 0 if $text[$j] =~ /^[)}\]]$/ }
    return 0 if $text[$j] ne '?';
    $right = span($k + 1, $j - 1);
    my $rest = substr $source, $token[$j][1] + 1;
    return $rest =~ /^\s*(?:\Q$left\E\s*:\s*\Q$right\E|\Q$right\E\s*:\s*\Q$left\E)\s*[;,)]/;
}

my %neighbour = ('+' => ['-'], '-' => ['+'], '*' => ['/'], '/' => ['*'], '%' => ['/'], '<' => ['<=', '>'], '<=' => ['<'], '>' => ['>=', '<'], '>=' => ['>'],
    '==' => ['!='], '!=' => ['=='], '&&' => ['||'], '||' => ['&&'], '+=' => ['-='], '-=' => ['+='], '*=' => ['/='], '/=' => ['*='],
    '|=' => ['&='], '++' => ['--'], '<<' => ['>>'], '>>' => ['<<']);
my %name = (true => 'false', false => 'true', fmin => 'fmax', fmax => 'fmin', ceil => 'floor', floor => 'ceil', send => 'send_dense',
    send_dense => 'send', mean => 'mean_over_all', mean_over_all => 'mean', L_f => 'L_hat', L_hat => 'L_f', L_cal => 'L_hat', L_max => 'L_f', L_i_max => 'L_hat',
    omega => 'omega_n', omega_n => 'omega', heard => 'heard_before', heard_before => 'heard', REPLACE => 'DISTINCT', DISTINCT => 'REPLACE',
    UNBIASED => 'ANY_COMPRESSOR', CONTRACTIVE => 'ANY_COMPRESSOR', SAMPLED => 'FULL_GRADIENTS_ONLY', FINITE_SUM => 'SAMPLED', m_min => 'n', alpha => 'alpha_down', omega_down => 'omega');
my %exchangeable = map { $_ => 1 } qw(fmin fmax dot); # calls of which the order does not matter

my $asks = grep { /^ask(_each)?$/ } @text; # where everybody takes part, a mean is the mean over all
for my $k (1 .. $#text) {
    my ($t, $in) = ($text[$k], $place[$k]);
    next unless $in =~ /^(body|table|plugin)$/;
    # constants, anywhere but in text
    if ($t =~ /^\d/ && $t !~ /^0x/i) {
        next if $t + 0 >= 1e9;
        my $slot = $k > 3 && $text[$k - 1] eq ',' && $text[$k - 4] eq 'tmp'; # another scratch vector is as good, if it is free
        if ($t =~ /^\d+$/) {
            mutate('constant', $k, $k, $t + 1) unless $slot && $source !~ /\btmp\(\w+, @{[$t + 1]}\)/;
            mutate('constant', $k, $k, $t - 1) if $t > 0;
        } else {
            mutate('constant', $k, $k, "($t + 1)");
            mutate('constant', $k, $k, "(2 * $t)");
        }
        next;
    }
    if (exists $name{$t} && ($t !~ /^(L_|m_|omega|alpha)/ || $text[$k - 1] eq '->') && ($t !~ /^mean/ || $asks)) {
        mutate($t =~ /^(true|false)$/ ? 'constant' : 'name', $k, $k, $name{$t});
    }
    if ($in eq 'table') {
        if ($t =~ /^"(.*)"$/ && $text[$k - 1] eq ',') { # the default: REAL(tag, member, "default", ...
            my ($value, $open) = ($1, $k);
            $open-- while $open > 0 && $text[$open] ne '(';
            next if join('', @text[$open + 1 .. $k]) !~ /^\w+,\w+,"[^"]*"$/ || $text[$open - 1] =~ /^STATE/;
            if ($value =~ /^\d+$/) { mutate('default', $k, $k, '"' . ($value + 1) . '"') }
            elsif ($value =~ /^[\d.e-]+$/) { mutate('default', $k, $k, '"' . $value / 2 . '"') }
            elsif ($value =~ /^(yes|no)$/) { mutate('default', $k, $k, $value eq 'yes' ? '"no"' : '"yes"') }
            elsif ($text[$open - 1] eq 'CHOICE') {
                my ($other) = grep { $_ ne $value } split /\|/, $text[$k + 2] =~ s/"//gr;
                mutate('default', $k, $k, "\"$other\"");
            }
        }
        if ($t eq 'REAL_POS') { # 0 is allowed, too
            my ($j, $commas) = ($k + 2, 0);
            for (; $commas < 3; $j++) { $commas++ if $text[$j] eq ',' }
            mutate('operator', $k, $j - 1, 'REAL' . span($k + 1, $j - 1) . ' 0,');
        }
        next;
    }
    if ($in eq 'plugin') {
        if ($t eq '.' && $text[$k - 1] =~ /^[{,]$/ && $text[$k + 1] !~ /^(name|summary|paper|explain|param|client|server|\w+_size)$/) {
            my $end = $k;
            $end++ until $text[$end] eq ',' || $text[$end] eq '}';
            mutate('dropped', $k, $end, '') if $text[$end] eq ',' && $text[$k + 3] !~ /^(NO_COMPRESSOR|FULL_GRADIENTS_ONLY|false|0)$/; # zero anyway
        }
        next;
    }
    # a body
    if ($neighbour{$t} && ($t =~ /^(\+\+|--)$/ || is_binary($k))) {
        for (@{ $neighbour{$t} }) { mutate('operator', $k, $k, $_) unless $_ eq "$t=" && is_choice($k) || "$_=" eq $t && is_choice($k) }
    }
    if ($t eq '-' && !is_binary($k)) { mutate('sign', $k, $k, '') }
    if ($t =~ /^(if|while)$/) { my $o = $k + 1; mutate('condition', $o, $partner{$o}, '(!' . span($o, $partner{$o}) . ')') }
    if ($t eq 'for') {
        my ($first) = grep { $text[$_] eq ';' } $k + 1 .. $partner{$k + 1};
        my ($second) = grep { $text[$_] eq ';' } $first + 1 .. $partner{$k + 1};
        mutate('condition', $first + 1, $second - 1, '!(' . span($first + 1, $second - 1) . ')') if $second > $first + 1;
    }
    if ($t eq '?') { my $b = depth_begin($k); mutate('condition', $b, $k - 1, '!(' . span($b, $k - 1) . ')') }
    if ($t eq '!') {
        my $end = $text[$k + 2] eq '(' ? $partner{$k + 2} : $text[$k + 1] eq '(' ? $partner{$k + 1} : $k + 1;
        my $whole = $text[$k - 1] eq '(' && $text[$k - 2] =~ /^(if|while)$/ && $partner{$k - 1} == $end + 1; # see above
        mutate('condition', $k, $k, '') unless $whole;
    }
    if ($t =~ /^[A-Za-z_*]/ && $t !~ /^(if|else|while|for|do|case|default|switch)$/ && statement_begins($k) && !starts_declaration($k)) {
        my $end = statement_end($k);
        mutate('dropped', $k, $end, ';') if $end > 0 && ($t ne 'return' || $end == $k + 1);
    }
    if ($t =~ /^[a-z_]\w*$/ && $text[$k + 1] eq '(' && $t !~ /^(if|while|for|switch|sizeof|return)$/ && !$exchangeable{$t}) {
        my ($close, @begin) = ($partner{$k + 1}, $k + 2);
        for (my $j = $k + 2; $j < $close; $j++) {
            $j = $partner{$j} if $text[$j] =~ /^[(\[{]$/;
            push @begin, $j + 1 if $text[$j] eq ',';
        }
        push @begin, $close + 1;
        for my $i (0 .. @begin - 3) {
            my ($a, $b) = (span($begin[$i], $begin[$i + 1] - 2), span($begin[$i + 1], $begin[$i + 2] - 2));
            next if $a eq $b || $a =~ /^"/ || $b =~ /^"/ || starts_declaration($begin[$i]);
            mutate('arguments', $begin[$i], $begin[$i + 2] - 2, "$b, $a");
        }
    }
}

sub mutated { my $m = shift; return substr($source, 0, $m->[1]) . $m->[3] . substr($source, $m->[2]) }
sub squeeze { my $s = shift; $s =~ s/\s+/ /g; $s =~ s/^ | $//g; return $s }
if (defined $wanted) {
    die "$path has " . @mutant . " mutants\n" if $wanted !~ /^\d+$/ || $wanted >= @mutant;
    my $m = $mutant[$wanted];
    my $out = mutated($m);
    print $out;
    exit;
}
for my $k (0 .. $#mutant) {
    my ($kind, $from, $to, $new) = @{ $mutant[$k] };
    my $begin = rindex($source, "\n", $from - 1) + 1;
    my $end = index $source, "\n", $to;
    my $whole = substr $source, $begin, $end - $begin + 1;
    my $times = () = $source =~ /^\Q$whole\E/gm;
    $end = index $source, "\n", $end + 1 if $times > 1; # what is said twice is told apart by the next line
    my $line = 1 + (substr($source, 0, $from) =~ tr/\n//);
    print join("\t", $k, $line, $kind, squeeze(substr $source, $begin, $end - $begin),
        squeeze(substr($source, $begin, $from - $begin) . $new . substr($source, $to, $end - $to))), "\n";
}
