#!/usr/bin/perl
# summarise.pl EXCEPTIONS LINES BRANCHES < what `gcov -t -b -c` says - coverage by folder, and what is not covered.
#
# EXCEPTIONS: a line each, `FILE:FUNCTION: reason`, `FILE:/REGEX/: reason` (lines of the source that match, each with the block it
# opens) or `FILE:*: reason`; FILE may hold a `*`.  Lines and branches that it names count only where they were reached; an exception without
# which nothing would be missing is an error.  Branches are gcov's: two for each condition, short-circuits included, one for each
# case; those of `#pragma omp` lines are the compiler's (they share out a loop) and do not count.
# Fails below LINES % or BRANCHES % of sim/ and methods/ together.  MISSING=1 lists what is not covered.
use strict;
use warnings;

my ($exceptions, $want_lines, $want_branches) = @ARGV;
my (%line, %branch, %text, %function_of, $file, $function, $number, $nth);
while (<STDIN>) {
    if (/^ *-: +0:Source:(.*)/) { $file = $1; $file =~ s{^\./}{}; $file =~ s{^.*/(?=(?:sim|methods|datasets)/)}{} if $file =~ m{^/}; $function = ''; }
    next unless defined $file && $file =~ m{^(sim|methods|datasets)/};
    if (/^function (\S+) called/) { $function = $1; $function =~ s/\._omp_fn.*//; }
    elsif (/^ *([^:]+): *(\d+):(.*)/) {
        my ($count, $source) = ($1, $3);
        next if $2 == 0;
        ($number, $nth) = ($2, 0);
        $text{$file}{$number} = $source;
        next if $count =~ /^-/;
        $count =~ s/\*//;
        $count = 0 if $count !~ /^\d+$/;
        $line{$file}{$number} += $count;
        $function_of{$file}{$number} ||= $function;
    }
    elsif (/^branch +\d+ (taken (\d+)|never executed)/) {
        my $taken = $2 // 0;
        $branch{$file}{$number}[$nth++] += $taken unless $text{$file}{$number} =~ /^\s*#pragma omp/;
    }
}
die "coverage: nothing was measured\n" unless %line;

# What an exception names: a set of lines of a file.
my (@except, %excused);
open my $in, '<', $exceptions or die "coverage: $exceptions: $!\n";
while (<$in>) {
    chomp;
    next if /^\s*(#|$)/;
    m{^([\w*./-]+):(/(?:[^/\\]|\\.)*/|\w+|\*):\s+(\S.*)$} or $! = 2, die "coverage: $exceptions:$.: neither FILE:FUNCTION: reason nor FILE:/REGEX/: reason\n";
    push @except, { file => $1, what => $2, at => $., said => "$1:$2", used => 0 };
}
close $in;
for my $e (@except) {
    (my $pattern = quotemeta $e->{file}) =~ s/\\\*/[^\/]*/g;
    for my $f (grep { /^$pattern$/ } keys %text) {
        my $regex = $e->{what} =~ m{^/(.*)/$} ? qr/$1/ : undef;
        my $depth = 0;
        for my $n (sort { $a <=> $b } keys %{ $text{$f} }) {
            my $source = $text{$f}{$n};
            if (!$regex) {
                $excused{$f}{$n} = $e if $e->{what} eq '*' || ($function_of{$f}{$n} // '') eq $e->{what};
                next;
            }
            if ($depth > 0 || $source =~ $regex) {
                $excused{$f}{$n} = $e;
                $source =~ s/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'//g;
                if ($depth > 0) { $source =~ s/^\s*\}// and $depth-- }
                my ($open, $close) = (($source =~ tr/{//), ($source =~ tr/}//));
                $source =~ /^\s*\}/ or $depth += $open - $close;
                $depth = 0 if $depth < 0;
            }
        }
    }
}

my (%sum, @missing);
for my $f (sort keys %line) {
    (my $folder = $f) =~ s{/[^/]*$}{};
    my $s = $sum{$folder} //= { lines => 0, hit => 0, branches => 0, taken => 0, excused_lines => 0, excused_branches => 0 };
    for my $n (sort { $a <=> $b } keys %{ $line{$f} }) {
        my $excuse = $excused{$f}{$n};
        my @never = grep { !$_ } @{ $branch{$f}{$n} // [] };
        my $branches = @{ $branch{$f}{$n} // [] };
        $excuse->{used}++ if $excuse && (!$line{$f}{$n} || @never);
        if ($excuse) {
            $s->{excused_lines}++ unless $line{$f}{$n};
            $s->{excused_branches} += @never;
        } elsif (!$line{$f}{$n} || @never) {
            push @missing, sprintf "%s:%d: %s%s  | %s", $f, $n, $line{$f}{$n} ? '' : 'line ',
                @never ? sprintf('%d of %d branches', scalar @never, $branches) : '', $text{$f}{$n} =~ s/^\s+//r;
        }
        $s->{lines} += $line{$f}{$n} || !$excuse ? 1 : 0;
        $s->{hit} += $line{$f}{$n} ? 1 : 0;
        $s->{branches} += $branches - ($excuse ? @never : 0);
        $s->{taken} += $branches - @never;
    }
}
sub percent { my ($part, $all) = @_; return $all ? 100 * $part / $all : 100 }
sub say_row {
    my ($name, $s) = @_;
    printf "  %-18s %6d lines %6.2f %%  %6d branches %6.2f %%  excepted: %d lines, %d branches\n", $name, $s->{lines},
        percent($s->{hit}, $s->{lines}), $s->{branches}, percent($s->{taken}, $s->{branches}), $s->{excused_lines}, $s->{excused_branches};
}
my %judged;
for my $folder (sort keys %sum) {
    say_row($folder, $sum{$folder});
    next unless $folder =~ m{^(sim|methods)(/|$)};
    $judged{$_} += $sum{$folder}{$_} for keys %{ $sum{$folder} };
}
say_row('sim/ and methods/', \%judged);
if ($ENV{MISSING}) { print "$_\n" for @missing }
my $bad = 0;
sub complain { print "coverage: $_[0]\n"; $bad = 1 }
complain("$exceptions:$_->{at}: $_->{said}: nothing is missing there") for grep { !$_->{used} } @except;
my ($lines, $branches) = (percent($judged{hit}, $judged{lines}), percent($judged{taken}, $judged{branches}));
complain(sprintf '%.2f %% of the lines, wanted %s %%', $lines, $want_lines) if $lines < $want_lines;
complain(sprintf '%.2f %% of the branches, wanted %s %%', $branches, $want_branches) if $branches < $want_branches;
printf "%d exceptions; %s\n", scalar @except, $bad ? 'FAILED' : 'enough';
exit $bad;
