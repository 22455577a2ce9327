#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Comments and messages are plain English that a stranger understands at once. A script
# sees the words of riddles only: people in place of the process or the caller that is
# meant, and wishes in place of facts. It also finds references to pages that are not in
# the tree.
. "${BASH_SOURCE[0]%/*}/lib.bash"
lint_need perl perl

words='whoever|whomever|nobody|somebody|someone|anybody|anyone|everybody|in hope|what is there'
words+='|believes? nothing|believed|his|hers?|wish|wishes|wished'
pages='[a-z]+\.md\b|spec (surface|runtime|decisions)'

mapfile -t files < <(product_files)

# texts comment|string REGEX: where REGEX stands in such a text, as "FILE:LINE: match".
# The words of a phrase may be on two lines.
texts()
{
	perl -0777 -e '
		my ($kind, $regex) = splice(@ARGV, 0, 2);
		$regex =~ s/ /(?:\\s|\\*)+/g;
		for my $file (@ARGV) {
			open(my $in, "<", $file) or die "$file: $!\n";
			my $code = <$in>;
			while ($code =~ m{(/\*.*?\*/)|("(?:\\.|[^"\\\n])*")|\x27(?:\\.|[^\x27\\\n])+\x27}gs) {
				my $text = $kind eq "comment" ? $1 : $2;
				next if !defined $text;
				my $at = $-[0];
				while ($text =~ /\b($regex)\b/gi) {
					my ($match, $line) = ($1, 1 + (substr($code, 0, $at + $-[0]) =~ tr/\n//));
					$match =~ s/\s+/ /g;
					print "$file:$line: $match\n";
				}
			}
		}' -- "$1" "$2" "${files[@]}"
}

texts comment "$words" | lint_rule "comments use plain words"
texts string "$words" | lint_rule "messages use plain words"
texts comment "$pages" | lint_rule "comments refer to pages of the tree only"
lint_done
