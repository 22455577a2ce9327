#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# strip.pl FILE…: C without comments and without the text of strings and
# character constants, line by line as "FILE:LINE:code". A // comment becomes
# the token LINE_COMMENT.
use strict;
use warnings;

for my $file (@ARGV) {
	open(my $in, '<', $file) or die "$file: $!\n";
	local $/;
	my $text = <$in>;
	$text =~ s{(/\*.*?\*/)|(//[^\n]*)|"((?:\\.|[^"\\\n])*)"|'((?:\\.|[^'\\\n])+)'}{
		defined $1 ? "\n" x ($1 =~ tr/\n//) :
		defined $2 ? 'LINE_COMMENT' :
		defined $3 ? '""' : "''" }gse;
	my $n = 0;
	print "$file:", ++$n, ":$_\n" for split(/\n/, $text, -1);
}
