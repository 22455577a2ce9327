#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What goes wrong between a registry and us: each fault gives the right words or
# none at all, no part of an image is ever seen, and the next pull completes.

load ../helpers/suite
load ../helpers/registry

REF=127.0.0.1:5006/x/big:1

setup_file()
{
	# Patience of tests: little where nobody answers, much where a machine may be slow.
	export KUKEFETCH_STALL_SECONDS=600 KUKEFETCH_BACKOFF_MS=10 KUKEFETCH_TRIES=4 KUKEFETCH_CONNECT_MS=3000
	instance_new
	inst mount -t tmpfs -o size=64m tmpfs "$INSTANCE_RUN_PATH"
	suite_start --no-image
	registry_start plain 5000
	registry_start secret 5001 htpasswd
	big_image
	for port in 5000 5101; do
		registry_push $port "oci:$INSTANCE/home/oci:big" x/big:1
	done
	proxy 5006 5000
	proxy 5007 5000
	proxy 5008 5001
}

# Three layers: busybox, some text, and two MiB of noise.
big_image()
{
	local dir=$INSTANCE/home

	"$INSTANCE_HELPERS/busybox-image" "$dir/bb.tar" docker.io/library/bb:1
	inst skopeo copy -q --insecure-policy "docker-archive:$dir/bb.tar" "oci:$dir/oci:big"
	mkdir -p "$dir/layer"
	head -c 2M /dev/urandom >"$dir/layer/noise"
	tar -C "$dir/layer" -cf "$dir/noise.tar" .
	rm "$dir/layer/noise"
	seq 20000 >"$dir/layer/text"
	tar -C "$dir/layer" -cf "$dir/text.tar" .
	umoci raw add-layer --image "$dir/oci:big" "$dir/text.tar"
	umoci raw add-layer --image "$dir/oci:big" "$dir/noise.tar"
}

# proxy PORT UPSTREAM: faultproxy.c, with its rule and its log below home.
proxy()
{
	echo "0 / 0 pass" >"$INSTANCE/home/rule$1"
	inst "$top_builddir/faultproxy" "$1" "$2" "$INSTANCE/home/rule$1" "$INSTANCE/home/log$1" \
		>"$INSTANCE/home/proxy$1.out" 2>&1 3>&- &
	wait_for 100 registry_up "$1"
}

setup()
{
	layers=$(jq -r '.layers[].digest' "$(manifest)")
	noise=$(tail -n 1 <<<"$layers")
	suite_snapshot
}

teardown()
{
	fault pass
	fault pass / 1 5008
	delete_images
	suite_check
}

manifest()
{
	local hex

	hex=$(cat "$(registry_dir)/plain/docker/registry/v2/repositories/x/big/_manifests/tags/1/current/link")
	hex=${hex#sha256:}
	echo "$(registry_dir)/plain/docker/registry/v2/blobs/sha256/${hex:0:2}/$hex/data"
}

# fault 'ACTION ARG' [PATTERN [TIMES [PORT]]]
fault()
{
	local file=$INSTANCE/home/rule${4:-5006}

	echo "$(($(cut -d' ' -f1 "$file") + 1)) ${2:-/} ${3:-1} $1" >"$file.new"
	mv "$file.new" "$file"
	: >"$INSTANCE/home/log${4:-5006}"
}

asked()
{
	grep -c -- "$1" "$INSTANCE/home/log${2:-5006}" || true
}

nothing_seen()
{
	assert_equal "$(kuke image get -o json | jq -r '.Images[].Name')" ''
}

# pulls: with the fault in place it works all the same.
pulls()
{
	run kuke image pull -q $REF
	assert_output "$REF"
	kuke image delete $REF >/dev/null
}

# refuses TEXT: it does not, says so in one line, and works again without the fault.
refuses()
{
	run kuke image pull "${2:-$REF}"
	output=$(grep -vE '^[0-9a-f]{12} ' <<<"$output")
	assert_failure 1
	assert_equal "$(wc -l <<<"$output")" 1
	assert_like "$output" "Error: failed to pull image " ... "$1" ...
	nothing_seen
}

@test "cut anywhere: it goes on where it stopped" {
	for at in 0 1 90 400 5000 70000 1000000 2000000; do
		fault "cut $at" "$noise" 1
		pulls
		[ "$at" -lt 5000 ] || assert_equal "$(asked 'range=bytes=[1-9]')" 1
	done
	# All blobs, several times in a row, in order or not.
	for at in 300 9000 600000; do
		fault "close $at" /blobs/ 3
		pulls
	done
	for at in 0 40 500; do
		fault "cut $at" /manifests/ 2
		pulls
	done
}

# The first layer is in the store: a busy machine may not have come so far when the last one failed.
first_came()
{
	fault "cut 30000" "$noise" 1000
	refuses '(after 4 tries)' || return
	assert [ "$(asked "$noise")" -ge 4 ] || return
	[ -n "$(inst sh -c "ls $INSTANCE_RUN_PATH/namespaces/*/snapshots")" ]
}

@test "cut again and again: an error, and what had come is not fetched twice" {
	wait_for 60 first_came
	fault pass
	pulls
	assert_equal "$(asked "$(head -n 1 <<<"$layers")")" 0
	assert_equal "$(asked "$noise")" 1
}

@test "stalls: once is got over, always is told" {
	suite_snapshot --by-name
	KUKEFETCH_STALL_SECONDS=2 restart_daemon
	fault "stall 400000" "$noise" 1
	pulls
	fault "stall 3000" "$noise" 1000
	refuses "layer 3: '127.0.0.1': no data received for 2 s (after 4 tries)"
	fault "stall 10" /manifests/ 1000
	refuses '(after 4 tries)'
	restart_daemon
	fault pass
	pulls
}

@test "content that is not what its digest says" {
	for at in 5 1000 900000; do
		fault "flip $at" "$noise" 1000
		refuses 'layer '
	done
	fault "flip 20" /manifests/ 1000
	refuses ''
	fault "flip 100" "$(jq -r .config.digest "$(manifest)")" 1000
	refuses 'content has digest'
	fault pass
	pulls
}

# reply STATUS-LINE-AND-HEADERS [BODY]: into a file for the proxy.
reply()
{
	printf '%b\r\n\r\n%b' "$1" "${2:-}" >"$INSTANCE/home/reply"
}

@test "lengths that are wrong" {
	reply 'HTTP/1.1 200 OK\r\nContent-Length: 5' hello
	fault "reply $INSTANCE/home/reply" "$noise" 1000
	refuses 'the registry has 5 bytes of it, the manifest says'
	reply 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked' '5\r\nhello\r\n0\r\n\r\n'
	fault "reply $INSTANCE/home/reply" "$noise" 1000
	refuses 'only 5 of '
	reply 'HTTP/1.1 200 OK\r\nContent-Length: 99999999' hello
	fault "reply $INSTANCE/home/reply" /manifests/ 1000
	refuses 'larger than the limit of 4194304 bytes'
	# Ranges that were not asked for.
	fault "cut 100000" "$noise" 1
	reply 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 7-11/12\r\nContent-Length: 5' hello
	fault "reply $INSTANCE/home/reply" "$noise" 1
	pulls
}

@test "refusals without an end: 401, redirects" {
	reply 'HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Basic realm="x"'
	fault "reply $INSTANCE/home/reply" / 1000
	kuke apply -f - <<-END >/dev/null
		{apiVersion: v1beta1, kind: Realm, metadata: {name: default}, spec: {registryCredentials: [
		{username: user, password: secret word, serverAddress: "127.0.0.1:5006"}]}}
	END
	refuses 'unauthorized'
	assert [ "$(asked /)" -le 3 ]
	reply 'HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Bearer realm="http://192.0.2.9/token",service="x"'
	fault "reply $INSTANCE/home/reply" / 1000
	refuses "refused token server 'http://192.0.2.9/token': it uses plain http"
	reply 'HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Bearer realm="https://evil.invalid/token"'
	fault "reply $INSTANCE/home/reply" / 1000
	refuses "(the password was not given to 'evil.invalid')"
	reply 'HTTP/1.1 307 There\r\nContent-Length: 0\r\nLocation: /v2/x/again'
	fault "reply $INSTANCE/home/reply" / 1000
	refuses 'redirected too often'
	assert [ "$(asked /)" -le 12 ]
	reply 'HTTP/1.1 307 There\r\nContent-Length: 0\r\nLocation: http://192.0.2.9/'
	fault "reply $INSTANCE/home/reply" / 1000
	refuses "redirected to plain http, at '192.0.2.9': refused"
	reply 'HTTP/1.1 307 There\r\nContent-Length: 0\r\nLocation: ftp://192.0.2.9/'
	fault "reply $INSTANCE/home/reply" / 1000
	refuses 'redirected to an invalid URL'
	kuke apply -f - <<<'{apiVersion: v1beta1, kind: Realm, metadata: {name: default}, spec: {registryCredentials: []}}' >/dev/null
}

@test "a redirect to another host: the blob comes, the password does not follow" {
	kuke apply -f - <<-END >/dev/null
		{apiVersion: v1beta1, kind: Realm, metadata: {name: default}, spec: {registryCredentials: [
		{username: user, password: secret word, serverAddress: "127.0.0.1:5008"}]}}
	END
	reply "HTTP/1.1 307 There\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:5007/v2/x/big/blobs/$noise"
	fault "reply $INSTANCE/home/reply" "$noise" 1000 5008
	: >"$INSTANCE/home/log5007"
	kuke image pull -q 127.0.0.1:5008/x/big:1
	assert [ "$(asked 'auth=Basic' 5008)" -ge 3 ]
	assert_equal "$(asked "$noise auth=-" 5007)" 1
	assert_equal "$(asked 'auth=Basic' 5007)" 0
	kuke apply -f - <<<'{apiVersion: v1beta1, kind: Realm, metadata: {name: default}, spec: {registryCredentials: []}}' >/dev/null
}

@test "too many requests, and a server with troubles" {
	local before
	reply 'HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 51\r\nContent-Type: application/json' \
		'{"errors":[{"code":"TOOMANYREQUESTS","message":""}]}'
	fault "reply $INSTANCE/home/reply" /manifests/ 1
	before=$SECONDS
	pulls
	assert [ "$SECONDS" -gt "$before" ]
	reply 'HTTP/1.1 429 Slow\r\nRetry-After: 3600\r\nContent-Length: 0'
	fault "reply $INSTANCE/home/reply" "$noise" 1
	refuses 'too many requests (the registry asks to retry in 3600 s)'
	reply 'HTTP/1.1 503 Oh\r\nContent-Length: 14' 'down for lunch'
	fault "reply $INSTANCE/home/reply" /blobs/ 3
	pulls
	fault "reply $INSTANCE/home/reply" /manifests/ 1000
	refuses 'service unavailable: down for lunch (after 4 tries)'
	reply 'HTTP/1.1 418 Tea\r\nContent-Length: 9' '\033[31mred\n'
	fault "reply $INSTANCE/home/reply" /manifests/ 1000
	refuses 'unexpected answer 418: \x1b[31mred'
}

@test "manifests of another time, and things that are no images" {
	reply 'HTTP/1.1 200 OK\r\nContent-Length: 41\r\nContent-Type: application/vnd.docker.distribution.manifest.v1+prettyjws' \
		'{"schemaVersion":1,"name":"a","tag":"b"} '
	fault "reply $INSTANCE/home/reply" /manifests/ 1000
	refuses "docker's schema 1"
	jq -c '.config.mediaType = "application/vnd.cncf.helm.config.v1+json"' "$(manifest)" >"$INSTANCE/home/m.json"
	served "$INSTANCE/home/m.json"
	refuses "not a container image: config media type 'application/vnd.cncf.helm.config.v1+json'"
	jq -c '.layers[1].mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip" |
		.layers[1].urls = ["http://127.0.0.1:5007/evil"]' "$(manifest)" >"$INSTANCE/home/m.json"
	served "$INSTANCE/home/m.json"
	kuke image pull -q "$REF"
	kuke image delete "$REF"
	# One that the registry does not have is not looked for where the manifest says.
	jq -c '.layers[1].digest = "sha256:" + "0" * 64' "$INSTANCE/home/m.json" >"$INSTANCE/home/n.json"
	served "$INSTANCE/home/n.json"
	refuses 'fetched from elsewhere'
	assert_equal "$(asked evil 5007)" 0
	jq -c '.manifests = []' "$(manifest)" >"$INSTANCE/home/m.json"
	served "$INSTANCE/home/m.json"
	refuses 'both a manifest and an index'
	reply 'HTTP/1.1 200 OK\r\nContent-Length: 4' 'what'
	fault "reply $INSTANCE/home/reply" /manifests/ 1000
	refuses ''
}

# served FILE: instead of the manifest.
served()
{
	{
		printf 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n'
		printf 'Content-Length: %s\r\n\r\n' "$(stat -c %s "$1")"
		cat "$1"
	} >"$INSTANCE/home/reply"
	fault "reply $INSTANCE/home/reply" /manifests/ 1000
}

@test "the disk fills up: the space comes back, and nothing is left" {
	local used size
	used=$(inst df -k --output=used "$INSTANCE_RUN_PATH" | tail -n 1)
	for more in 300 1500 3500; do
		inst mount -o "remount,size=$((used + more))k" "$INSTANCE_RUN_PATH"
		refuses 'no space left on device'
		size=$(inst df -k --output=used "$INSTANCE_RUN_PATH" | tail -n 1)
		assert [ "$size" -le $((used + 64)) ]
	done
	inst mount -o remount,size=64m "$INSTANCE_RUN_PATH"
	pulls
}

@test "the caller goes: what is whole stays for the next pull" {
	fault "stall 1000000" "$noise" 1000
	quiet kuke image pull $REF >"$INSTANCE/home/out" 2>&1 &
	wait_for 200 unpacked_but_noise
	inst pkill -x kuke
	wait_for 100 refute inst pgrep -x kukefetch
	nothing_seen
	fault pass
	pulls
	assert [ "$(asked /blobs/)" -le 2 ]
}

# All layers were begun, and the one process that is left is at the noise, which never ends.
unpacked_but_noise()
{
	local dir=$INSTANCE_RUN_PATH/namespaces/default.$INSTANCE_NS_SUFFIX/staging

	[ "$(inst find "$dir" -path '*/fs/bin' -o -path '*/fs/text' -o -path '*/fs/noise' | wc -l)" -eq 3 ] &&
		[ "$(inst pgrep -xc kukeunpack)" -eq 1 ]
}

@test "a helper that is killed: said so, and nothing is left" {
	for helper in kukefetch kukeunpack; do
		fault "stall 1000000" "$noise" 1000
		kuke image pull $REF >"$INSTANCE/home/out" 2>&1 3>&- &
		wait_for 200 inst pgrep -x "$helper"
		inst pkill -KILL -x "$helper"
		wait_for 200 grep -q "$helper was killed by signal 9" "$INSTANCE/home/out"
		wait
		nothing_seen
	done
	fault pass
	pulls
}

blobs()
{
	inst find "$INSTANCE_RUN_PATH/namespaces/default.$INSTANCE_NS_SUFFIX/blobs" -type f -size +100k | wc -l
}

# Last: the daemon comes back with another configuration.
@test "keepLayers: what comes is kept as it is, also in pieces, and not when it is wrong" {
	kuke daemon stop
	sed -i 's/^spec:/spec:\n  keepLayers: true/' "$INSTANCE_CONFIG"
	quiet kuke daemon start
	suite_snapshot
	fault "flip 900000" "$noise" 1000
	refuses 'layer 3'
	assert_equal "$(blobs)" 0
	fault "cut 700000" "$noise" 1
	kuke image pull -q $REF
	assert_equal "$(blobs)" 2
	inst sha256sum "$INSTANCE_RUN_PATH/namespaces/default.$INSTANCE_NS_SUFFIX/blobs/sha256/${noise#sha256:}" |
		grep -q "^${noise#sha256:} "
	kuke image delete $REF
	assert_equal "$(blobs)" 0
}
