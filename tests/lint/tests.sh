#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests that would not run, not fail, or not say why.
. "${BASH_SOURCE[0]%/*}/lib.bash"
lint_need perl perl

mapfile -t bats < <(project_files | grep -E '^tests/integration/[^/]*\.bats$' | sort)
mapfile -t helpers < <(project_files | grep -E '^tests/helpers/.*\.bash$' | sort)

# breaks RULE FILE…
breaks()
{
	perl "$LINT_DIR/checks.pl" "$@"
}

project_files | grep -E '^tests/(integration/[^/]*\.bats|unit/test_[^/]*\.c)$' |
	while read -r f; do
		grep -qE "(^|[[:space:]])$f([[:space:]]|\$)" tests/local.mk || echo "$f"
	done | lint_rule "every test has its line in tests/local.mk"
grep -LE '^load \.\./helpers/(suite|assert)$' "${bats[@]}" /dev/null | grep -v '^/dev/null$' |
	lint_rule "bats files load ../helpers/suite, or assert where there is no instance"
grep -nE '^[[:space:]]+load ' "${bats[@]}" /dev/null | lint_rule "they do so once, at the top"
# bash ends no test at a command with "!", bats but at the last one of a test.
breaks not "${bats[@]}" "${helpers[@]}" | lint_rule "no '!' whose result is lost: refute CMD"
# Nor where the first part of a list fails.
breaks and "${bats[@]}" "${helpers[@]}" | lint_rule "no '&&' behind a check, whose result is lost: two lines"
breaks bare "${bats[@]}" | lint_rule "tests show what was there: assert_equal and the like, no bare '['"
breaks sleep "${bats[@]}" "${helpers[@]}" |
	lint_rule "no sleep: wait_for, stays, pass_over; or a comment on its line that says what for"
breaks short "${bats[@]}" "${helpers[@]}" | lint_rule "wait_for has a minute at least"

lint_done
