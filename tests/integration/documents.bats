#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Manifests, configuration files and variables as people write them: several
# files, lists, marks of byte order, nothing at all, words that mean nothing.

load ../helpers/suite

setup()
{
	suite_snapshot
	dir=$INSTANCE/home/docs
	rm -rf "$dir"
	mkdir "$dir"
}

teardown()
{
	rm -rf "$dir"
	suite_check
}

# stack NAME: a small document.
stack()
{
	printf 'apiVersion: v1beta1\nkind: Stack\nmetadata: {name: %s}\nspec: {realmId: default, spaceId: default}\n' "$1"
}

stack_json()
{
	printf '{"kind": "Stack", "metadata": {"name": "%s"}, "spec": {"realmId": "default", "spaceId": "default"}}' "$1"
}

# The stacks that were made by a test, on one line.
stacks()
{
	kuke get stacks -o json | jq -r '[.[].metadata.name | select(startswith("s-"))] | sort | join(" ")'
}

@test "-f: several files in order, a directory by name, lists and arrays; standard input once" {
	mkdir "$dir/d" "$dir/d/deeper.yaml" "$dir/empty"
	stack s-b >"$dir/d/2.yml"
	stack_json s-a >"$dir/d/1.json"
	{ printf '# a licence\n---\n'; stack s-c; printf -- '--- # end\n--- ~\n'; } >"$dir/d/3.yaml"
	stack s-hidden >"$dir/d/.4.yaml"
	stack s-text >"$dir/d/5.txt"
	{ printf 'kind: List\nitems:\n- '; stack s-d | sed '2,$s/^/  /'; } >"$dir/list.yaml"
	run quiet kuke apply -f "$dir/list.yaml" -f "$dir/d" --file - <<<"[$(stack_json s-e), null]"
	assert_success
	assert_output $'Stack "s-d": created\nStack "s-a": created\nStack "s-b": created\nStack "s-c": created\nStack "s-e": created'
	assert_equal "$(stacks)" "s-a s-b s-c s-d s-e"
	# What get prints is a manifest too, and delete takes the same files.
	kuke get stacks -o yaml >"$dir/all.yaml"
	run quiet kuke apply -f "$dir/all.yaml"
	assert_success
	refute_output --regexp 'created|updated'
	run quiet kuke delete -f "$dir/list.yaml" -f "$dir/d" -f - <<<"[$(stack_json s-e)]"
	assert_success
	assert_equal "$(grep -c ': deleted$' <<<"$output")" 5
	assert_equal "$(stacks)" ''
	for verb in apply delete "run -d"; do
		# shellcheck disable=SC2086
		run quiet kuke $verb -f "$dir/empty"
		assert_failure 1
		assert_output "Error: no manifests in directory \"$dir/empty\" (*.yaml, *.yml, *.json)"
		# shellcheck disable=SC2086
		run quiet kuke $verb -f https://example.com/m.yaml
		assert_failure 1
		assert_output "Error: kuke does not fetch manifests: use \`curl -fsSL 'https://example.com/m.yaml' | kuke ${verb% *} -f -\`"
		# shellcheck disable=SC2086
		run quiet kuke $verb -f - -f - </dev/null
		assert_failure 1
		assert_output 'Error: standard input (-f -) can be read only once'
	done
	run quiet kuke apply -f "$dir/empty" -f "$dir/d/2.yml"
	assert_failure 1
	assert_equal "$(stacks)" ''
}

@test "what is wrong with one of several files is told with its name, and nothing is done" {
	stack s-a >"$dir/a.yaml"
	{ stack s-b; printf 'spec: [\n'; } >"$dir/b.yaml"
	run quiet kuke apply -f "$dir/a.yaml" -f "$dir/b.yaml"
	assert_failure 1
	assert_output --partial "document 1 (): document 1: failed to parse kind: yaml: $dir/b.yaml:6:1: "
	{ stack s-b; printf 'sepc: 1\n'; } >"$dir/b.yaml"
	run quiet kuke apply --dry-run -f "$dir/a.yaml" -f "$dir/b.yaml"
	assert_success
	assert_output --partial "warning: $dir/b.yaml:5:1: unknown field sepc (did you mean \"spec\"?)"
	run quiet kuke apply --strict -f "$dir/a.yaml" -f "$dir/b.yaml"
	assert_failure 1
	assert_equal "$(stacks)" ''
}

@test "a mark of byte order, UTF-16, documents of nothing" {
	{ printf '\xef\xbb\xbf'; stack s-a; printf '\xef\xbb\xbf---\n'; stack s-b; } >"$dir/a.yaml"
	{ printf '\xff\xfe'; stack s-c | iconv -f UTF-8 -t UTF-16LE; } >"$dir/b.yaml"
	{ printf '# head\n--- # first\n'; stack s-d; printf -- '...\n'; } >"$dir/c.yaml"
	run quiet kuke apply -f "$dir/a.yaml" -f "$dir/b.yaml" -f "$dir/c.yaml"
	assert_success
	assert_equal "$(stacks)" "s-a s-b s-c s-d"
	run quiet kuke delete -f "$dir/b.yaml" -f "$dir/a.yaml" -f "$dir/c.yaml"
	assert_success
	printf '# nothing\n---\n~\n' >"$dir/d.yaml"
	run quiet kuke apply -f "$dir/d.yaml"
	assert_output 'Error: failed to parse YAML: no documents found in input'
	stack s-a | iconv -f UTF-8 -t UTF-16BE >"$dir/e.yaml"
	run quiet kuke apply -f "$dir/e.yaml"
	assert_failure 1
	assert_output "Error: failed to parse YAML: $dir/e.yaml: the text looks like UTF-16 without a byte order mark: save the file as UTF-8"
	# Both configuration files.
	printf '\xef\xbb\xbfkind: ClientConfiguration\nspec:\n  output: json\n' >"$dir/kuke.yaml"
	kuke --configuration "$dir/kuke.yaml" get realms | jq -e '.[0].metadata.name' >/dev/null
	printf '\xef\xbb\xbfkind: ServerConfiguration\nspec:\n  cgroupRoot: /\n' >"$dir/kukeond.yaml"
	run kuke init --server-configuration "$dir/kukeond.yaml"
	assert_failure 1
	assert_output --partial 'cgroupRoot "/" resolves to root'
}

@test "local tags, times without quotes, securityOpts with blanks" {
	{
		stack s-a
		printf 'extra: !vault abc\nstatus: {createdAt: 2024-01-01, readyAt: 2024-01-01 10:00:00}\n'
	} | sed 's/name: s-a/name: !note s-a/' >"$dir/a.yaml"
	run quiet kuke apply -f "$dir/a.yaml"
	assert_success
	assert_like "$output" ... 'Stack "s-a": created'
	kuke delete stack s-a >/dev/null
	run_cell c 'grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status; sleep 1000' \
		"securityOpts: ['seccomp = Unconfined ', ' no-new-privileges = false']"
	wait_for 200 c_says_two
	assert_equal "$(logs c | tr -s ' \t\n' ' ')" "NoNewPrivs: 0 Seccomp: 0 "
	kuke delete cell c >/dev/null
}

c_says_two()
{
	assert_equal "$(logs c | wc -l)" 2
}

@test "a plain reference to nothing is null" {
	mkdir -p "$INSTANCE/home/.kuke/profiles.d"
	cat >"$INSTANCE/home/.kuke/profiles.d/p.yaml" <<-END
		kind: CellProfile
		metadata: {name: p}
		spec:
		  parameters: [{name: EXTRA}, {name: WORDS}]
		  cell:
		    containers:
		      - id: main
		        image: $IMAGE
		        command: sh
		        args:
		          - -c
		          - 'echo "\$#:\$*"; sleep 1000'
		          - \${EXTRA}
		          - "\${EXTRA}"
		          - \${WORDS}
		        env:
		          - \${EXTRA}
	END
	run quiet kuke run -d -p p --name c --param WORDS=two
	assert_success
	wait_for 200 c_says_one
	# $0 is "", $1 is "two"
	assert_equal "$(logs c)" "1:two"
	kuke delete cell c >/dev/null
	rm "$INSTANCE/home/.kuke/profiles.d/p.yaml"
}

c_says_one()
{
	assert_equal "$(logs c | wc -l)" 1
}

@test "variables that mean nothing are refused by name" {
	for word in no off bogus; do
		KUKEON_NO_DAEMON=$word run kuke get realms
		assert_failure 1
		assert_output "Error: invalid value \"$word\" of KUKEON_NO_DAEMON: expected 1, t, true, 0, f or false"
	done
	KUKEON_NO_DAEMON=F run quiet kuke get realms
	assert_success
	KUKE_INIT_NO_WAIT=no run kuke init
	assert_failure 1
	assert_output --partial 'invalid value "no" of KUKE_INIT_NO_WAIT'
	KUKEON_LOG_LEVEL=bogus run quiet kuke get realms
	assert_failure 1
	assert_output 'Error: invalid value "bogus" of KUKEON_LOG_LEVEL: expected debug, info, warn or error'
}

@test "what cannot be made is refused before the running container is stopped" {
	run_cell c 'sleep 1000' 'user: "0"'
	local init
	init=$(init_of c)
	# refuse YAML TEXT: the cell's document with that is refused with these words.
	refuse()
	{
		cell_doc c 'sleep 1000' "$1" >"$dir/c.yaml"
		run quiet kuke apply -f "$dir/c.yaml"
		assert_failure 1
		assert_output --partial "$2"
		assert_equal "$(init_of c)" "$init"
		assert_equal "$(cell_state c)" Ready
		assert_equal "$(cell_value c '.spec.containers[] | select(.id == "main") | .user')" 0
	}
	# By the document.
	refuse 'user: "a:b:c"' 'container "main": user "a:b:c" is not valid: expected USER or USER:GROUP'
	refuse 'tmpfs: [{path: /t, options: [mode=banana]}]' 'tmpfs option is not valid (tmpfs[0] option "mode=banana")'
	refuse 'resources: {cpuShares: 1}' 'resources.cpuShares must be 0 or within [2, 262144]: 1'
	refuse 'resources: {memoryLimitBytes: -5}' 'resources.memoryLimitBytes must be within [0, 9223372036854775807]: -5'
	# By the image.
	refuse 'user: ghost' "user 'ghost': no such user in the image's /etc/passwd"
	refuse 'user: "0:ghosts"' "user '0:ghosts': no such group in the image's /etc/group"
	refuse 'workingDir: /proc/self/fd/8' "container 'main': bad working directory '/proc/self/fd/8'"
	# By the host.
	refuse 'securityOpts: [seccomp=/nowhere.json]' '/nowhere.json'
	kuke delete cell c >/dev/null
}

# two_layers NAME: $dir/two.tar, busybox with a layer on top that knows one user more.
two_layers()
{
	local work=$dir/image top

	mkdir -p "$work/old" "$work/new/etc"
	"$INSTANCE_HELPERS/busybox-image" "$work/image.tar" "$1"
	tar -C "$work/old" -xf "$work/image.tar"
	printf 'root:x:0:0::/:/bin/sh\nlate:x:7:7::/:/bin/sh\n' >"$work/new/etc/passwd"
	tar -C "$work/new" --numeric-owner -cf "$work/old/top.tar" etc/passwd
	top=$(sha256sum <"$work/old/top.tar")
	jq --arg id "sha256:${top%% *}" '.rootfs.diff_ids += [$id]' "$work"/old/[0-9a-f]*.json \
		>"$work/old/config.json"
	printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["%s","top.tar"]}]\n' "$1" \
		"$(cd "$work/old" && echo */layer.tar)" >"$work/old/manifest.json"
	tar -C "$work/old" -cf "$dir/two.tar" manifest.json config.json top.tar \
		"$(cd "$work/old" && echo */layer.tar)"
}

@test "what cannot be made is judged by all layers of the image" {
	two_layers example.com/users:1
	kuke image load "$dir/two.tar" >/dev/null
	IMAGE=example.com/users:1
	run_cell c 'sleep 1000' 'user: "0"'
	local init
	init=$(init_of c)
	cell_doc c 'sleep 1000' 'user: later' >"$dir/c.yaml"
	run quiet kuke apply -f "$dir/c.yaml"
	assert_failure 1
	assert_output --partial "user 'later': no such user in the image's /etc/passwd"
	assert_equal "$(init_of c)" "$init"
	cell_doc c 'id -u; sleep 1000' 'user: late' >"$dir/c.yaml"
	quiet kuke apply -f "$dir/c.yaml" >/dev/null
	wait_for 200 c_says_one
	assert_equal "$(logs c)" 7
	kuke delete cell c >/dev/null
	quiet kuke image delete example.com/users:1 >/dev/null
}
