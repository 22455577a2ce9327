#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Registries that are odd in ways that other clients get along with: where tokens
# come from, who hears a password, what a stranger is told, how HEAD is answered.

load ../helpers/suite
load ../helpers/registry

setup_file()
{
	export KUKEFETCH_BACKOFF_MS=10 KUKEFETCH_TRIES=2
	suite_start --no-image
	odd 5020
	odd 5030 token
}

# odd PORT [token]: an odd-registry, its requests in home/odd-PORT.
odd()
{
	inst "$INSTANCE_HELPERS/odd-registry" "$@" >"$INSTANCE/home/odd-$1" 2>"$INSTANCE/home/err-$1" 3>&- &
	wait_for 200 registry_up "$1"
	wait_for 200 registry_up "$(($1 + 1))"
}

teardown()
{
	credentials ''
	delete_images
	suite_check
}

credentials()
{
	kuke apply -f - >/dev/null <<-END
		apiVersion: v1beta1
		kind: Realm
		metadata: {name: default}
		spec:
		  registryCredentials: [$1]
	END
}

log_in()
{
	credentials "{username: user, password: secret word, serverAddress: 127.0.0.1:${1:-5020}}"
}

# What the registry was asked since the last time.
asked()
{
	cat "$INSTANCE/home/odd-5020"
	: >"$INSTANCE/home/odd-5020"
}

pulls()
{
	asked >/dev/null
	run kuke image pull -q "127.0.0.1:${2:-5020}/$1/img:1"
	assert_success
}

@test "a redirect on the registry's own origin is home: a token is got there" {
	pulls moved
}

@test "another origin gets a token of its own realm, and never the password" {
	log_in
	pulls elsewhere
	run asked
	assert_line --regexp '^5020 GET /v2/elsewhere/img/blobs/.* 307 Basic$'
	assert_line --regexp '^5021 GET /v2/elsewhere/img/blobs/.* 401 -$'
	assert_line --regexp '^5021 GET /token.* 200 -$'
	assert_line --regexp '^5021 GET /v2/elsewhere/img/blobs/.* 200 Bearer$'
	refute_line --regexp '^5021 .* Basic$'
}

@test "another origin that wants a password gets none" {
	log_in
	asked >/dev/null
	run kuke image pull -q 127.0.0.1:5020/strict/img:1
	assert_failure 1
	assert_output --partial "'localhost': unauthorized"
	run asked
	assert_line --regexp '^5021 GET /v2/strict/.* 401 -$'
	refute_line --regexp '^5021 .* Basic$'
}

@test "a token server that has moved: on its origin with the password, elsewhere without" {
	log_in
	pulls tokenmoved
	pulls tokenaway
	run asked
	assert_line --regexp '^5020 GET /awaytoken.* 307 Basic$'
	assert_line --regexp '^5021 GET /token.* 200 -$'
}

@test "a login is offered to a registry that hides images from strangers" {
	log_in
	pulls shy404
	pulls shy403
	log_in 5030
	pulls shytoken 5030
	# Once only, and what it said first is told.
	log_in
	asked >/dev/null
	run kuke image pull 127.0.0.1:5020/hidden/img:1
	assert_failure 1
	echo "$output"
	assert_like "$output" ... 'not found: name unknown'
	assert_equal "$(asked | grep -c ' /v2/ ')" 1
	# Without a login there is nothing to offer.
	credentials ''
	run kuke image pull 127.0.0.1:5020/shy404/img:1
	assert_failure 1
	assert_equal "$(asked | grep -c ' /v2/ ')" 0
}

@test "a login, where the token's realm is no address" {
	log_in
	pulls realm
	credentials ''
	run kuke image pull -q 127.0.0.1:5020/realm/img:1
	assert_failure 1
	assert_output --partial 'may require authorization'
}

@test "blanks in an address are escaped" {
	pulls blanks
	asked | grep -qE '^5021 GET /cdn/a%20b/[0-9a-f]+ 200 -$'
}

@test "a HEAD that fails, or tells nothing, is followed by a GET" {
	for odd in head405 head500 headcut headmute; do
		pulls $odd
		run kuke image pull "127.0.0.1:5020/$odd/img:1"
		assert_success
		assert_like "$output" ... 'is up to date'
	done
}
