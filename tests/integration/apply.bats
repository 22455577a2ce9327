#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# apply, delete -f and run: what they say and what they do.

load ../helpers/suite

# By events only: a timer pass would fall between two looks at all there is.
setup_file()
{
	suite_start 'reconcileInterval: 0s'
}

setup()
{
	suite_snapshot
	doc=$INSTANCE/home/doc.yaml
}

apply()
{
	quiet kuke apply -f "$doc"
}

@test "created, unchanged, in the order of kinds; deleted in the reverse" {
	{
		cell_doc c "$IDLE" | sed 's/default/r1/'
		printf -- '---\napiVersion: v1beta1\nkind: Stack\nmetadata: {name: default}\nspec: {realmId: r1, spaceId: default}\n'
		printf -- '---\nkind: Realm\nmetadata: {name: r1}\n'
		printf -- '---\nkind: Space\nmetadata: {name: default}\nspec: {realmId: r1}\n'
	} >"$doc"
	IN="r1 default default" cell_doc c "$IDLE" | cat - <(sed -n '/^---/,$p' "$doc") >"$doc.2"
	mv "$doc.2" "$doc"
	sed -i 's/^kind: Cell/&/' "$doc"
	run apply
	assert_failure 1
	# Without the image in the new realm the cell fails, and says so.
	assert_line --index 0 'Realm "r1": created'
	assert_line --index 1 'Space "default": created'
	assert_line --index 2 'Stack "default": created'
	assert_line --index 3 'Cell "c": failed'
	assert_like "${lines[4]}" '  Error: ' ...
	assert_equal "${lines[-1]}" 'Error: config error: some resources failed to apply'
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/b.tar"
	quiet kuke image load --realm r1 "$INSTANCE/home/b.tar"
	run apply
	assert_success
	assert_line --index 0 'Realm "r1": unchanged'
	assert_line --index 3 'Cell "c": updated'
	run apply
	assert_output $'Realm "r1": unchanged\nSpace "default": unchanged\nStack "default": unchanged\nCell "c": unchanged'
	run quiet kuke delete -f "$doc" --cascade
	assert_success
	assert_line --index 0 'Cell "c": deleted'
	assert_line --index 1 '  - containers: 1 deleted'
	assert_line --index 2 'Stack "default": deleted'
	assert_line --index 3 'Space "default": deleted'
	assert_line --index 4 'Realm "r1": deleted'
	run quiet kuke delete -f "$doc"
	assert_success
	assert_equal "$(grep -c ': not found$' <<<"$output")" 4
	rm -f "$INSTANCE/home/b.tar"
}

@test "missing parents are made on the way" {
	printf 'kind: Stack\nmetadata: {name: t}\nspec: {realmId: rr, spaceId: ss}\n' >"$doc"
	run apply
	assert_output 'Stack "t": created'
	assert_equal "$(kuke get space ss --realm rr -o json | jq -r .status.state)" Ready
	kuke delete realm rr --cascade
}

@test "data/examples apply twice: created, then unchanged" {
	local f
	for f in "${top_srcdir:?}"/data/examples/*.yaml; do
		run quiet kuke apply -f "$f"
		assert_success
		refute grep -v ': created$' <<<"$output"
		run quiet kuke apply -f "$f"
		assert_success
		refute grep -v ': unchanged$' <<<"$output"
		quiet kuke delete -f "$f" --cascade
	done
}

@test "the two cells of the example find each other" {
	quiet kuke apply -f "${top_srcdir:?}/data/examples/two-cells.yaml"
	wait_for 400 log_has client '^served by server$' fetch
	wait_for 400 log_has server '^served by server$' probe
	quiet kuke delete -f "${top_srcdir:?}/data/examples/two-cells.yaml"
}

@test "labels change in place: the process stays" {
	cell_doc c "$IDLE" >"$doc"
	apply
	local pid
	pid=$(init_of c)
	sed -i 's/^  name: c/&\n  labels: {x: y}/' "$doc"
	run apply
	assert_output $'Cell "c": updated\n  - metadata.labels'
	assert_equal "$(init_of c)" "$pid"
	assert_equal "$(cell_value c .metadata.labels.x)" y
	kuke delete cell c
}

@test "image and command recreate that container only; the log and the others stay" {
	{ cell_doc c "$IDLE"; container side "$IDLE"; } >"$doc"
	apply
	local main side
	main=$(init_of c)
	side=$(init_of c side)
	inst touch "/proc/$main/root/mark"
	sed -i '0,/echo up/s//echo again; ls \/mark/' "$doc"
	run apply
	assert_output $'Cell "c": updated\n  - container "main" updated: args'
	assert_equal "$(init_of c side)" "$side"
	assert_not_equal "$(init_of c)" "$main"
	wait_for 200 log_has c again
	# A recreated container has a fresh root file system.
	wait_for 200 log_has c 'No such file'
	run apply
	assert_output 'Cell "c": unchanged'
	kuke delete cell c
}

@test "containers that are added are started, removed ones are gone" {
	cell_doc c "$IDLE" >"$doc"
	apply
	local main
	main=$(init_of c)
	container side "$IDLE" >>"$doc"
	run apply
	assert_output $'Cell "c": updated\n  - container "side" added'
	wait_for 200 log_has c up side
	assert_equal "$(init_of c)" "$main"
	cell_doc c "$IDLE" >"$doc"
	run apply
	assert_output $'Cell "c": updated\n  - container "side" removed'
	refute monitor_of c side
	assert_equal "$(init_of c)" "$main"
	assert [ ! -e "$(cell_dir c)/side" ]
	kuke delete cell c
}

@test "a stopped cell is started by apply" {
	cell_doc c "$IDLE" >"$doc"
	apply
	quiet kuke stop cell c
	run apply
	assert_line --index 0 'Cell "c": updated'
	assert_line --index 1 '  - runtime stopped: containers re-materialized'
	assert_line --index 2 '  - container "main" re-materialized'
	is_cell_state c Ready
	kuke delete cell c
}

@test "what cannot change is refused" {
	printf 'kind: Realm\nmetadata: {name: r1}\n' >"$doc"
	apply
	printf 'kind: Realm\nmetadata: {name: r1}\nspec: {namespace: other}\n' >"$doc"
	run apply
	assert_failure 1
	assert_line --index 0 'Realm "r1": failed'
	assert_line --index 1 '  Error: realm "r1" has breaking changes: [spec.namespace]. Delete the realm and recreate it with the new spec'
	kuke delete realm r1
}

@test "one bad document: all are refused, nothing is applied" {
	printf 'kind: Realm\nmetadata: {name: good}\n---\nkind: Cell\nmetadata: {name: c}\nspec: {}\n---\nkind: Foo\n' >"$doc"
	run apply
	assert_failure 1
	assert_line --index 0 'Error: validation failed:'
	assert_line --index 1 '  document 1 (Cell "c"): spec.realmId is required'
	assert_line --index 2 '  document 2 (): document 2: unknown kind: Foo'
	refute kuke get realm good
}

@test "names that are none: _, /, .., too long, our own" {
	local name
	for name in a_b a/b .. . .x metadata.json "$(printf 'x%.0s' {1..64})"; do
		run kuke create realm "$name"
		assert_failure 1
		assert_equal "$(wc -l <<<"$output")" 1
		cell_doc "$name" true >"$doc"
		run apply
		assert_failure 1
	done
	run kuke create realm a_b
	assert_output "Error: realm name is invalid: \"a_b\" contains disallowed character (must not contain '_' or '/')"
	run kuke create cell a/b
	assert_output "Error: name is invalid: cell name \"a/b\" contains disallowed character (must not contain '_' or '/')"
}

@test "run: again is nothing, another spec is refused" {
	cell_doc c "$IDLE" >"$doc"
	quiet kuke run -d -f "$doc"
	run quiet kuke run -d -f "$doc"
	assert_success
	assert_like "$output" ... 'metadata: already existed' ... 'containers: not started' ...
	sed -i 's/echo up/echo other/' "$doc"
	run quiet kuke run -d -f "$doc"
	assert_failure 1
	assert_output 'Error: cell "c" exists with diverging spec (spec.containers["main"].args); use `kuke apply -f` to update'
	kuke delete cell c
}

@test "run without -d creates the cell, then says what is missing" {
	cell_doc c "$IDLE" >"$doc"
	run quiet kuke run -f "$doc"
	assert_failure 1
	assert_output --partial 'Error: no attachable container in cell (cell "c"); declare '
	is_cell_state c Ready
	kuke delete cell c
}

@test "delete: children are kept without --cascade, gone with it" {
	quiet kuke create realm r1
	quiet kuke create space s1 --realm r1
	quiet kuke create stack t1 --realm r1 --space s1
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/b.tar"
	quiet kuke image load --realm r1 "$INSTANCE/home/b.tar"
	IN="r1 s1 t1" run_cell c "$IDLE"
	run kuke delete realm r1
	assert_failure 1
	assert_output 'Error: failed to delete realm: resource has child resources: realm "r1" has 1 space(s). Use --cascade to delete them or --force to skip validation'
	run kuke delete stack t1 --realm r1 --space s1
	assert_failure 1
	assert_output --partial 'stack "t1" has 1 cell(s)'
	IN="r1 s1 t1" is_cell_state c Ready
	run quiet kuke delete realm r1 --cascade
	assert_output 'Deleted realm "r1"'
	assert [ ! -e "$INSTANCE_RUN_PATH/namespaces/r1.$INSTANCE_NS_SUFFIX" ]
	rm "$INSTANCE/home/b.tar"
}

@test "in process, without the daemon, the same" {
	cell_doc c "$IDLE" >"$doc"
	run quiet kuke --no-daemon apply -f "$doc"
	assert_output 'Cell "c": created'
	run apply
	assert_output 'Cell "c": unchanged'
	quiet kuke --no-daemon stop cell c
	assert_equal "$(cell_state c)" Stopped
	quiet kuke --no-daemon start cell c
	quiet kuke --no-daemon delete cell c
}

# All that an apply or a deletion could leave a trace in. (wake/ is written by
# monitors and emptied by passes, and the daemon logs, whenever.)
traces()
{
	find "$INSTANCE" -path "$INSTANCE/home" -prune -o -path '*/kukeond/log*' -prune -o \
		-path '*_kukeond/std*' -prune -o -path "$INSTANCE/run/wake" -prune -o \
		-printf '%p %y %m %s %T@ %l\n' | sort
	find_cgroups '' -type d
	inst ip -o link | sed 's/<[^>]*>//; s/ state [A-Z]*//' # a bridge loses its carrier late
	inst pgrep -a kukeshim
}

same_traces()
{
	local before

	wait_for 200 daemon_idle "$(kukeond_pid)" # what came before may still be at it
	before=$(traces)
	run quiet kuke "$@"
	assert_success || return
	diff <(echo "$before") <(traces)
}

@test "--dry-run: the plan is what happens, and nothing is touched" {
	local plan
	{
		printf 'kind: Realm\nmetadata: {name: r1}\n---\nkind: Space\nmetadata: {name: s1}\nspec: {realmId: r2}\n---\n'
		cell_doc c "$IDLE"
		printf -- '---\nkind: Container\nmetadata: {name: side}\nspec: {realmId: default, spaceId: default, stackId: default, cellId: c, image: %s, command: sleep, args: ["1000"]}\n' "$IMAGE"
		printf -- '---\nkind: Container\nmetadata: {name: x}\nspec: {realmId: default, spaceId: default, stackId: default, cellId: nowhere, image: x}\n'
	} >"$doc"
	same_traces apply --dry-run -f "$doc"
	refute grep -v -e ' (dry run)$' -e '^  Error: ' <<<"$output"
	plan=${output// (dry run)/}
	run apply
	assert_failure 1
	assert_output "$plan"$'\nError: config error: some resources failed to apply'
	same_traces --no-daemon apply --dry-run -f "$doc"
	assert_equal "$(grep -c ': unchanged (dry run)$' <<<"$output")" 4
	# One container in place, one anew, one gone.
	sed -i 's/echo up/echo again/; s/name: r1/&, labels: {a: b}/; s/"1000"/"1001"/' "$doc"
	same_traces apply --dry-run -f "$doc" -o json
	plan=$output
	run quiet kuke apply -f "$doc" -o json
	assert_equal "${output%Error: config error*}" "$plan"
	quiet kuke stop cell c
	same_traces apply --dry-run -f "$doc"
	assert_like "$output" ... 'Cell "c": updated (dry run)' ... '  - runtime stopped: containers re-materialized (dry run)' ...
	# Deleting: with what else goes in the same file.
	same_traces delete --dry-run -f "$doc"
	refute grep -v ' (dry run)$' <<<"$output"
	plan=${output// (dry run)/}
	run quiet kuke delete -f "$doc"
	assert_output "$plan"
	assert_equal "$(grep -c 'Container "x": not found' <<<"$plan")" 1
	same_traces delete --dry-run -f "$doc"
	assert_equal "$(grep -c ': not found (dry run)$' <<<"$output")" 5
	quiet kuke create space s2 --realm r2
	same_traces delete realm r2 --dry-run --cascade
	assert_output 'Deleted realm "r2" (dry run)'
	run kuke delete realm r2 --dry-run
	assert_failure 1
	assert_output 'Error: failed to delete realm: resource has child resources: realm "r2" has 1 space(s). Use --cascade to delete them or --force to skip validation'
	quiet kuke delete realm r2 --cascade
	run kuke delete cell nowhere --dry-run
	assert_failure 1
}

@test "--dry-run: what cannot change is said, a bad stream is refused" {
	printf 'kind: Realm\nmetadata: {name: default}\nspec: {namespace: other}\n' >"$doc"
	same_traces apply --dry-run -f "$doc"
	assert_line --index 0 'Realm "default": failed (dry run)'
	assert_like "${lines[1]}" '  Error: realm "default" has breaking changes: [spec.namespace].' ...
	printf 'kind: Realm\nmetadata: {}\n' >"$doc"
	run kuke apply --dry-run -f "$doc"
	assert_failure 1
}

# foretold WORDS…: of $doc, a dry run says the very lines that the apply then says.
foretold()
{
	local plan

	same_traces apply --dry-run -f "$doc"
	plan=${output// (dry run)/}
	run apply
	assert_failure 1
	assert_output "$plan"$'\nError: config error: some resources failed to apply'
	assert_output --partial "$1"
}

@test "--dry-run refuses what apply refuses: by the image" {
	local init
	# A new cell is made and Failed, so that of two documents the second finds it down.
	{
		cell_doc c "$IDLE" 'user: ghost'
		printf -- '---\nkind: Container\nmetadata: {name: side}\nspec: {realmId: default, spaceId: default, stackId: default, cellId: c, image: %s, user: ghost}\n' "$IMAGE"
	} >"$doc"
	foretold $'Cell "c": failed\n  Error: failed to start container default_default_c_main: user \'ghost\': no such user in the image\'s /etc/passwd\nContainer "side": created'
	foretold $'Cell "c": failed\n  Error: failed to re-materialize cell: '
	cell_doc c "$IDLE" 'user: "0"' >"$doc"
	quiet kuke apply -f "$doc"
	init=$(init_of c)
	cell_doc c "$IDLE" 'user: ghost' >"$doc"
	foretold "user 'ghost'"
	cell_doc c "$IDLE" 'root: true' >"$doc.root"
	{
		cell_doc c "$IDLE" 'user: "0"'
		container side "$IDLE" 'workingDir: /proc/self/fd/8'
	} >"$doc"
	foretold "bad working directory"
	printf 'kind: Container\nmetadata: {name: side}\nspec: {realmId: default, spaceId: default, stackId: default, cellId: c, image: %s, user: "0:ghosts"}\n' "$IMAGE" >"$doc"
	foretold "no such group"
	assert_equal "$(init_of c)" "$init"
	# What would be pulled first cannot be judged.
	cell_doc d "$IDLE" 'user: ghost' | sed 's|image: .*|image: docker.io/library/nowhere:1|' >"$doc"
	same_traces apply --dry-run -f "$doc"
	assert_output 'Cell "d": created (dry run)'
	kuke delete cell c
	rm "$doc.root"
}

@test "--dry-run refuses what apply refuses: by what else there is, and what stands before it in the file" {
	{
		cell_doc a "$IDLE" | sed 's/  id: a$/  id: x/'
		printf -- '---\n'
		cell_doc b "$IDLE" | sed 's/  id: b$/  id: x/'
		printf -- '---\n'
		cell_doc x "$IDLE"
	} >"$doc"
	foretold 'spec.id "x" is already used by cell "a" in the same stack'
	assert_equal "$(grep -c 'already used by cell "a"' <<<"$output")" 2
	cell_doc b "$IDLE" | sed 's/  id: b$/  id: a/' >"$doc"
	foretold 'spec.id "a" is already used by cell "a"'
	kuke delete cell a
	# Realms and spaces: what a name, a namespace and a bridge stand for is one's own.
	{
		printf 'kind: Realm\nmetadata: {name: r1}\nspec: {namespace: %s}\n' \
			"$(kuke get realm default -o json | jq -r .spec.namespace)"
		printf -- '---\nkind: Realm\nmetadata: {name: r2}\nspec: {namespace: one}\n'
		printf -- '---\nkind: Realm\nmetadata: {name: r3}\nspec: {namespace: one}\n'
		printf -- '---\nkind: Space\nmetadata: {name: a-b}\nspec: {realmId: r2}\n'
		printf -- '---\nkind: Space\nmetadata: {name: b}\nspec: {realmId: r2-a}\n'
		printf -- '---\nkind: Stack\nmetadata: {name: t}\nspec: {realmId: r2-a, spaceId: b}\n'
	} >"$doc"
	foretold 'namespace "one" belongs to realm "r2"'
	assert_like "$output" ... 'namespace "default.' ... '" belongs to realm "default"' ...
	assert_equal "$(grep -c 'would share bridge' <<<"$output")" 2
	foretold 'would share bridge'
	kuke delete realm r2 --cascade
	kuke delete realm r2-a --cascade
}

@test "--dry-run refuses what apply refuses: by the host" {
	local refused
	for refused in \
		"source volumes: [{kind: bind, source: /nowhere, target: /mnt}]" \
		"/nowhere secrets: [{name: s, fromFile: /nowhere}]" \
		"/nowhere.json securityOpts: [seccomp=/nowhere.json]"; do
		cell_doc c "$IDLE" "${refused#* }" >"$doc"
		foretold "${refused%% *}"
		run kuke get cell c
		assert_failure
	done
	# With what a space gives, that is only planned yet.
	{
		printf 'kind: Space\nmetadata: {name: s1}\nspec: {realmId: default, defaults: {container: {tmpfs: [{path: /mnt}]}}}\n---\n'
		IN='default s1 t1' cell_doc c "$IDLE" 'volumes: [{kind: bind, source: /proc, target: /mnt}]'
	} >"$doc"
	foretold 'two mounts at the same place'
	kuke delete space s1 --cascade
}

@test "a cell and documents of its containers in one file: unchanged the second time" {
	{
		cell_doc c "$IDLE"
		printf -- '---\nkind: Container\nmetadata: {name: side, labels: {a: b}}\nspec: {realmId: default, spaceId: default, stackId: default, cellId: c, image: %s, command: sh, args: [-c, %s]}\n' \
			"$IMAGE" "$(jq -n --arg s "$IDLE" '$s')"
	} >"$doc"
	run apply
	assert_output $'Cell "c": created\nContainer "side": created'
	local pid
	pid=$(init_of c side)
	run apply
	assert_output $'Cell "c": unchanged\nContainer "side": unchanged'
	sed -i 's/a: b/a: c/' "$doc"
	run apply
	assert_output $'Cell "c": unchanged\nContainer "side": updated\n  - metadata.labels'
	assert_equal "$(init_of c side)" "$pid"
	assert_equal "$(container_value c side .metadata.labels.a)" c
	kuke delete cell c
}

@test "a recreate that fails: Failed, the new spec is stored, the old container gone; the next apply starts it" {
	cell_doc c "$IDLE" >"$doc"
	apply
	local pid created
	pid=$(init_of c)
	created=$(cell_value c .status.createdAt)
	sed -i 's/command: sh/command: nowhere/' "$doc"
	run apply
	assert_failure 1
	assert_line --index 0 'Cell "c": failed'
	assert_like "${lines[1]}" '  Error: failed to update cell: failed to start recreated container "main": ' ... nowhere ...
	pid_gone "$pid"
	assert_equal "$(cell_value c '.status.state + " " + .status.reason')" "Failed StartContainerFailed"
	assert_equal "$(cell_value c '.spec.containers[0].command')" nowhere
	run apply
	assert_failure 1
	assert_like "${lines[1]}" '  Error: failed to re-materialize cell: ' ...
	sed -i 's/command: nowhere/command: sh/' "$doc"
	run apply
	assert_line --index 0 'Cell "c": updated'
	is_cell_state c Ready
	assert_equal "$(cell_value c .status.createdAt)" "$created"
	run apply
	assert_output 'Cell "c": unchanged'
	kuke delete cell c
}

@test "an image that is not there changes nothing" {
	cell_doc c "$IDLE" >"$doc"
	apply
	local pid spec
	pid=$(init_of c)
	spec=$(cell_value c .spec)
	sed -i 's|image: .*|image: docker.io/library/nowhere:1|' "$doc"
	run apply
	assert_failure 1
	assert_like "${lines[1]}" '  Error: ' ... 'docker.io/library/nowhere:1' ...
	assert_equal "$(init_of c)" "$pid"
	assert_equal "$(cell_value c .spec)" "$spec"
	is_cell_state c Ready
	kuke delete cell c
}

@test "a cell that is made anew and does not start is Failed; the next apply starts it" {
	cell_doc c "$IDLE" 'root: true' >"$doc"
	apply
	sed -i 's/command: sh/command: nowhere/' "$doc"
	run apply
	assert_failure 1
	assert_like "${lines[1]}" '  Error: failed to recreate cell: ' ... nowhere ...
	assert_equal "$(cell_value c '.status.state + " " + .status.reason')" "Failed StartCellFailed"
	sed -i 's/command: nowhere/command: sh/' "$doc"
	run apply
	assert_line --index 0 'Cell "c": updated'
	run apply
	assert_output 'Cell "c": unchanged'
	kuke delete cell c
}

@test "passwords: unchanged, also as they are printed; another one is a change" {
	printf 'kind: Realm\nmetadata: {name: r1}\nspec: {registryCredentials: [{username: u, password: p, serverAddress: s}]}\n' >"$doc"
	apply
	run apply
	assert_output 'Realm "r1": unchanged'
	kuke get realm r1 -o yaml >"$doc.2"
	grep -q 'password: .*\*\*\*\*' "$doc.2"
	run quiet kuke apply -f "$doc.2"
	assert_output 'Realm "r1": unchanged'
	sed -i 's/password: p/password: q/' "$doc"
	run apply
	assert_output $'Realm "r1": updated\n  - spec.registryCredentials'
	run apply
	assert_output 'Realm "r1": unchanged'
	kuke delete realm r1
	rm "$doc.2"
}

forget_start()
{
	jq '(.status.containers[] | select(.name == "main")) |= {name, id, state: "Pending"}' \
		"$(cell_dir c)/metadata.json" >"$doc.2"
	cp --remove-destination "$doc.2" "$(cell_dir c)/metadata.json"
	rm "$doc.2"
	rm -rf "$INSTANCE_RUN_PATH/namespaces/default.$INSTANCE_NS_SUFFIX/containers/default_default_c_main" \
		"$INSTANCE/run/containers/default.$INSTANCE_NS_SUFFIX/default_default_c_main"
}

@test "killed between storing and starting: the next apply starts what never ran" {
	{ cell_doc c "$IDLE"; container side "$IDLE"; } >"$doc"
	apply
	local side
	side=$(init_of c side)
	# As an apply leaves it: the container's record gone, the new document there.
	quiet kuke stop container main --cell c
	# A pass that comes between would write what it saw.
	held forget_start
	run apply
	assert_output $'Cell "c": updated\n  - container "main" re-materialized'
	assert_equal "$(init_of c side)" "$side"
	assert_not_equal "$(init_of c)" ''
	run apply
	assert_output 'Cell "c": unchanged'
	kuke delete cell c
}

@test "defaults of the space: unchanged for ever, no divergence for run; changed ones take effect" {
	local space=$doc.space
	printf 'kind: Space\nmetadata: {name: s1}\nspec: {realmId: default, defaults: {container: {user: "1000:1000", readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}, securityOpts: [no-new-privileges], tmpfs: [{path: /mnt}], resources: {pidsLimit: 100}}}}\n---\nkind: Stack\nmetadata: {name: t1}\nspec: {realmId: default, spaceId: s1}\n' >"$space"
	quiet kuke apply -f "$space"
	IN="default s1 t1" cell_doc c "$IDLE" >"$doc"
	quiet kuke run -d -f "$doc"
	run quiet kuke run -d -f "$doc"
	assert_success
	run apply
	assert_output 'Cell "c": unchanged'
	sed -i 's/1000:1000/1001:1001/' "$space"
	run quiet kuke apply -f "$space"
	assert_line --index 1 '  - spec.defaults.container'
	run quiet kuke run -d -f "$doc"
	assert_success
	same_traces apply --dry-run -f "$doc"
	assert_output $'Cell "c": updated (dry run)\n  - container "main" updated: user (dry run)'
	run apply
	assert_output $'Cell "c": updated\n  - container "main" updated: user'
	assert_equal "$(inst stat -c %u "/proc/$(inst pgrep -P "$(inst pgrep -f -- '--id=s1_t1_c_main ')" | head -n1)")" 1001
	run apply
	assert_output 'Cell "c": unchanged'
	# What the file says itself is compared.
	IN="default s1 t1" cell_doc c "$IDLE" 'user: "7:7"' >"$doc"
	run quiet kuke run -d -f "$doc"
	assert_output 'Error: cell "c" exists with diverging spec (spec.containers["main"].user); use `kuke apply -f` to update'
	kuke delete space s1 --cascade
	rm "$space"
}
