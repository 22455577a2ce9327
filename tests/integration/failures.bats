#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the host cannot give: one clear line, exit 1, nothing changed, nothing
# left; and what other tools' archives give.

load ../helpers/suite

setup_file()
{
	suite_start
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/base.tar" docker.io/library/base:1 oci
}

one_line()
{
	assert_failure 1
	assert_equal "$(grep -vc '^Hint: ' <<<"$output")" 1
	assert_like "$output" "Error: " ... "$1" ...
}

@test "no permission: nobody cannot speak to the daemon, nor act without it" {
	local bin=$INSTANCE/home/kuke
	cp "$INSTANCE_BINDIR"/{kuke,kukeond} "$INSTANCE/home"
	chmod 755 "$bin" "${bin}ond" "$INSTANCE/home"
	chmod 711 "$INSTANCE"
	nobody() { inst setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent "$bin" "$@"; }
	run nobody get cells
	one_line 'ermission denied'
	run nobody init --server-configuration "$INSTANCE_CONFIG"
	one_line 'command must run as root: `kuke init` writes to root-owned paths — re-run with `sudo kuke init`'
	run nobody --no-daemon create realm x
	one_line 'ermission denied'
	run nobody daemon stop
	one_line ''
	chmod 700 "$INSTANCE"
	rm "$bin" "${bin}ond"
}

@test "no runc: starting fails with the reason, everything else works" {
	inst mount --bind /dev/null "$(command -v runc)"
	cell_doc a "$IDLE" >"$INSTANCE/home/doc"
	run quiet kuke run -d -f "$INSTANCE/home/doc"
	one_line runc
	is_cell_state a Failed
	quiet kuke create realm r1 >/dev/null
	kuke delete realm r1
	inst umount "$(command -v runc)"
	quiet kuke start cell a
	is_cell_state a Ready
	kuke delete cell a
}

@test "a runc that fails: its words, no rest; with a good one the cell starts" {
	mkdir "$HERE/bin"
	printf '#!/bin/sh\necho "runc: no such luck" >&2\nexit 1\n' >"$HERE/bin/runc"
	chmod +x "$HERE/bin/runc"
	cell_doc a "$IDLE" >"$INSTANCE/home/doc"
	run quiet inst env PATH="$HERE/bin:$PATH" "$INSTANCE_BINDIR/kuke" --no-daemon run -d -f "$INSTANCE/home/doc"
	one_line runc
	is_cell_state a Failed
	refute inst test -e "$(cell_starts a)"
	quiet kuke start cell a
	is_cell_state a Ready
	kuke delete cell a
	rm -r "${HERE:?}/bin"
}

@test "a runc that the kernel was too busy for is tried again, any other failure is not" {
	mkdir "$HERE/bin"
	cell_doc a "$IDLE" >"$INSTANCE/home/doc"
	# It says what runc says, twice, before it is runc.
	cat >"$HERE/bin/runc" <<-END
		#!/bin/bash
		case " \$* " in *" run "*) ;; *) exec $(command -v runc) "\$@" ;; esac
		echo run >>"$HERE/runs"
		[ "\$(wc -l <"$HERE/runs")" -gt "\$(<"$HERE/fails")" ] && exec $(command -v runc) "\$@"
		while [ "\$1" != --log ]; do shift; done
		printf '{"level":"error","msg":"%s"}\n' "\$(<"$HERE/says")" >>"\$2"
		exit 1
	END
	chmod +x "$HERE/bin/runc"
	busy='nsexec[7]: could not ensure we are a cloned binary: Device or resource busy'
	with_it() { : >"$HERE/runs"; inst env PATH="$HERE/bin:$PATH" "$INSTANCE_BINDIR/kuke" --no-daemon "$@"; }
	echo "$busy" >"$HERE/says"
	echo 2 >"$HERE/fails"
	quiet with_it run -d -f "$INSTANCE/home/doc"
	assert_equal "$(wc -l <"$HERE/runs")" 3
	assert_equal "$(cell_state a)" Ready
	kuke delete cell a
	echo 3 >"$HERE/fails"
	run quiet with_it run -d -f "$INSTANCE/home/doc"
	one_line 'Device or resource busy'
	assert_equal "$(wc -l <"$HERE/runs")" 3
	echo 'no such luck' >"$HERE/says"
	run quiet with_it start cell a
	one_line 'no such luck'
	assert_equal "$(wc -l <"$HERE/runs")" 1
	kuke delete cell a
	rm -r "${HERE:?}/bin"
}

@test "no overlay file system: the start says so" {
	cell_doc a "$IDLE" >"$INSTANCE/home/doc"
	# Every mount of an overlay fails as it does on a kernel without.
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 \
		run quiet inst strace -f -o /dev/null -e trace=fsopen,mount \
		-e inject=fsopen:error=ENODEV \
		"$INSTANCE_BINDIR/kuke" --no-daemon run -d -f "$INSTANCE/home/doc"
	one_line overlay
	is_cell_state a Failed
	quiet kuke start cell a
	kuke delete cell a
}

@test "archives that are none: one line, and the store is as before" {
	local f=$INSTANCE/home/bad.tar
	find "$INSTANCE_RUN_PATH/namespaces" | sort >"$INSTANCE/home/before"
	: >"$f"
	run kuke image load "$f"
	one_line 'image tarball is required'
	head -c 300000 "$INSTANCE/home/base.tar" >"$f"
	run kuke image load "$f"
	one_line ''
	head -c 300000 /dev/urandom >"$f"
	run kuke image load "$f"
	one_line ''
	run kuke image load /no/such.tar
	one_line 'no such file'
	run kuke image load --realm nope "$INSTANCE/home/base.tar"
	one_line 'realm not found: nope'
	find "$INSTANCE_RUN_PATH/namespaces" | sort | diff "$INSTANCE/home/before" -
	rm "$f"
}

# runs IMAGE: a cell of it says so.
runs()
{
	cell_doc a 'echo up; exec sleep 1000' | sed "s,$IMAGE,$1," | quiet kuke run -d -f - >/dev/null
	wait_for 200 log_has a up
	quiet kuke kill cell a >/dev/null
	kuke delete cell a
	kuke image delete "$1"
}

@test "a docker archive by skopeo loads and runs" {
	skopeo copy -q --insecure-policy "oci-archive:$INSTANCE/home/base.tar" \
		"docker-archive:$INSTANCE/home/s.tar:docker.io/library/by-skopeo:1"
	run kuke image load "$INSTANCE/home/s.tar"
	assert_line --index 1 '  - docker.io/library/by-skopeo:1'
	runs docker.io/library/by-skopeo:1
}

@test "a layout by umoci loads and runs, as a directory and as an archive" {
	local d=$INSTANCE/home/u
	umoci init --layout "$d"
	umoci new --image "$d:1"
	mkdir -p "$INSTANCE/home/u1"
	umoci unpack --image "$d:1" "$INSTANCE/home/u1/b"
	mkdir -p "$INSTANCE/home/u1/b/rootfs/bin"
	cp "$(command -v busybox)" "$INSTANCE/home/u1/b/rootfs/bin/busybox"
	ln -s busybox "$INSTANCE/home/u1/b/rootfs/bin/sh"
	ln -s busybox "$INSTANCE/home/u1/b/rootfs/bin/sleep"
	umoci repack --image "$d:1" "$INSTANCE/home/u1/b"
	umoci config --image "$d:1" --config.env PATH=/bin
	run kuke image load "$d"
	assert_success
	runs "$(sed -n 's/^  - //p' <<<"$output")"
	tar -C "$d" -cf "$INSTANCE/home/u.tar" .
	run kuke image load - <"$INSTANCE/home/u.tar"
	assert_success
	runs "$(sed -n 's/^  - //p' <<<"$output")"
}

@test "an archive by buildah loads and runs" {
	local b="buildah --root $INSTANCE/home/bs --runroot $INSTANCE/home/br --storage-driver vfs"
	# shellcheck disable=SC2086
	{
		c=$(unshare -m $b from --pull=never scratch)
		unshare -m $b copy -q "$c" "$(command -v busybox)" /bin/busybox
		unshare -m $b copy -q "$c" "$(command -v busybox)" /bin/sh
		unshare -m $b copy -q "$c" "$(command -v busybox)" /bin/sleep
		unshare -m $b config --env PATH=/bin --cmd sh "$c"
		unshare -m $b commit -q --rm "$c" "oci-archive:$INSTANCE/home/b.tar:by-buildah:1"
	}
	run kuke image load "$INSTANCE/home/b.tar"
	assert_success
	runs "$(sed -n 's/^  - //p' <<<"$output")"
}
