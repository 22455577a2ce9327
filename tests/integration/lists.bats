#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One author's documents do not spoil the lists of all.

load ../helpers/suite

# zeros N: a text of that many bytes.
zeros()
{
	head -c "$1" /dev/zero | tr '\0' 0
}

@test "labels: 64 KiB of a document, and none of kukeon's own" {
	local doc

	printf 'kind: Realm\nmetadata: {name: big, labels: {a: "%s"}}\n' "$(zeros 65536)" >"$HERE/big.yaml"
	run kuke apply -f "$HERE/big.yaml"
	assert_failure 1
	assert_output --partial 'document 0 (Realm "big"): metadata.labels: keys and values have 65537 bytes in all, at most 65536 are allowed'
	run kuke apply -f - <<<'{kind: Space, metadata: {name: s, labels: {space.kukeon.io: t}}, spec: {realmId: default}}'
	assert_failure 1
	assert_output --partial 'metadata.labels: "space.kukeon.io" is set by kukeon, to "s"; leave it out'
	run kuke get realm big
	assert_failure 1
	# Printed and applied again: unchanged, for each kind.
	quiet kuke create cell c >/dev/null
	for doc in "realm default" "space default" "stack default" "cell c"; do
		# shellcheck disable=SC2086
		kuke get $doc -o yaml >"$HERE/doc.yaml"
		grep -q 'realm.kukeon.io: default' "$HERE/doc.yaml"
		run kuke apply -f "$HERE/doc.yaml"
		assert_success
		assert_output --partial unchanged
	done
	run quiet kuke create container x --cell c --image "$IMAGE" --label cell.kukeon.io=d
	assert_failure 1
	assert_output --partial '"cell.kukeon.io" cannot be set'
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
	assert_failure 1
	assert_output --partial 'document 0 (Cell "many"): spec.containers: 1001 containers, a cell can have 1000'
	run kuke get realm nowhere
	assert_failure 1
	rm "$HERE/many.yaml"
}

# realms N BYTES: p000 and so on, with a label of that many bytes each.
realms()
{
	local i label

	label=$(zeros "$2")
	for i in $(seq "$1"); do
		printf 'kind: Realm\nmetadata:\n  name: p%03d\n  labels: {parity: "%d", fill: "%s"}\n---\n' \
			"$i" $((i % 2)) "$label"
	done
}

# page METHOD AFTER: one page of ours, as the wire has it.
page()
{
	rpc "{\"method\":\"KukeonX1.$1\",\"params\":[{\"After\":\"$2\"}],\"id\":1}"
}

@test "a list larger than a page: each object once, in order, in every format" {
	local n=100 after pages=0 expected

	realms $n 60000 | quiet kuke apply -f - >/dev/null
	expected=$(printf 'default\nkuke-system\n'; printf 'p%03d\n' $(seq $n))
	# The pages themselves.
	after=
	: >"$HERE/names"
	while :; do
		page ListRealms "$after" >"$HERE/page"
		assert [ "$(stat -c %s "$HERE/page")" -lt 5000000 ]
		jq -r '.result.Realms[].metadata.name' "$HERE/page" >>"$HERE/names"
		after=$(jq -r '.result.Next' "$HERE/page")
		pages=$((pages + 1))
		[ -n "$after" ] || break
	done
	assert [ "$pages" -ge 2 ]
	diff "$HERE/names" - <<<"$expected"
	# Beyond the end there is nothing.
	assert_equal "$(page ListRealms 'zzz#0' | jq -c '[.result.Realms, .result.Next]')" '[null,""]'
	# Smaller pages, and some members only.
	rpc '{"method":"KukeonX1.ListRealms","params":[{"PageBytes":200000}],"id":1}' >"$HERE/page"
	assert [ "$(stat -c %s "$HERE/page")" -lt 201000 ]
	assert_equal "$(jq -c '[.result.Next, (.result.Realms | length)]' "$HERE/page")" '["p003#0",5]'
	rpc '{"method":"KukeonX1.ListRealms","params":[{"Fields":["metadata.name"]}],"id":1}' >"$HERE/page"
	assert_equal "$(jq -c '[.result.Next, (.result.Realms | length), .result.Realms[0]]' "$HERE/page")" \
		'["",102,{"metadata":{"name":"default"}}]'
	local how
	for how in "" --no-daemon; do
		# shellcheck disable=SC2086
		kuke get realms -o name $how | diff - <(echo "$expected")
		# shellcheck disable=SC2086
		kuke get realms $how | awk 'NR > 2 { print $1 }' | diff - <(echo "$expected")
		# shellcheck disable=SC2086
		kuke get realms -o json $how | jq -r '.[].metadata.name' | diff - <(echo "$expected")
		# shellcheck disable=SC2086
		kuke get realms -o yaml $how | sed -n 's/^    name: //p' | diff - <(echo "$expected")
		# shellcheck disable=SC2086
		assert_equal "$(kuke get realms -l parity=1 -o name $how | wc -l)" $((n / 2))
	done
	# The whole list of upstream's method is that of the pages.
	rpc '{"method":"KukeonV1.ListRealms","params":[{}],"id":1}' | jq '.result.Realms' >"$HERE/whole"
	kuke get realms -o json | jq . | diff - "$HERE/whole"
	quiet kuke delete realm -l parity >/dev/null
	assert_equal "$(kuke get realms -o name | wc -l)" 2
	rm "$HERE/names" "$HERE/page" "$HERE/whole"
}

@test "get: several names, one that is missing" {
	quiet kuke create cell a >/dev/null
	quiet kuke create cell b >/dev/null
	run kuke get cells b a
	assert_success
	assert_lines 4
	assert_like "${lines[0]}" NAME ...
	assert_like "${lines[2]}" 'b ' ...
	assert_like "${lines[3]}" 'a ' ...
	assert_equal "$(kuke get cell a b a -o name | xargs)" 'a b'
	assert_equal "$(kuke get cells a b -o json | jq -r 'map(.metadata.name) | join(" ")')" 'a b'
	assert_equal "$(kuke get cells a b -o yaml | grep -c '^- apiVersion')" 2
	# One is a document, as ever.
	assert_equal "$(kuke get cell a -o json | jq -r .metadata.name)" a
	kuke get cell a | grep -q '^apiVersion: v1beta1'
	run kuke get cells a nope b -o name
	assert_failure 1
	assert_line --index 0 a
	assert_line --index 1 'Error: cell "nope" not found in stack "default"/"default"/"default"'
	assert_like "$output" ... $'\nb'
	run kuke get cells a -l x
	assert_failure 1
	assert_output --partial 'names and --selector cannot be used together'
	run kuke delete cells a b nope
	assert_failure 1
	assert_line --index 0 'Deleted cell "a" from stack "default"'
	assert_line --index 1 'Deleted cell "b" from stack "default"'
	assert_like "${lines[2]}" 'Error: cell "nope" not found' ...
}

@test "-l: what it selects is shown, stopped and deleted, and nothing else" {
	local name

	for name in a b c; do
		cell_doc $name 'sleep 1000' | sed "s/^  name: .*/&\n  labels: {app: $name, all: \"1\"}/" |
			quiet kuke run -d -f - >/dev/null
	done
	assert_equal "$(kuke get cells -l 'app in (a,c)' -o name | xargs)" 'a c'
	assert_equal "$(kuke get cells -l app!=a -l all -o name | xargs)" 'b c'
	assert_equal "$(kuke get cells -l app=x)" 'No cells match.'
	assert_equal "$(kuke get cells -l app=x -o json)" '[]'
	run kuke get cells -l 'app='
	assert_output 'No cells match.'
	run kuke delete cell -l ''
	assert_failure 1
	assert_output --partial 'the selector is empty'
	run kuke stop cell --timeout 1s -l app!=c
	assert_success
	assert_line --index 0 'Stopped cell "a" from stack "default"'
	assert_line --index 1 'Stopped cell "b" from stack "default"'
	is_cell_state c Ready
	run kuke delete cell -l app=c --dry-run
	assert_output 'Deleted cell "c" from stack "default" (dry run)'
	run kuke delete cells -l all --timeout 1s
	assert_success
	assert_lines 3
	assert_equal "$(kuke get cells --realm default -o name)" ''
	run kuke delete cells -l all
	assert_success
	assert_output 'No cells match.'
}

@test "get -o wide: address, containers, restarts, exit code" {
	cell_doc w 'exit 7' | { cat; container side 'sleep 1000'; } | quiet kuke run -d -f - >/dev/null
	ended() { [ "$(container_value w main .status.state)" = Failed ]; }
	wait_for 400 ended
	run kuke get cells w -o wide
	echo "$output"
	assert_like "${lines[0]}" 'NAME  REALM ' ... '  ADDRESS  ' ... '  CONTAINERS  AGE' ...
	assert_like "${lines[2]}" "w " ... "  $(cell_ip w)  2/3 " ...
	run kuke get containers --cell w --realm default --space default --stack default -o wide
	assert_line --index 0 --partial '  STATE   RESTARTS  EXIT  AGE'
	assert_like "$output" ... $'\nmain ' ... 'Failed  0         7     ' ...
	assert_like "$output" ... $'\nside ' ... 'Ready   0         -     ' ...
	assert_equal "$(kuke get containers --cell w --realm default --space default --stack default -o name | xargs)" 'main side root'
	run kuke image get -o wide
	assert_like "${lines[0]}" NAME ... SIZE ... CREATED ... DIGEST ...
	assert_like "${lines[2]}" "$IMAGE " ... sha256: ...
	assert_equal "$(kuke image get -o name)" "$IMAGE"
	# The page after some of the containers, and after all images.
	assert_equal "$(rpc '{"method":"KukeonX1.ListContainers","params":[{"RealmName":"default","After":"default/default/default/w#0"}],"id":1}' |
		jq -r '[.result.Containers[] | .metadata.name + " " + .status.state] | join(", ")')" 'side Ready, root Ready'
	assert_equal "$(rpc '{"method":"KukeonX1.ListImages","params":[{"RealmName":"default","After":"'"$IMAGE"'#0"}],"id":1}' |
		jq -c '[.result.Result.Images, .result.Result.Next]')" '[null,""]'
	kuke image get nope "$IMAGE" -o name 2>"$HERE/error" | grep -qx "$IMAGE"
	grep -q '^Error: image "nope" not found in realm "default"' "$HERE/error"
	rm "$HERE/error"
	quiet kuke delete cell w --timeout 1s
}

@test "several are stopped and deleted together: all have the signal before one has ended" {
	local name
	local -r deaf='trap "echo term" TERM; echo up; while :; do sleep 0.1; done'

	for name in a b c; do
		run_cell $name "$deaf"
	done
	up() { [ "$(logs a) $(logs b) $(logs c)" = "up up up" ]; }
	wait_for 400 up
	quiet kuke stop cells a nope b c --timeout 600s >"$HERE/stopped" 2>&1 &
	local stop=$!
	signalled() { logs a | grep -q term && logs b | grep -q term && logs c | grep -q term; }
	wait_for 400 signalled
	# Not one of them has ended yet.
	assert [ ! -s "$HERE/stopped" ]
	quiet kuke kill cell a b c
	refute wait "$stop"
	cat "$HERE/stopped"
	assert_equal "$(grep -c '^Stopped' "$HERE/stopped")" 3
	grep -q '^Error: cell "nope" not found' "$HERE/stopped"
	# More than are asked for at once.
	for name in $(seq 20); do
		kuke create cell "d$name" >/dev/null
	done
	run kuke delete cells a b c $(seq -f d%g 20)
	assert_success
	assert_lines 23
	assert_line --index 0 'Deleted cell "a" from stack "default"'
	assert_line --index 22 'Deleted cell "d20" from stack "default"'
	rm "$HERE/stopped"
}

@test "a list larger than a reply: upstream's method names the largest, get shows it all" {
	local data=$INSTANCE_RUN_PATH/data/default/default i

	# Records as an older version, or somebody with an editor, may have left them.
	for i in 1 2 3 4 5; do
		mkdir "$data/big$i"
		jq --arg n "big$i" --rawfile fill <(zeros $((15000000 + i * 1000))) \
			'.metadata.name = $n | .spec.id = $n | .metadata.labels.fill = $fill' \
			"$data/default/metadata.json" >"$data/big$i/metadata.json"
	done
	run rpc '{"method":"KukeonV1.ListStacks","params":[{}],"id":1}'
	echo "${output:0:2000}"
	assert_like "$output" '{"id":1,"result":{"Stacks":null,"Err":{"Kind":"Unknown","Message":"the list of stacks is larger than 67108864 bytes, which a reply can have; kuke get reads it in pages; the largest are default/default/big5 (' ... ' bytes), default/default/big4 (' ... ' bytes), default/default/big3 (' ... ' bytes)"}},"error":null}'
	# Others are not the worse for it.
	assert_equal "$(rpc '{"method":"KukeonV1.ListStacks","params":[{"RealmName":"kuke-system"}],"id":1}' | jq -r '.result.Stacks[].metadata.name')" kukeon
	assert_equal "$(kuke get stacks -o name | xargs)" 'big1 big2 big3 big4 big5 default kukeon'
	assert_equal "$(kuke get stacks | wc -l)" 9
	kuke get stacks -o json >"$HERE/all.json"
	assert [ "$(stat -c %s "$HERE/all.json")" -gt 75000000 ]
	assert_equal "$(jq -r '.[].metadata.labels.fill | length' "$HERE/all.json" | head -n 5 | xargs)" '15001000 15002000 15003000 15004000 15005000'
	quiet kuke delete stacks big1 big2 big3 big4 big5
	rm "$HERE/all.json"
}

# calls KUKE-ARG…: how many system calls the engine of that kuke makes.
calls()
{
	quiet traced_engine "$HERE/calls" -f -c -- --no-daemon "$@" >/dev/null
	awk '$NF == "total" { print $4 }' "$HERE/calls"
}

# cells FROM TO: they run.
cells()
{
	local i

	for i in $(seq "$1" "$2"); do
		echo ---
		cell_doc "n$i" "$IDLE"
	done | quiet kuke apply -f - >/dev/null
}

# spoil CELL FILE TEXT: what a file of it has instead; unspoil puts everything back.
spoil()
{
	[ ! -e "$2" ] || cp --preserve=all "$2" "$HERE/spoilt.$1"
	echo "$1 $2" >>"$HERE/spoilt"
	mkdir -p "${2%/*}"
	printf %s "$3" >"$2"
}

unspoil()
{
	local cell file

	while read -r cell file; do
		rm -f "$file"
		[ ! -e "$HERE/spoilt.$cell" ] || mv "$HERE/spoilt.$cell" "$file"
	done <"$HERE/spoilt"
	rm "$HERE/spoilt"
}

# What a list says of a cell is what the cell by itself is said to be.
as_alone()
{
	local name

	kuke get cells --no-daemon -o json >"$HERE/list"
	for name in $(seq -f n%g 20); do
		diff <(jq -S --arg n "$name" '.[] | select(.metadata.name == $n)' "$HERE/list") \
			<(kuke get cell "$name" --no-daemon -o json | jq -S .) || return
	done
}

is_listed()
{
	assert_equal "$(jq -r --arg n "$1" '.[] | select(.metadata.name == $n)
		| [.status.state, .status.reason // "", (.status.cgroupReady // false | tostring)]
		| join(" ")' \
		"$HERE/list")" "$2"
}

# are_listed NAME…: with the state in $1.
are_listed()
{
	local want=$1 name

	shift
	for name; do
		is_listed "$name" "$want" || return
	done
}

# Under held, where only what it returns counts.
spoil_all()
{
	local data=$INSTANCE_RUN_PATH/data/default/default/default run=$INSTANCE/run
	local key=default_default_default name ended

	as_alone && are_listed 'Ready  true' n1 n2 n12 || return
	jq '.metadata.labels.new = "yes"' "$data/n3/metadata.json" >"$HERE/edited"
	spoil n2 "$data/n2/metadata.json" ''
	spoil n3 "$data/n3/metadata.json" "$(cat "$HERE/edited")"
	spoil n4 "$data/n4/metadata.json" "$(cat "$HERE/edited")"
	setfattr -x trusted.kukeon.crc32c "$data/n3/metadata.json" || return
	spoil n6 "$data/n6/main/labels.json" '{'
	spoil n7 "$INSTANCE_RUN_PATH/locks/default/default/default/n7/.intent" '{'
	spoil n8 "$run/intents/default/default/default/n8/.intent" '{'
	spoil n9 "$run/stops/${key}_n9" '{'
	spoil n10 "$run/restarts/${key}_n10" '{'
	spoil n11 "$run/cells/default/default/default/n11/run.json" '{'
	inst kill -KILL "$(monitor_of n12)"
	ended=$(monitor_of n13)
	inst kill -KILL "$(init_of n13)"
	wait_for 200 pid_gone "$ended" || return
	rmdir "$(group_dir n20)" || return # it has ended
	as_alone || return
	are_listed 'Ready  true' n1 n3 n12 && are_listed 'Stopped  false' n20 || return
	assert_equal "$(kuke get cells --no-daemon -l new=yes -o name)" n3 || return
	are_listed 'Unknown MetadataUnreadable true' n2 n4 &&
		are_listed 'Unknown StateUnreadable true' n6 n7 n8 n9 n10 n11 || return
	kuke get cells --no-daemon >"$HERE/table"
	assert_equal "$(awk '$5 == "Unknown" { print $1 }' "$HERE/table" | xargs)" \
		'n10 n11 n2 n4 n6 n7 n8 n9' || return
	unspoil
	rm -r "$run/intents"
	mkdir "$(dirname "$(group_dir n1)")/n20"
	as_alone && are_listed 'Ready  true' n2 n4 n8 n11 && are_listed 'Stopped  true' n20
}

@test "a list costs few system calls a cell, and tells what was damaged, edited, killed or removed" {
	local i what before=() after=() lists=("get cells" "get containers" "get cells -o json")

	cells 1 10
	for what in "${lists[@]}"; do
		# shellcheck disable=SC2086
		before+=("$(calls $what)")
	done
	cells 11 20
	for what in "${lists[@]}"; do
		# shellcheck disable=SC2086
		after+=("$(calls $what)")
	done
	# Version 2 of cgroups has two files that tell of freezing, and one of controllers.
	for i in 0 1 2; do
		echo "${lists[i]}: ${before[i]} with 10 cells, ${after[i]} with 20"
		assert [ $(((after[i] - before[i]) / 10)) -le $((i == 2 ? 31 : 28)) ]
	done
	quiet kuke stop cell n20 >/dev/null
	held spoil_all
	quiet kuke delete cells $(seq -f n%g 20) >/dev/null
	rm -f "$HERE"/{list,table,edited,calls}
	rm -rf "$HERE/traced"
}
