#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One author's documents do not spoil the lists of all.

setup_file()
{
	load ../helpers/cells
	suite_start
}

teardown_file()
{
	load ../helpers/cells
	instance_stop
}

setup()
{
	load ../helpers/cells
	instance_snapshot
}

teardown()
{
	suite_check
}

# zeros N: a text of that many bytes.
zeros()
{
	head -c "$1" /dev/zero | tr '\0' 0
}

@test "labels: 64 KiB of a document, and none of kukeon's own" {
	local doc

	printf 'kind: Realm\nmetadata: {name: big, labels: {a: "%s"}}\n' "$(zeros 65536)" >"$HERE/big.yaml"
	run kuke apply -f "$HERE/big.yaml"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'document 0 (Realm "big"): metadata.labels: keys and values have 65537 bytes in all, at most 65536 are allowed'* ]]
	run kuke apply -f - <<<'{kind: Space, metadata: {name: s, labels: {space.kukeon.io: t}}, spec: {realmId: default}}'
	[ "$status" -eq 1 ]
	[[ $output == *'metadata.labels: "space.kukeon.io" is set by kukeon, to "s"; leave it out'* ]]
	run kuke get realm big
	[ "$status" -eq 1 ]
	# Printed and applied again: unchanged, for each kind.
	quiet kuke create cell c >/dev/null
	for doc in "realm default" "space default" "stack default" "cell c"; do
		# shellcheck disable=SC2086
		kuke get $doc -o yaml >"$HERE/doc.yaml"
		grep -q 'realm.kukeon.io: default' "$HERE/doc.yaml"
		run kuke apply -f "$HERE/doc.yaml"
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *unchanged* ]]
	done
	run quiet kuke create container x --cell c --image "$IMAGE" --label cell.kukeon.io=d
	[ "$status" -eq 1 ]
	[[ $output == *'"cell.kukeon.io" cannot be set'* ]]
	kuke delete cell c
	rm "$HERE/big.yaml" "$HERE/doc.yaml"
}

@test "a cell with more than 1000 containers is refused before anything is made" {
	{
		printf 'kind: Cell\nmetadata: {name: many}\nspec:\n  realmId: nowhere\n  spaceId: s\n'
		printf '  stackId: t\n  containers:\n'
		printf '  - {id: c%s, image: x}\n' $(seq 1001)
	} >"$HERE/many.yaml"
	run kuke apply -f "$HERE/many.yaml"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'document 0 (Cell "many"): spec.containers: 1001 containers, a cell can have 1000'* ]]
	run kuke get realm nowhere
	[ "$status" -eq 1 ]
	rm "$HERE/many.yaml"
}
