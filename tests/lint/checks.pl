# SPDX-License-Identifier: GPL-2.0-or-later
#
# checks.pl RULE FILE…: lines of bats files and their helpers that break RULE
# (tests/lint/tests.sh says what the rules are for).
use strict;
use warnings;

my $rule = shift;

# What is in quotes or in $( ) is no syntax of the line's own.
sub bare {
	my $s = shift;

	$s =~ s/\\.//g;
	$s =~ s/\$?'[^']*'/''/g;
	1 while $s =~ s/"[^"]*"|\$?\([^()]*\)|\$\{[^{}]*\}/_/g;
	$s =~ s/(?:^|\s)#.*//;
	return $s;
}

# A statement of a test or function, and whether its status is that of the whole.
sub broken {
	my ($s, $is_test, $is_last) = @_;
	my $bare = bare($s);
	my $is_or = $bare =~ /\|\|/;
	my $is_check = $bare =~ /^(\[\[?|assert\w*|refute\w*|test|grep|diff|cmp)\s/;

	return $bare =~ /^!\s/ && !$is_or && ($is_test || !$is_last) if $rule eq 'not';
	return $is_check && $bare =~ /&&/ && !$is_or && ($is_test || !$is_last) if $rule eq 'and';
	return $is_test && $bare =~ /^\[\[?\s/ && !$is_or if $rule eq 'bare';
	return $bare =~ /^sleep\s/ && $s !~ /\s#\s*\S|&$/ if $rule eq 'sleep';
	return $bare =~ /wait_for ([0-9]+)/ && $1 < 60 if $rule eq 'short';
	die "no rule '$rule'\n";
}

for my $file (@ARGV) {
	my ($end, $in, $is_test, $s, $at, @statements);

	open my $fh, '<', $file or die "$file: $!\n";
	while (my $line = <$fh>) {
		chomp $line;
		if (defined $end) { # a here document
			undef $end if $line =~ /^\t*\Q$end\E$/;
			next;
		}
		if ($line =~ /^(\@test\b.*\{|\w+\(\)|\{)$/) {
			$is_test = $line =~ /^\@test/ if $line ne '{';
			($in, @statements) = (1);
			next;
		}
		if ($line eq '}') {
			for my $i (0 .. $#statements) {
				my ($n, $text, $depth) = @{$statements[$i]};
				my $is_last = $i == $#statements && $depth == 1;

				print "$file:$n: $text\n" if broken($text, $is_test, $is_last);
			}
			$in = 0;
			undef $s;
		}
		next if !$in || $line =~ /^\s*(#|$)/;
		$end = $1 if $line =~ /<<-?['"]?([A-Z]+)\b/;
		# A statement goes on while it says so, or has a quote open.
		my ($indent) = $line =~ /^(\t*)/;
		($s, $at) = ('', [$., length $indent]) if !defined $s;
		$line =~ s/^\s+//;
		$s .= ($s eq '' ? '' : ' ') . $line;
		next if $s =~ s/\\$// || $s =~ /(&&|\|\||\|)$/;
		my $open = $s;
		$open =~ s/\\.//g;
		$open =~ s/'[^']*'|"[^"]*"/_/g;
		$open =~ s/\s#.*//;
		next if $open =~ /['"]/;
		push @statements, [$at->[0], $s, $at->[1]];
		undef $s;
	}
	close $fh;
}
