#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kuke run -p: profiles are found, filled in, made a cell, and completed.

load ../helpers/suite

setup_file()
{
	suite_start
	mkdir -p "$INSTANCE/home/.kuke/profiles.d"
}

setup()
{
	suite_snapshot
	dir=$INSTANCE/home/.kuke/profiles.d
	rm -rf "$dir"
	mkdir "$dir"
}

# profile NAME [FILE]: says its parameters, then idles.
profile()
{
	cat >"$dir/${2:-$1.yaml}" <<-END
		apiVersion: v1beta1
		kind: CellProfile
		metadata:
		  name: $1
		  labels: {team: "\${TEAM}"}
		spec:
		  prefix: ${prefix:-}
		  parameters:
		    - {name: TEAM, required: true}
		    - {name: COLOUR, default: red}
		    - {name: EMPTY, default: ""}
		    - {name: HOST_VALUE}
		  cell:
		    containers:
		      - id: main
		        image: $IMAGE
		        command: sh
		        args: [-c, "trap 'exit 0' TERM; echo up; sleep 1000 & wait"]
		        env: ["SAID=\${TEAM}/\${COLOUR}/\${EMPTY}/\${HOST_VALUE}"]
	END
}

# What the container's first process was given.
env_of()
{
	inst cat "/proc/$(init_of "$1")/environ" | tr '\0' '\n' | sed -n "s/^$2=//p"
}

run_p()
{
	quiet kuke run -d "$@"
}

@test "the cell: parameters, generated names, labels, identity" {
	profile agent
	prefix=ag profile other
	run run_p -p agent --param TEAM=blue
	assert_success
	assert_regex "${lines[0]}" '^Cell "(agent-[0-9a-f]{6})" \(realm "default", space "default", stack "default"\)$'
	local one=${BASH_REMATCH[1]} two
	assert_equal "$(env_of "$one" SAID)" blue/red//
	assert_equal "$(env_of "$one" KUKEON_CELL_PROFILE_NAME)" agent
	assert_equal "$(cell_value "$one" '.metadata.labels | ."kukeon.io/profile" + " " + .team')" "agent blue"
	assert_equal "$(cell_value "$one" .metadata.labels.\"cell.kukeon.io\")" "$one"
	assert_equal "$(cell_value "$one" .spec.id)" "$one"
	# A new cell each time; scripts get its name.
	two=$(run_p -p other --param TEAM=x -o json | jq -r .cell.name)
	assert_regex "$two" '^ag-[0-9a-f]{6}$'
	is_cell_state "$two" Ready
	quiet kuke delete cell "$one"
	quiet kuke delete cell "$two"
}

@test "values: --param, then --param-file, then the default, then the environment" {
	profile agent
	printf '# values\nTEAM=file\r\n\nCOLOUR = of the file \n' >"$INSTANCE/home/params"
	HOST_VALUE=env COLOUR=env run_p -p agent --name c --param TEAM=a,b=c \
		--param-file "$INSTANCE/home/params"
	assert_equal "$(env_of c SAID)" 'a,b=c/ of the file //env'
	quiet kuke delete cell c
	COLOUR=env EMPTY=env TEAM=env run_p -p agent --name c
	assert_equal "$(env_of c SAID)" env/red//
	quiet kuke delete cell c
	# An empty variable counts as unset.
	run inst env TEAM= "$INSTANCE_BINDIR/kuke" run -d -p agent
	assert_output "$(required TEAM)"
	rm "$INSTANCE/home/params"
}

required()
{
	echo "Error: profile \"agent\": required parameter \"$1\" is not set (provide --param $1=... or declare a spec.parameters[].default): profile is invalid"
}

@test "--name: that cell; again is nothing, another value is refused" {
	profile agent
	run_p -p agent --name c --param TEAM=blue
	run run_p -p agent --name ' c ' --param TEAM=blue
	assert_success
	assert_like "$output" ... 'metadata: already existed' ... 'containers: not started' ...
	run run_p -p agent --name c --param TEAM=green
	assert_output 'Error: cell "c" exists with diverging spec (spec.containers["main"].env); use `kuke apply -f` to update'
	quiet kuke delete cell c
}

@test "flags fill the location, the profile's own wins; --rm" {
	quiet kuke create space s1
	quiet kuke create stack t1 --space s1
	profile agent
	run_p -p agent --name c --param TEAM=x --space s1 --stack t1
	IN="default s1 t1" is_cell_state c Ready
	quiet kuke delete cell c --space s1 --stack t1
	sed -i 's/^spec:/&\n  space: s1\n  stack: t1/' "$dir/agent.yaml"
	run_p -p agent --name c --param TEAM=x --space nowhere
	IN="default s1 t1" is_cell_state c Ready
	quiet kuke delete space s1 --cascade
}

@test "the way without the daemon" {
	profile agent
	run quiet kuke --no-daemon run -d -p agent --name c --param TEAM=x
	assert_success
	assert_equal "$(env_of c SAID)" x/red//
	quiet kuke delete cell c
}

@test "where profiles are looked up" {
	local other=$INSTANCE/home/other
	profile agent
	mkdir "$other"
	run_p -p agent --name c --param TEAM=x >/dev/null
	quiet kuke delete cell c
	run inst env KUKE_PROFILES_DIR=" $other " "$INSTANCE_BINDIR/kuke" run -d -p agent
	assert_output "Error: profile \"agent\" not found in $other: profile not found"
	assert_failure 1
	# The file's name does not matter, and what does not load is passed over.
	mv "$dir/agent.yaml" "$dir/z.yml"
	echo 'a: [' >"$dir/a.yaml"
	run_p -p agent --name c --param TEAM=x >/dev/null
	quiet kuke delete cell c
	run run_p -p a
	assert_failure 1
	assert_like "$output" "Error: parse profile \"$dir/a.yaml\": profile is invalid: yaml: " ...
	run run_p -p ''
	assert_output 'Error: profile is invalid: empty name'
	rmdir "$other"
}

@test "what is wrong is one line, exit 1, and no cell" {
	profile agent
	local bad=$dir/bad.yaml
	fails()
	{
		run run_p "${@:2}"
		assert_failure 1
		assert_output "Error: $1"
	}
	run run_p -p agent
	assert_output "$(required TEAM)"
	fails 'profile "agent": --param "NO" is not declared in spec.parameters[]: profile is invalid' \
		-p agent --param NO=1
	fails 'invalid --param "A": want KEY=VALUE: profile is invalid' -p agent --param A
	fails 'invalid --param "1A=2": KEY must match [A-Za-z_][A-Za-z0-9_]*: profile is invalid' \
		-p agent --param 1A=2
	fails 'read --param-file "/nowhere": open /nowhere: no such file or directory' \
		-p agent --param-file /nowhere
	fails 'read --param-file "/etc": read /etc: is a directory' -p agent --param-file /etc
	sed 's/\${COLOUR}/${COLOR}/; s/name: agent/name: bad/' "$dir/agent.yaml" >"$bad"
	fails "profile \"$bad\": references undeclared parameter \"COLOR\" (declare it in spec.parameters[] to fix): profile is invalid" -p bad
	printf 'kind: Cell\nmetadata: {name: bad}\n' >"$bad"
	fails "profile \"$bad\" has kind \"Cell\", want \"CellProfile\": profile is invalid" -p bad
	printf 'kind: CellProfile\nmetadata: {name: bad}\n' >"$bad"
	run run_p -p bad --name c
	assert_output 'Error: document 0 (Cell "c"): spec.containers is required and cannot be empty'
	profile agent
	run run_p -p agent --param TEAM=x --name a_b
	assert_failure 1
	assert_equal "$(kuke get cells -o json | jq '[.[] | select(.spec.realmId == "default")] | length')" 0
}

@test "flags that do not go together" {
	run kuke run
	assert_output 'Error: at least one of the flags in the group [file profile] is required'
	run kuke run -f x -p y
	assert_output 'Error: if any flags in the group [file profile] are set none of the others can be; [file profile] were all set'
	local flag
	for flag in name param param-file; do
		run kuke run -d -f x --$flag y
		assert_output "Error: --$flag is only valid with -p/--profile"
	done
	run kuke --no-daemon run -d -p x --rm
	assert_output 'Error: --rm is incompatible with --no-daemon'
}

@test "unknown keys: a warning with its place, an error with --strict" {
	profile agent
	sed -i 's/prefix:/prefixx:/' "$dir/agent.yaml"
	run run_p -p agent --name c --param TEAM=x
	assert_success
	assert_line --index 0 "warning: $dir/agent.yaml:7:3: unknown field spec.prefixx (did you mean \"prefix\"?)"
	quiet kuke delete cell c
	run run_p -p agent --name c --param TEAM=x --strict
	assert_failure 1
	assert_output "Error: $dir/agent.yaml:7:3: unknown field spec.prefixx (did you mean \"prefix\"?): profile is invalid"
}

@test "completion: names of profiles and of their parameters, the environment is not asked" {
	profile agent
	profile beta zz.yml
	echo 'a: [' >"$dir/broken.yaml"
	run kuke __complete -- run -p ''
	assert_output $'agent\nbeta'
	run kuke __complete -- run --profile b
	assert_output beta
	run kuke __complete -- run -p beta --param ''
	assert_output $'TEAM=\nCOLOUR=\nEMPTY=\nHOST_VALUE='
}

@test "the daemon takes no profile" {
	profile agent
	run kuke apply -f "$dir/agent.yaml"
	assert_failure 1
	assert_output --partial 'unknown kind: CellProfile'
}

@test "the example" {
	cp "${top_srcdir:?}/data/examples/profiles/greeter.yaml" "$dir"
	run_p -p greeter --name hi --param NAME='world; $(exit)'
	wait_for 200 log_has hi '^hello world; \$(exit)$'
	quiet kuke delete cell hi
}
