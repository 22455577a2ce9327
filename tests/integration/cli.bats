#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The command line as far as no daemon is needed.

load ../helpers/assert

setup()
{
	# Of a kukeon that the caller uses nothing is heard.
	unset "${!KUKE@}"
	KUKE=$(readlink -f "${top_builddir:-.}/kuke")
	export LC_ALL=C.UTF-8
	export HOME=$BATS_TEST_TMPDIR/home
	export KUKEON_HOST=unix://$BATS_TEST_TMPDIR/none.sock
	mkdir "$HOME"
}

teardown()
{
	[ -z "${open:-}" ] || rm -rf "$open"
}

# fails TEXT ARG…: exit 1, nothing on stdout, `Error: TEXT` alone on stderr; $hint is the
# line that may stand below it.
fails()
{
	local want=$1 out err

	shift
	if out=$("$KUKE" "$@" 2>"$BATS_TEST_TMPDIR/err"); then
		echo "kuke $* succeeded"
		return 1
	fi
	err=$(grep -v '^Hint: ' "$BATS_TEST_TMPDIR/err")
	hint=$(sed -n 's/^Hint: //p' "$BATS_TEST_TMPDIR/err")
	assert_equal "$out" '' || return
	assert_equal "$err" "Error: $want"
}

@test "bare kuke, a bare group and --help print help" {
	local args

	for args in "" "get" "delete" "image" "--help" "get cell -h" "help" "help get cell"; do
		# shellcheck disable=SC2086 # words
		run "$KUKE" $args
		assert_success
		assert_output --partial Usage:
	done
	assert [ ! -e "$HOME/.kuke" ]
}

@test "help names no verb that does not work" {
	local verb

	run "$KUKE" --help
	for verb in purge refresh uninstall; do
		refute_output --partial "  $verb "
		refute "$KUKE" "$verb" 2>/dev/null
	done
}

@test "version prints one line, whatever follows" {
	run "$KUKE" version extra words
	assert_success
	assert_lines 1
	assert_equal "$("$KUKE" --version)" "$output"
	assert_equal "$("${KUKE}ond" --version)" "$output"
	fails "unknown flag: --version" get cell --version
}

@test "flags of a verb before it" {
	fails "invalid output format: xml (supported: yaml, json, table, wide, name)" -o xml get cells
	fails "invalid output format: xml (supported: yaml, json, table, wide, name)" -v --realm r -o xml get cells
	fails 'failed to open file "/none": open /none: no such file or directory' -f /none apply
	fails "unknown flag: --nope" -o yaml get realms --nope
	fails "unknown shorthand flag: 'o' in -o" -o yaml start cell x
}

@test "an argument where none is due is told what it lacks" {
	fails 'unknown command "x.yaml" for "kuke apply"' apply x.yaml
	assert_equal "$hint" "kuke apply -f x.yaml"
	fails 'unknown command "busybox" for "kuke run"' run busybox
	assert_equal "$hint" "kuke run -d -f FILE"
	run "$KUKE" ps
	assert_failure 1
	assert_output --partial $'Did you mean this?\n\tkuke get containers\n\tkuke get cells\n'
}

@test "the small commands of kukeond" {
	local kukeond=${KUKE}ond shell

	for shell in bash zsh fish powershell; do
		run "$kukeond" completion $shell
		assert_success
		assert_like "$output" ... "kukeond" ... __complete ...
	done
	"$kukeond" completion bash | bash -n
	run "$kukeond" help serve
	assert_success
	assert_like "$output" ... "kukeond serve [flags]" ... --socket-gid ...
	assert_equal "$("$kukeond" serve --help)" "$output"
	assert_equal "$("$kukeond" __complete -- completion f)" fish
	assert_equal "$("$kukeond" __complete -- serve --socket-)" --socket-gid
	run "$kukeond" help bogus
	assert_failure 1
	assert_output 'Error: unknown command "bogus" for "kukeond"'
	run "$kukeond" completion tcsh
	assert_failure 1
}

@test "an unknown command" {
	run "$KUKE" bogus
	assert_failure 1
	assert_output $'Error: unknown command "bogus" for "kuke"\nRun \'kuke --help\' for usage.'
	run "$KUKE" aply
	assert_failure 1
	assert_output --partial $'Did you mean this?\n\tapply\n'
	run "$KUKE" get bogus
	assert_failure 1
	assert_like "$output" 'Error: unknown command "bogus" for "kuke get"' ...
	run "$KUKE" help bogus
	assert_failure 1
}

@test "flags" {
	fails "unknown flag: --nope" get cell --nope
	assert_equal "$hint" ''
	fails "unknown flag: --namespace" get cell --namespace x
	assert_equal "$hint" "a realm is named with --realm"
	fails "unknown flag: --relm" get cell --relm x
	assert_equal "$hint" "did you mean --realm?"
	fails "unknown shorthand flag: 'A' in -A" get cells -A
	assert_equal "$hint" "a list without --realm, --space and --stack shows everything"
	fails "unknown shorthand flag: 'x' in -x" get cell -x
	fails "flag needs an argument: --realm" get cell --realm
	fails "accepts 1 arg(s), received 0" delete cell
	assert_equal "$hint" "usage: kuke delete cell NAME... [flags]"
	fails "accepts at most 1 arg(s), received 2" create cell a b
	fails 'unknown command "x" for "kuke apply"' apply x
	fails "invalid output format: xml (supported: yaml, json, table, wide, name)" get cell -o xml
	KUKE_GET_OUTPUT=xml fails "invalid output format: xml (supported: yaml, json, table, wide, name)" get cell
	fails 'required flag(s) "file" not set' apply
	fails "file flag is required (use -f <file> or -f - for stdin)" apply -f ""
}

@test "flags of run" {
	fails "at least one of the flags in the group [file profile] is required" run
	fails "if any flags in the group [file profile] are set none of the others can be; [file profile] were all set" \
		run -f a -p b
	fails 'invalid --output "xml": want json or yaml' run -f a -o xml -d
	fails "--container is incompatible with -d/--detach" run -f a -d --container x
	fails "--output is incompatible with attach mode (pass -d/--detach)" run -f a -o json
	fails "--rm is incompatible with --no-daemon" run -f a --rm --no-daemon
	fails "--name is only valid with -p/--profile" run -f a --name x
	fails "--param is only valid with -p/--profile" run -f a --param x=y
	fails "--param-file is only valid with -p/--profile" run -f a --param-file x
}

@test "names that are asked for" {
	fails "realm name is required (usage: kuke create realm [name] [flags])" create realm
	fails "cell name is required (usage: kuke create cell [name] [flags])" create cell " "
	fails "cell name is required (--cell)" create container x
	fails "cell name is required (--cell)" get container x
	fails "realm name is required (--realm)" get space x --realm ""
	fails "space name is required (--space)" start cell x --space ""
	fails "stack name is required (--stack)" kill container x --cell c --stack ""
	fails "cell name is required (positional cell)" log " "
}

@test "names are judged before anything else" {
	fails "realm name is invalid: \"a_b\" contains disallowed character (must not contain '_' or '/')" \
		create realm a_b
	for kind in space stack cell; do
		fails "name is invalid: $kind name \"a/b\" contains disallowed character (must not contain '_' or '/')" \
			create "$kind" a/b
	done
	fails "name is invalid: container name \"bad_name\" contains disallowed character (must not contain '_' or '/')" \
		create container bad_name --cell nowhere
}

@test "flags of create container" {
	fails 'invalid size "64mb": strconv.ParseInt: parsing "64mb": invalid syntax' \
		create container x --cell c --memory 64mb
	fails 'invalid --volume "/a": expected SRC:DST[:ro|rw]' create container x --cell c --volume /a
	fails 'invalid --tmpfs "/t:size=zz": invalid size "zz": strconv.ParseInt: parsing "zz": invalid syntax' \
		create container x --cell c --tmpfs /t:size=zz
	fails 'invalid --tmpfs ":x": path is required' create container x --cell c --tmpfs :x
	fails 'invalid label "a": expected KEY=VALUE' create container x --cell c --label a
}

@test "files that cannot be read" {
	local verb

	for verb in apply delete "run -d"; do
		# shellcheck disable=SC2086 # words
		fails 'failed to open file "/none": open /none: no such file or directory' $verb -f /none
	done
	fails 'failed to open file "/none": open /none: no such file or directory' image load /none
	fails "pass either a tarball path or --from-docker, not both" image load a --from-docker b
	fails "a tarball path, '-' for stdin, or --from-docker <ref> is required" image load
	fails "realm name is required" image load a --realm ""
	for verb in pull delete inspect; do
		fails "image reference is required" image $verb " "
	done
}

@test "manifests that say nothing or too much" {
	cd "$BATS_TEST_TMPDIR"
	printf 'kind: Realm\nmetadata: {name: a}\n' >realm.yaml
	printf 'kind: Cell\nmetadata: {name: c}\nspec: {contaners: []}\n' >typo.yaml
	printf 'kind: Foo\n---\nkind: Realm\n' >bad.yaml
	: >empty.yaml
	fails 'expected kind "Cell", got "Realm" (use `kuke apply -f` for non-Cell resources)' \
		run -d -f realm.yaml
	fails 'expected a single Cell document, got 2 (use `kuke apply -f` for multi-document streams)' \
		run -d -f bad.yaml
	fails "failed to parse YAML: no documents found in input" run -d -f empty.yaml
	fails "failed to parse YAML: no documents found in input" delete -f empty.yaml
	fails $'validation errors:\n  document 0 (): document 0: unknown kind: Foo\n  document 1 (Realm): metadata.name is required' \
		delete -f bad.yaml
	printf 'kind: Cell\nmetadata: {name: c}\nspec: [x]\n' >shape.yaml
	printf 'apiVersion: v1\nkind: Cell\nmetadata: {name: c}\nspec: {}\n' >version.yaml
	fails "document 0: failed to parse Cell: yaml: unmarshal errors:
  line 3: cannot unmarshal !!seq into v1beta1.CellSpec" run -d -f shape.yaml
	fails "document 0 (Cell): unsupported apiVersion: v1 (expected v1beta1)" run -d -f version.yaml
	run "$KUKE" run -d -f typo.yaml
	assert_failure 1
	assert_output $'warning: typo.yaml:3:8: unknown field spec.contaners (did you mean "containers"?)\nError: document 0 (Cell "c"): spec.containers is required and cannot be empty'
	fails $'validation failed:\n  document 0 (Cell "c"): typo.yaml:3:8: unknown field spec.contaners (did you mean "containers"?)' \
		apply --strict -f typo.yaml
}

@test "of several files the wrong one is named" {
	mkdir "$HOME/d"
	printf 'kind: Realm\nmetadata: {name: a}\n' >"$HOME/d/1.yaml"
	printf '# b\nkind: Realm\nmetadata: {}\n' >"$HOME/d/2.yaml"
	fails $'validation failed:\n  document 1 (Realm): metadata.name is required ('"$HOME/d/2.yaml:2)" \
		apply -f "$HOME/d"
	fails $'validation errors:\n  document 1 (Realm): metadata.name is required ('"$HOME/d/2.yaml:2)" \
		delete -f "$HOME/d"
	fails $'validation errors:\n  document 0 (Realm): metadata.name is required' \
		delete -f "$HOME/d/2.yaml"
}

@test "a daemon that is not there" {
	local s=$BATS_TEST_TMPDIR/none.sock

	export KUKEON_RUN_PATH=$BATS_TEST_TMPDIR/opt
	fails "dial kukeond at $s: dial unix $s: connect: no such file or directory" get cell
	assert_like "$hint" ... '`sudo kuke init`' ...
	mkdir "$KUKEON_RUN_PATH"
	: >"$KUKEON_RUN_PATH/.kukeon-instance.json"
	: >"$s"
	fails "dial kukeond at $s: dial unix $s: connect: connection refused" get cell
	assert_equal "$hint" 'kukeond does not run; start it with `sudo kuke daemon start`'
	fails "unsupported kukeon host scheme: unix path is empty" get cell --host unix://
	fails 'unsupported kukeon host scheme: "tcp://x" (expected unix:// or ssh://)' \
		get cell --host tcp://x
}

@test "a run path without an instance" {
	local verb

	for verb in "get cells" "get realm x" "start cell x" "delete -f /dev/stdin"; do
		# shellcheck disable=SC2086
		fails "no kukeon instance at run path \"$HOME/typo\" ($HOME/typo/.kukeon-instance.json is missing); check --run-path, or set the host up with \`sudo kuke init\`" \
			--no-daemon --run-path "$HOME/typo" $verb <<<'{kind: Realm, metadata: {name: r}}' ||
			[ "$verb" = "delete -f /dev/stdin" ]
	done
	assert [ ! -e "$HOME/typo" ]
}

@test "no permission for the socket" {
	local s=$BATS_TEST_TMPDIR/none.sock

	[ "$(id -u)" -eq 0 ] || skip "root is needed"
	chmod 700 "$BATS_TEST_TMPDIR"
	# Without capabilities root is nobody's friend either.
	run setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all \
		env HOME=/nonexistent "$KUKE" get cell
	assert_failure 1
	assert_output "Error: dial kukeond at $s: permission denied — add yourself to the kukeon group (sudo usermod -aG kukeon \$USER), then log out and back in: dial unix $s: connect: permission denied"
	open=$(mktemp -d)
	chmod 755 "$open"
	s=$open/k.sock
	export KUKEON_HOST=unix://$s
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$s"
	chmod 600 "$s"
	run setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all \
		env HOME=/nonexistent "$KUKE" get cell
	assert_failure 1
	assert_like "${lines[1]}" "Hint: the socket is root's alone: use sudo, or " ...
	chgrp 12 "$s"
	chmod 660 "$s"
	run setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all \
		env HOME=/nonexistent "$KUKE" get cell
	assert_output "Error: dial kukeond at $s: permission denied — add yourself to the $(getent group 12 | cut -d: -f1) group (sudo usermod -aG $(getent group 12 | cut -d: -f1) \$USER), then log out and back in: dial unix $s: connect: permission denied"
}

@test "a home that cannot be read breaks no verb" {
	local home

	[ "$(id -u)" -eq 0 ] || skip "root is needed"
	chmod 700 "$HOME"
	for home in "$HOME" /dev/null; do
		run setpriv --bounding-set -all --inh-caps -all --reuid 65534 --regid 65534 \
			--clear-groups env HOME="$home" "$KUKE" version
		assert_success
		assert_equal "${lines[-1]}" "$("$KUKE" --version)"
	done
	assert_lines 1
	run setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$HOME" "$KUKE" version
	assert_line --index 0 "warning: load client configuration: read client configuration \"$HOME/.kuke/kuke.yaml\": client configuration is invalid: permission denied; using defaults"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$KUKE" version \
		--configuration "$HOME/.kuke/kuke.yaml"
	assert_failure 1
}

@test "a log level that is none is refused by name" {
	KUKEON_LOG_LEVEL=bogus fails \
		'invalid value "bogus" of KUKEON_LOG_LEVEL: expected debug, info, warn or error' version
	fails 'invalid value "bogus" of --log-level: expected debug, info, warn or error' \
		version --log-level bogus
	run "$KUKE" version --log-level WARN
	assert_success
	echo 'spec: {logLevel: bogus}' >"$HOME/.kuke/kuke.yaml"
	run "$KUKE" version
	assert_success
	assert_like "${lines[0]}" "warning: $HOME/.kuke/kuke.yaml: spec.logLevel: \"bogus\" is not a log level" ...
}

@test "the client configuration" {
	run "$KUKE" version
	assert_success
	assert_equal "$(stat -c %a "$HOME/.kuke/kuke.yaml")" 600
	printf 'kind: ClientConfiguration\nspec: {host: "tcp://there"}\n' >"$HOME/.kuke/kuke.yaml"
	unset KUKEON_HOST
	fails 'unsupported kukeon host scheme: "tcp://there" (expected unix:// or ssh://)' get cell
	printf 'kind: Realm\n' >"$HOME/.kuke/kuke.yaml"
	fails "load client configuration: client configuration \"$HOME/.kuke/kuke.yaml\" has kind \"Realm\", want \"ClientConfiguration\": client configuration is invalid" \
		version
}

@test "nothing that is quoted drives a terminal" {
	local bad=$'x\e]0;title\a\u202ey' out

	cat >"$HOME/c.yaml" <<-'EOF'
	kind: Cell
	metadata: {name: c}
	spec: {"a\e]0;b\u202e": 1, realmId: r}
	EOF
	for args in "get realm" "__complete -- get"; do
		# shellcheck disable=SC2086
		out=$(script -qec "$KUKE $args '$bad'" /dev/null </dev/null) || true
		refute_regex "$out" $'[\e\a]|\u202e'
	done
	run "$KUKE" get realm "$bad" extra
	refute_output --partial $'\e'
	out=$("$KUKE" apply --strict -f "$HOME/c.yaml" 2>&1) || true
	assert_like "$out" ... '\x1b]0;b\u202e' ...
	refute_regex "$out" $'\e|\u202e'
	out=$("${KUKE}ond" "--$bad" 2>&1) || true
	assert_like "$out" 'Error: unknown flag: --x\x1b' ...
	refute_like "$out" ... $'\u202e' ...
}

@test "explain and schema" {
	run "$KUKE" explain cell.spec.containers
	assert_success
	assert_like "$output" ... "FIELDS:" ... image ...
	run "$KUKE" explain --recursive cell
	assert_success
	run "$KUKE" explain cell.spec.contaners
	assert_failure 1
	assert_like "$output" Error: ... containers ...
	run "$KUKE" schema Cell
	assert_success
	assert_output --partial json-schema.org/draft/2020-12
	fails "unknown kind: nope" schema nope
	assert_like "$hint" "kinds: realm, space, stack, cell, container, " ...
	run "$KUKE" explain foo
	assert_like "$output" 'Error: unknown kind "foo" (known kinds: realm, space, ' ...
}

@test "a reader that leaves is no failure, a full disk is" {
	run bash -o pipefail -c '"$0" schema cell | head -1' "$KUKE"
	assert_success
	assert_lines 1
	run bash -c '"$0" version >/dev/full' "$KUKE"
	assert_failure 1
}

@test "completion" {
	local shell

	for shell in bash zsh fish powershell; do
		run "$KUKE" completion $shell
		assert_success
		assert_output --partial __complete
		assert_output "$("$KUKE" autocomplete $shell)"
	done
	assert_equal "$("$KUKE" __complete -- expl)" explain
	assert_equal "$("$KUKE" __complete -- get ce)" cell
	assert_equal "$("$KUKE" __complete -- get cell --stac)" --stack
	assert_equal "$("$KUKE" __complete -- get cell -o j)" json
	assert_equal "$("$KUKE" __complete -- get cell --realm r -o y)" yaml
	assert_equal "$("$KUKE" __complete -- get cell --realm r --sp)" --space
	assert_equal "$("$KUKE" __complete -- get cell --realm --stack x --sp -q)" ''
	assert_equal "$("$KUKE" __complete -- bogus x)" ''
	assert_equal "$("$KUKE" __complete -- log --stream st)" $'stderr\nstdout'
	assert_equal "$("$KUKE" __complete -- log c --all)" --all-containers
	assert_equal "$("$KUKE" __complete -- explain cell.sp)" cell.spec
	assert_equal "$("$KUKE" __complete -- explain cell.spec.containers.vol)" cell.spec.containers.volumes
	assert_equal "$("$KUKE" __complete -- explain rea)" realm
	assert_equal "$("$KUKE" __complete -- explain bogus.x)" ''
	assert_equal "$("$KUKE" __complete -- schema rea)" realm
	assert_equal "$("$KUKE" __complete -- schema cell.s)" ''
	assert_equal "$("$KUKE" __complete -- help get ce)" cell
	assert_equal "$("$KUKE" __complete -- --log-level d)" debug
	assert_equal "$("$KUKE" __complete -- -o json get rea)" realm
	assert_equal "$("$KUKE" __complete -- get cell --run-path "$HOME" x 2>&1)" ''
	"$KUKE" completion bash | bash -n
}

@test "kuke(1) has the tables of the program" {
	local page=${top_builddir:-.}/man/kuke.1

	diff <(sed '1,/BEGIN TABLES/d; /END TABLES/,$d' "$page") <("$KUKE" __man)
}

@test "kukeon-api(7) has the methods of the program and the classes of its errors" {
	local page=${top_srcdir:-.}/man/kukeon-api.7 service kind kinds

	for service in KukeonV1 KukeonX1; do
		diff <(sed "1,/BEGIN $service/d; /END $service/,\$d" "$page") <("$KUKE" __man "$service")
	done
	kinds=$(sed -nE 's/^\tX\(ERR_[A-Z_]+, "([A-Za-z]+)",.*/\1/p' "${top_srcdir:-.}/lib/model/errkind.h")
	assert [ "$(wc -w <<<"$kinds")" -ge 20 ]
	for kind in $kinds; do
		grep -qw "$kind" "$page"
	done
}
