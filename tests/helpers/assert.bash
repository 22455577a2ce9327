# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # status, output and lines are of bats
#
# Assertions, which show what they were given when they fail: those of bats-assert
# (assert_success, assert_failure STATUS, assert_output, assert_line, assert_equal,
# refute…: see its README) and
#
#   assert_like VALUE PART…   the parts are text as it is, "..." is anything:
#                             assert_like "$output" 'Error: ' ... "'$file': " ...
#   refute_like VALUE PART…
#   assert_lines N            of $output, empty ones not counted (after run)
#
# They need neither bats nor an instance.

for assert_library in bats-support bats-assert; do
	# shellcheck source=/dev/null
	. "${BATS_LIB_PATH:-/usr/lib/bats}/$assert_library/load.bash" || return
done
unset assert_library

# like VALUE PART…: each text where it is found first, but for the last one, which is at
# the end.
like()
{
	local rest=$1 any='' texts=() anys=() text='' part i

	shift
	for part in "$@"; do
		if [ "$part" != ... ]; then
			text+=$part
			continue
		fi
		[ -z "$text" ] || { texts+=("$text") anys+=("$any") text=''; }
		any='*'
	done
	for i in "${!texts[@]}"; do
		# shellcheck disable=SC2053 # a "*", or nothing
		[[ $rest == ${anys[i]}"${texts[i]}"* ]] || return 1
		# shellcheck disable=SC2295
		rest=${rest#${anys[i]}"${texts[i]}"}
	done
	# What comes after the last "..." is the end, all of it where there was none.
	# shellcheck disable=SC2053
	[[ $rest == $any"$text" ]]
}

assert_like()
{
	like "$@" || like_failed 'value does not have this form' "$@"
}

refute_like()
{
	! like "$@" || like_failed 'value should not have this form' "$@"
}

like_failed()
{
	batslib_print_kv_single_or_multi 5 'form' "${*:3}" 'value' "$2" | batslib_decorate "$1" | fail
}

assert_lines()
{
	[ "${#lines[@]}" -eq "$1" ] ||
		batslib_print_kv_single_or_multi 6 'lines' "$1" 'output' "$output" |
		batslib_decorate 'output has another number of lines' | fail
}
