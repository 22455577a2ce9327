#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Images from real registries: plain, by TLS, with passwords and with tokens; by
# tag, by digest, for several platforms; and cells that pull what they need.

load ../helpers/suite
load ../helpers/registry

setup_file()
{
	instance_new
	registry_ca
	suite_start --no-image "registryCAFile: $(registry_dir)/ca.pem" \
		'registryMirrors: {docker.io: "127.0.0.1:5000/mirror", gone.example: "127.0.0.1:1"}'
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/bb.tar" docker.io/library/bb:1
	registry_start plain 5000
	registry_start secret 5001 tls htpasswd
	registry_start tokens 5002 token=5003
	breaker 5021 stream
	breaker 5022 framing
	for repository in x/bb:1 mirror/library/bb:1; do
		registry_push 5000 "docker-archive:$INSTANCE/home/bb.tar" "$repository"
	done
	registry_push 5101 "docker-archive:$INSTANCE/home/bb.tar" x/bb:1
	registry_push 5102 "docker-archive:$INSTANCE/home/bb.tar" public/bb:1
	registry_push 5102 "docker-archive:$INSTANCE/home/bb.tar" x/bb:1
	instance_warm_pull
}

# breaker PORT HOW: the registry of port 5000 behind one that fails at HTTP/2.
breaker()
{
	inst "$INSTANCE_HELPERS/h2-breaker" "$1" 5000 "$(registry_dir)/server.pem" \
		"$(registry_dir)/server.key" "$2" >>"$INSTANCE/home/breaker$1" 2>&1 3>&- </dev/null &
	wait_for 60 inst bash -c "exec 3<>/dev/tcp/127.0.0.1/$1"
}

# The directories that the first cell of a stack leaves.
instance_warm_pull()
{
	quiet kuke run -d -f <(pull_cell first 127.0.0.1:5000/x/bb:1) >/dev/null
	kuke delete cell first
	kuke image delete 127.0.0.1:5000/x/bb:1
}

teardown()
{
	delete_images
	suite_check
}

pull_cell()
{
	IMAGE=$2 cell_doc "$1" 'trap "exit 0" TERM; echo up; sleep 1000 & wait'
}

one_line()
{
	assert_failure 1
	assert_equal "$(wc -l <<<"$output")" 1
	assert_like "$output" "Error: " ... "$1" ...
}

host_arch()
{
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	*) uname -m ;;
	esac
}

credentials()
{
	kuke apply -f - <<-END
		apiVersion: v1beta1
		kind: Realm
		metadata: {name: default}
		spec:
		  registryCredentials: [$1]
	END
}

requests()
{
	inst grep -c "$2" "$(registry_dir)/$1.log" || true
}

@test "by tag: pulled, run, and not again" {
	run kuke image pull 127.0.0.1:5000/x/bb:1
	assert_success
	assert_output --partial "pulled image \"127.0.0.1:5000/x/bb:1\" into realm \"default\""
	before=$(requests plain 'GET /v2/x/bb/blobs')
	run kuke image pull 127.0.0.1:5000/x/bb:1
	assert_like "$output" ... "is up to date"
	assert_equal "$(requests plain 'GET /v2/x/bb/blobs')" "$before"
	quiet kuke run -d -f <(pull_cell c 127.0.0.1:5000/x/bb:1)
	assert_equal "$(cell_state c)" Ready
	kuke delete cell c
	kuke image get 127.0.0.1:5000/x/bb:1 | grep '^size: [1-9]'
}

@test "progress: drawn on a terminal, lines elsewhere, nothing with -q; cells show it too" {
	local ref=127.0.0.1:5000/x/bb:1
	run inst script -qec "$INSTANCE_BINDIR/kuke image pull $ref" /dev/null
	assert_success
	assert_like "$output" ... ' downloading [' ... $'\e[K' ...
	assert_like "$output" ... ' done ' ... 'MiB' ... "pulled image \"$ref\"" ...
	kuke image delete $ref
	run kuke image pull $ref
	assert_line --index 0 --regexp '^[0-9a-f]{12} downloading [0-9.]+ MiB$'
	assert_line --index 1 --regexp '^[0-9a-f]{12} done'
	assert_lines 3
	kuke image delete $ref
	run kuke image pull -q $ref
	assert_output $ref
	kuke image delete $ref

	pull_cell c $ref >"$INSTANCE/home/c.yaml"
	run quiet inst script -qec "$INSTANCE_BINDIR/kuke run -d -f $INSTANCE/home/c.yaml" /dev/null
	assert_like "$output" ... ' done ' ... 'Cell "c"' ...
	kuke delete cell c
	kuke image delete $ref
	run quiet kuke run -d -f "$INSTANCE/home/c.yaml"
	assert_like "${lines[0]}" 'Cell "c"' ...
	kuke delete cell c
}

@test "by digest: the second time without a question" {
	kuke image pull -q 127.0.0.1:5000/x/bb:1
	digest=$(kuke image get 127.0.0.1:5000/x/bb:1 -o json | jq -r .Digest)
	kuke image pull -q "localhost:5000/x/bb@$digest"
	before=$(requests plain /v2/)
	run kuke image pull "localhost:5000/x/bb@$digest"
	assert_like "$output" ... "is up to date"
	assert_equal "$(requests plain /v2/)" "$before"
	run kuke image pull "127.0.0.1:5000/x/bb@sha256:$(printf '0%.0s' {1..64})"
	one_line 'not found: manifest unknown'
}

@test "a tag that moved is seen by the next pull" {
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/b2.tar" docker.io/library/bb:2 oci
	registry_push 5000 "docker-archive:$INSTANCE/home/bb.tar" x/moves:1
	kuke image pull -q localhost:5000/x/moves:1
	one=$(kuke image get localhost:5000/x/moves:1 -o json | jq -r .Digest)
	registry_push 5000 "oci-archive:$INSTANCE/home/b2.tar" x/moves:1
	kuke image pull -q localhost:5000/x/moves:1
	two=$(kuke image get localhost:5000/x/moves:1 -o json | jq -r .Digest)
	assert_not_equal "$one" "$two"
}

@test "verify --repair gets again what is broken, as it was when the tag has moved" {
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/b2.tar" docker.io/library/bb:2 oci
	registry_push 5000 "docker-archive:$INSTANCE/home/bb.tar" x/mends:1
	kuke image pull -q 127.0.0.1:5000/x/mends:1
	digest=$(kuke image get 127.0.0.1:5000/x/mends:1 -o json | jq -r .Digest)
	registry_push 5000 "oci-archive:$INSTANCE/home/b2.tar" x/mends:1
	store=$(echo "$INSTANCE_RUN_PATH"/namespaces/default.*)
	truncate -s 0 "$store"/snapshots/*/fs/etc/passwd
	for blob in "$store"/blobs/sha256/*; do echo >>"$blob"; done
	run kuke image verify 127.0.0.1:5000/x/mends:1
	assert_failure 1
	run kuke image verify --repair 127.0.0.1:5000/x/mends:1
	assert_success
	assert_equal "${lines[-1]}" 'image "127.0.0.1:5000/x/mends:1": repaired'
	kuke image verify
	assert_equal "$(kuke image get -o json | jq -r '.Images[].Digest')" "$digest"
	assert_equal "$(kuke image inspect 127.0.0.1:5000/x/mends:1 | jq .pulled)" true

	# Gone from the registry: said so, and what is broken is not used.
	truncate -s 0 "$store"/snapshots/*/fs/etc/passwd
	mv "$(registry_dir)/plain" "$(registry_dir)/away"
	run kuke image verify --repair
	mv "$(registry_dir)/away" "$(registry_dir)/plain"
	assert_failure 1
	assert_like "$output" ... 'broken; not repaired: failed to pull image' ... 'not found' ...
	kuke image verify --repair
}

@test "what is not there: the registry's words" {
	run kuke image pull 127.0.0.1:5000/x/bb:nope
	one_line 'failed to pull image 127.0.0.1:5000/x/bb:nope: not found: manifest unknown'
	run kuke image pull 127.0.0.1:5000/x/nope
	one_line 'not found'
	run kuke image pull 127.0.0.1:1/x/bb:1
	one_line 'failed to connect'
	run kuke image pull no-such-host.invalid/x/bb:1
	one_line 'could not resolve host'
	run kuke image pull 127.0.0.1:5000/X/bb:1
	one_line 'must be lowercase'
	run kuke image pull --realm nope 127.0.0.1:5000/x/bb:1
	one_line 'realm not found: nope'
	assert_equal "$(kuke image get -o json | jq -r '.Images[]')" ''
}

@test "TLS and a password: both are needed" {
	run kuke image pull localhost:5001/x/bb:1
	one_line 'pull access denied, repository does not exist or may require authorization: unauthorized: authentication required'
	credentials '{username: user, password: wrong, serverAddress: localhost:5001}'
	run kuke image pull localhost:5001/x/bb:1
	one_line 'unauthorized: authentication required'
	credentials '{username: user, password: secret word, serverAddress: localhost:5001}'
	kuke image pull -q localhost:5001/x/bb:1
	# That entry is for this registry only, however it is reached.
	run kuke image pull 127.0.0.1:5001/x/bb:1
	one_line 'pull access denied'
	credentials '{username: user, password: secret word}'
	kuke image pull -q 127.0.0.1:5001/x/bb:1
	credentials ''
}

@test "a proxy of the environment, which names are left to" {
	inst socat -u TCP-LISTEN:5010,bind=127.0.0.1,reuseaddr "CREATE:$INSTANCE/home/proxy" 3>&- &
	wait_for 100 inst grep -q ':1392 ' /proc/net/tcp
	KUKEFETCH_STALL_SECONDS=1 KUKEFETCH_TRIES=1 https_proxy=http://127.0.0.1:5010 run kuke --no-daemon image pull no-such-host.invalid/x
	assert_failure 1
	grep -q '^CONNECT no-such-host.invalid:443 ' "$INSTANCE/home/proxy"
	# Not for what is here.
	https_proxy=http://127.0.0.1:1 http_proxy=http://127.0.0.1:1 \
		kuke --no-daemon image pull -q localhost:5000/x/bb:1
}

@test "names that no_proxy excepts, as other clients read it: the proxy hears nothing" {
	inst socat -u TCP-LISTEN:5011,bind=127.0.0.1,reuseaddr,fork "OPEN:$INSTANCE/home/noproxy,creat,append" 3>&- &
	wait_for 100 registry_up 5011
	for except in no-such-host.invalid:5000 '*.invalid' invalid .invalid '*' ' a.test , no-such-host.invalid'; do
		https_proxy=http://127.0.0.1:5011 NO_PROXY=$except KUKEFETCH_TRIES=1 \
			run kuke --no-daemon image pull no-such-host.invalid:5000/x
		echo "$except: $output"
		assert_failure 1
		assert_output --partial 'could not resolve host'
	done
	KUKEFETCH_TRIES=1 https_proxy=http://127.0.0.1:5011 NO_PROXY=192.0.2.0/25 KUKEFETCH_CONNECT_MS=200 \
		run kuke --no-daemon image pull 192.0.2.129:5000/x
	assert_failure 1
	assert_equal "$(grep -a CONNECT "$INSTANCE/home/noproxy")" $'CONNECT 192.0.2.129:5000 HTTP/1.1\r'
	inst pkill -x socat
	wait
}

@test "HTTP/2, where the registry speaks it: several layers at once" {
	inst skopeo copy -q --insecure-policy "docker-archive:$INSTANCE/home/bb.tar" "oci:$INSTANCE/home/h2:x"
	mkdir -p "$INSTANCE/home/layer"
	for i in 1 2 3 4 5; do
		head -c 700000 /dev/urandom >"$HERE/layer/$i"
		tar -C "$INSTANCE/home/layer" -cf "$INSTANCE/home/layer.tar" "$i"
		umoci raw add-layer --image "$INSTANCE/home/h2:x" "$INSTANCE/home/layer.tar"
	done
	registry_push 5101 "oci:$INSTANCE/home/h2:x" x/many:1
	credentials '{username: user, password: secret word, serverAddress: localhost:5001}'
	kuke image pull -q localhost:5001/x/many:1
	credentials ''
	assert [ "$(grep -c 'GET /v2/x/many/blobs/.* HTTP/2.0"* 200' "$(registry_dir)/secret.log")" -ge 6 ]
	kuke image verify
}

# untrusted CERTIFICATE ADDRESS HOST TEXT
untrusted()
{
	inst openssl s_server -quiet -accept "$2:5004" -www -key "$(registry_dir)/server.key" \
		-cert "$1" "${@:5}" >/dev/null 2>&1 3>&- </dev/null &
	wait_for 100 inst bash -c "exec 3<>/dev/tcp/$2/5004"
	KUKEFETCH_TRIES=1 run kuke --no-daemon image pull "$3:5004/x/bb:1"
	one_line "$4"
	inst pkill -x openssl
	wait
}

@test "a host without authorities says so, and plain HTTP works there" {
	inst mount -t tmpfs none /etc/ssl
	inst openssl s_server -quiet -accept 127.0.0.1:5004 -www -key "$(registry_dir)/server.key" \
		-cert "$(registry_dir)/server.pem" >/dev/null 2>&1 3>&- </dev/null &
	wait_for 100 inst bash -c "exec 3<>/dev/tcp/127.0.0.1/5004"
	KUKEFETCH_TRIES=1 run kuke --no-daemon image pull localhost:5004/x/bb:1
	inst pkill -x openssl
	wait
	kuke --no-daemon image pull -q 127.0.0.1:5000/x/bb:1
	inst umount /etc/ssl
	one_line "the certificate of 'localhost' is not trusted"
	one_line '; this host has no CA certificates (Debian package: ca-certificates)'
	kuke image delete 127.0.0.1:5000/x/bb:1
}

@test "certificates: that nobody vouches for, of another host, of another time; old TLS" {
	local dir=$INSTANCE/home/registry why="is not trusted"
	openssl req -x509 -key "$dir/server.key" -days 30 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost -out "$dir/self.pem" 2>/dev/null
	untrusted "$dir/self.pem" 127.0.0.1 localhost "the certificate of 'localhost' $why"
	untrusted "$dir/server.pem" 127.0.0.2 127.0.0.2 "the certificate of '127.0.0.2' $why"
	(
		cd "$dir"
		: >index
		printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\nrand_serial=yes\nnew_certs_dir=.\npolicy=p\n' >ca.cnf
		printf 'default_md=sha256\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost\n' >>ca.cnf
		openssl ca -batch -notext -config ca.cnf -in server.csr -cert ca.pem -keyfile ca.key \
			-startdate 20200101000000Z -enddate 20200201000000Z -out expired.pem 2>/dev/null
	)
	untrusted "$dir/expired.pem" 127.0.0.1 localhost "the certificate of 'localhost' $why"
	untrusted "$dir/server.pem" 127.0.0.1 localhost "; by https: " -tls1_1 -cipher ALL:@SECLEVEL=0
}

@test "tokens: without a password, with one, with a wrong one" {
	kuke image pull -q localhost:5002/public/bb:1
	run kuke image pull localhost:5002/x/bb:1
	one_line 'pull access denied'
	credentials '{username: user, password: wrong, serverAddress: localhost:5002}'
	run kuke image pull localhost:5002/x/bb:1
	one_line 'incorrect username or password'
	credentials '{username: user, password: secret word, serverAddress: localhost:5002}'
	kuke image pull -q localhost:5002/x/bb:1
	credentials ''
}

@test "mirrors: asked first, and passed over when they cannot help" {
	kuke image pull -q bb:1
	assert_equal "$(kuke image get -o json | jq -r '.Images[].Name')" docker.io/library/bb:1
	run kuke image pull nothing-here
	one_line "; mirror 127.0.0.1:5000: not found"
	run kuke image pull gone.example/x
	one_line "; mirror 127.0.0.1:1: "
}

# descriptor NAME REPOSITORY:TAG [ARCHITECTURE]: of a manifest in that registry's storage.
descriptor()
{
	local dir
	local repository=${2%:*} tag=${2##*:} hex

	dir=$(registry_dir)/$1/docker/registry/v2
	hex=$(cat "$dir/repositories/$repository/_manifests/tags/$tag/current/link")
	hex=${hex#sha256:}
	jq -c --arg d "sha256:$hex" --argjson n "$(stat -c %s "$dir/blobs/sha256/${hex:0:2}/$hex/data")" \
		--arg arch "${3:-}" '{mediaType, digest: $d, size: $n} +
			if $arch == "" then {} else {platform: {os: "linux", architecture: $arch}} end' \
		"$dir/blobs/sha256/${hex:0:2}/$hex/data"
}

index()
{
	jq -cs '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}'
}

@test "an index: the manifest for this host, however deep; none for it" {
	local arch oci
	arch=$(host_arch) oci=$INSTANCE/home/oci
	inst skopeo copy -q --insecure-policy "docker-archive:$INSTANCE/home/bb.tar" "oci:$oci:native"
	umoci config --image "$oci:native" --tag vax --architecture vax
	registry_push 5000 "oci:$oci:native" x/multi:native
	registry_push 5000 "oci:$oci:vax" x/multi:vax
	{
		descriptor plain x/multi:vax vax
		descriptor plain x/multi:native "$arch"
	} | index | registry_put 5000 x/multi inner
	{
		descriptor plain x/multi:vax vax
		descriptor plain x/multi:inner "$arch"
	} | index | registry_put 5000 x/multi outer
	descriptor plain x/multi:vax vax | index | registry_put 5000 x/multi foreign

	kuke image pull -q localhost:5000/x/multi:outer
	assert_equal "$(kuke image get localhost:5000/x/multi:outer -o json | jq -r .MediaType)" application/vnd.oci.image.index.v1+json
	quiet kuke run -d -f <(pull_cell c localhost:5000/x/multi:outer)
	assert_equal "$(cell_state c)" Ready
	kuke delete cell c
	run kuke image pull localhost:5000/x/multi:foreign
	one_line "the index has no image for this host (linux/$arch)"
	run kuke image pull localhost:5000/x/multi:vax
	one_line "built for linux/vax, this host is linux/$arch"
}

@test "cells pull what they need: run, apply, create, start; and say why they cannot" {
	IMAGE=localhost:5000/x/bb:1
	quiet kuke run -d -f <(pull_cell c $IMAGE)
	assert_equal "$(cell_state c)" Ready
	# A container that is there needs its image's name no more.
	kuke stop cell c
	kuke image delete $IMAGE
	kuke start cell c
	refute kuke image get $IMAGE
	kuke delete cell c

	run kuke run -d -f <(pull_cell c localhost:5000/x/bb:nope)
	one_line 'failed to pull image localhost:5000/x/bb:nope: not found: manifest unknown'
	assert_equal "$(cell_state c)" Failed
	registry_push 5000 "docker-archive:$INSTANCE/home/bb.tar" x/bb:nope
	kuke start cell c
	assert_equal "$(cell_state c)" Ready
	container side 'trap "exit 0" TERM; sleep 1000 & wait' | cat <(pull_cell c localhost:5000/x/bb:nope) - |
		sed "s|image: $IMAGE|image: 127.0.0.1:5000/x/bb:1|" | quiet kuke apply -f -
	assert_equal "$(container_value c side .status.state)" Ready
	kuke delete cell c
	rm -r "$(registry_dir)/plain/docker/registry/v2/repositories/x/bb/_manifests/tags/nope"
}

@test "HTTP/2 that a registry offers and fails at: once, and then HTTP/1.1" {
	local port said
	for port in 5021 5022; do
		said=$INSTANCE/home/breaker$port
		: >"$said"
		run kuke image pull -q localhost:$port/x/bb:1
		assert_success
		assert_equal "$(head -n 1 "$said")" h2
		assert_equal "$(grep -c '^h2$' "$said")" 1
		assert_equal "$(grep -c '^http/1.1$' "$said" | sed 's/^[1-9].*/some/')" some
		kuke image verify
		kuke image delete localhost:$port/x/bb:1
	done
}

@test "without the daemon, and several at once" {
	kuke --no-daemon image pull -q localhost:5000/x/bb:1
	kuke image delete localhost:5000/x/bb:1
	for i in 1 2 3 4; do
		kuke image pull -q localhost:5000/x/bb:1 >"$INSTANCE/home/p$i" 2>&1 3>&- &
	done
	wait
	for i in 1 2 3 4; do
		cat "$INSTANCE/home/p$i"
		assert_equal "$(cat "$INSTANCE/home/p$i")" localhost:5000/x/bb:1
	done
}

@test "the helper: nobody, without groups and capabilities, in a root of its own" {
	registry_up 5000
	# A registry that never answers holds it long enough to be looked at.
	inst socat TCP-LISTEN:5005,bind=127.0.0.1,reuseaddr,fork EXEC:'sleep 60' >/dev/null 2>&1 3>&- &
	wait_for 100 registry_up 5005
	quiet kuke image pull localhost:5005/x/bb:1 &
	wait_for 100 inst pgrep -x -u 65534 kukefetch
	pid=$(inst pgrep -x kukefetch)
	wait_for 100 inst grep -P '^Seccomp:\t2' "/proc/$pid/status"
	status=$(inst cat "/proc/$pid/status")
	grep -P '^Uid:\t65534\t65534\t65534\t65534' <<<"$status"
	grep -P '^Gid:\t65534\t65534\t65534\t65534' <<<"$status"
	grep -P '^Groups:\t *$' <<<"$status"
	grep -P '^CapPrm:\t0+$' <<<"$status"
	grep -P '^CapEff:\t0+$' <<<"$status"
	grep -P '^NoNewPrivs:\t1' <<<"$status"
	assert_equal "$(inst ls "/proc/$pid/root/")" "$(printf 'ca.pem\netc')"
	# The caller goes, and the pull with it.
	inst pkill -x kuke
	wait_for 100 refute inst pgrep -x kukefetch
	inst pkill -x socat || true
}
