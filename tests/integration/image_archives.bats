#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Odd and hostile image archives: each gives the right tree or the right
# refusal; nothing outside is touched and nothing of a refused one is left.

setup_file()
{
	export IMGDRIVE=$top_builddir/imgdrive HELPERS=$top_srcdir/tests/helpers
	"$HELPERS/imgcases" "$BATS_FILE_TMPDIR/cases"
}

setup()
{
	# In memory: every layer ends with a sync of its file system.
	shm=$(mktemp -d /dev/shm/kukeon-test-XXXXXX)
	# Where "../../canary" of a layer's root, of staging and of the run path would be.
	top=$shm/top
	run_path=$top/a/b/run
	mkdir -p "$run_path"
	for dir in "$top" "$top/a" "$top/a/b" "$run_path"; do
		mkdir -p "$dir/canary"
		echo secret >"$dir/canary/secret"
	done
	"$IMGDRIVE" "$run_path" ns collect
}

teardown()
{
	rm -rf "$shm"
}

outside()
{
	find "$top" ! -path "$run_path" ! -path "$run_path/namespaces*" ! -path "$run_path/locks*" \
		-printf '%p %y %m %s %T@ %C@\n' | sort
	ls "$run_path"
	find /canary /tmp/evil /etc/passwd -maxdepth 0 -printf '%p %s %T@ %i %n\n' 2>/dev/null || :
}

left()
{
	find "$run_path/namespaces" -mindepth 1 ! \( -type d \( -name ns -o -name images -o -name blobs \
		-o -name sha256 -o -name snapshots -o -name containers -o -name staging -o -name trash \) \)
}

# Load one case. Prints what is wrong with the outcome.
try_case()
{
	local dir=$1 args=() name before
	name=$(cat "$dir/name" 2>/dev/null || basename "$dir")
	[ ! -e "$dir/args" ] || mapfile -t args <"$dir/args"
	before=$(outside)
	if "$IMGDRIVE" "${args[@]}" "$run_path" ns load "$dir/image.tar" >"$top/../out" 2>"$top/../err"; then
		[ ! -e "$dir/error" ] || echo "was not refused"
		"$IMGDRIVE" "$run_path" ns resolve "$name" >"$top/../resolved" || echo "cannot be resolved"
		"$HELPERS/imgtree" "$run_path/namespaces/ns/$(sed -n 3p "$top/../resolved")" |
			LC_ALL=C sort >"$top/../tree"
		[ ! -e "$dir/tree" ] || LC_ALL=C sort "$dir/tree" | diff -u - "$top/../tree"
		"$IMGDRIVE" "$run_path" ns delete "$name" >/dev/null || echo "cannot be deleted"
	else
		[ -e "$dir/error" ] || { echo "was refused:"; cat "$top/../err"; }
		[ ! -e "$dir/error" ] || grep -qF -- "$(cat "$dir/error")" "$top/../err" ||
			{ echo "another message:"; cat "$top/../err"; }
		[ "$(wc -l <"$top/../err")" -eq 1 ] || echo "not one line"
	fi
	[ -z "$(left)" ] || { echo "left behind:"; left; }
	[ "$before" = "$(outside)" ] || { echo "touched:"; diff <(echo "$before") <(outside); }
}

@test "every case gives its tree or its refusal" {
	local dir wrong failed=0 n=0
	for dir in "$BATS_FILE_TMPDIR"/cases/*; do
		n=$((n + 1))
		wrong=$(try_case "$dir" 2>&1) || :
		[ -z "$wrong" ] || {
			failed=$((failed + 1))
			printf '%s: %s\n' "$(basename "$dir")" "$wrong"
		}
	done
	[ "$n" -gt 90 ]
	[ "$failed" -eq 0 ]
}

@test "the same through a pipe" {
	local case
	for case in gzip docker-symlinked implied-dir; do
		"$IMGDRIVE" "$run_path" ns load - < <(cat "$BATS_FILE_TMPDIR/cases/$case/image.tar")
	done
	[ "$("$IMGDRIVE" "$run_path" ns list | wc -l)" -eq 3 ]
}
