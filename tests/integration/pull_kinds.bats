#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is an image is the same for a registry as for an archive: the cases of imgcases,
# pulled, give the trees and refusals that loading them gives.

load ../helpers/suite
load ../helpers/registry

setup_file()
{
	export KUKEFETCH_BACKOFF_MS=10 KUKEFETCH_TRIES=2
	suite_start --no-image
	export CASES=$INSTANCE/home/cases
	"$INSTANCE_HELPERS/imgcases" "$CASES" kinds
	inst "$INSTANCE_HELPERS/archive-registry" 5040 "$CASES" >"$INSTANCE/home/registry.log" 2>&1 3>&- &
	wait_for 200 registry_up 5040
}

# The topmost layer of an image.
top_layer()
{
	local store=$INSTANCE_RUN_PATH/namespaces/default.$INSTANCE_NS_SUFFIX

	echo "$store/$("$top_builddir/imgdrive" "$INSTANCE_RUN_PATH" "default.$INSTANCE_NS_SUFFIX" \
		resolve "$1" | sed -n 3p)"
}

one_line()
{
	assert_failure 1
	assert_lines 1
	assert_output --partial "$1"
}

@test "every kind of image and of artifact, pulled" {
	local case dir ref pulled=0 refused=0
	for dir in "$CASES"/*; do
		case=$(basename "$dir")
		# One entry with one name is what a tag is.
		case $case in name-* | several-* | none* | no-name | artifact-marked | entry-type | index-no-version) continue ;; esac
		ref=localhost:5040/$case:1
		run kuke image pull -q "$ref"
		echo "# $case: $output"
		if [ -e "$dir/error" ]; then
			assert_failure 1
			assert_lines 1
			grep -q "is not in the archive" "$dir/error" || [[ $output == *"$(cat "$dir/error")"* ]]
			refused=$((refused + 1))
			continue
		fi
		assert_success
		[ ! -e "$dir/tree" ] || inst "$INSTANCE_HELPERS/imgtree" "$(top_layer "$ref")" |
			LC_ALL=C sort | diff -u <(LC_ALL=C sort "$dir/tree") -
		kuke image delete "$ref"
		pulled=$((pulled + 1))
	done
	echo "# $pulled pulled, $refused refused"
	assert [ "$pulled" -ge 14 ]
	assert [ "$refused" -ge 9 ]
}

@test "what a manifest names and the registry has not does not read as a missing tag" {
	run kuke image pull -q localhost:5040/index-missing:1
	one_line "the index lists manifest sha256:"
	one_line ", which the registry does not have"
	run kuke image pull -q localhost:5040/index-broken-here:1
	one_line "layer 1: not found"
	run kuke image pull -q localhost:5040/nothing:1
	one_line "failed to pull image localhost:5040/nothing:1: not found: not known here"
}

@test "a page for people is told by its address and its type" {
	run kuke image pull -q localhost:5040/page:1
	one_line "'http://localhost:5040/v2/page/manifests/1' answered with content of type 'text/html"
	run kuke image pull -q localhost:5040/text:1
	one_line "answered with content of type 'application/octet-stream' and not with JSON"
}
