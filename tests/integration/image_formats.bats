#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The formats of tar and of compression: what goes in comes out, entry by entry
# with all metadata, whatever the locale.

load ../helpers/assert

setup_file()
{
	export IMGDRIVE=$top_builddir/imgdrive HELPERS=$top_srcdir/tests/helpers
	WORK=$(mktemp -d /dev/shm/kukeon-test-XXXXXX)
	export WORK
	mkdir "$WORK/plain" "$WORK/odd"
	make_plain "$WORK/plain"
	make_plain "$WORK/odd"
	make_odd "$WORK/odd"
}

teardown_file()
{
	rm -rf "$WORK"
}

# What every format can hold.
make_plain()
{
	(
		cd "$1" || exit
		mkdir -p dir/sub empty
		echo file >dir/file
		ln dir/file dir/sub/hard
		ln -s ../file dir/sub/soft
		ln -s /nowhere/at/all dangling
		mkfifo fifo
		mknod null c 1 3
		mknod loop b 7 300
		echo s >setuid
		chmod 4751 setuid
		echo g >setgid
		chmod 2770 setgid
		chmod 1777 empty
		echo n >none
		chmod 0 none
		chown -h 65534:65533 dir/sub/soft
		chown 70000:200000 none
		find . -exec touch -h -d '2001-02-03 04:05:06' {} +
	)
}

# What GNU and pax headers are for.
make_odd()
{
	(
		cd "$1" || exit
		name=$(printf 'x%.0s' $(seq 240))
		mkdir -p "$name/$name/$name"
		echo long >"$name/$name/$name/$name"
		ln "$name/$name/$name/$name" "hard$name"
		ln -s "$name/$name/$name/$name" longlink
		echo bytes >"$(printf 'n\303\244m\377\376')"
		echo line >$'new\nline'
		echo big >ids
		chown 3000000000:4000000000 ids
		truncate -s 40M hole
		truncate -s 40M holes
		for i in 1 8 9 20 39; do
			echo "$i" | dd of=holes bs=1M seek=$i conv=notrunc status=none
		done
		truncate -s 3M end
		head -c 100000 /dev/urandom | dd of=end conv=notrunc status=none
		head -c 20000 /dev/urandom >>end
		find . -newermt 2001-02-04 -exec touch -h -d '2001-02-03 04:05:06' {} +
	)
}

# The same with what pax alone has.
make_pax()
{
	touch -h -d '2005-06-07 08:09:10.123456789' "$1/dir/file" "$1/dir/sub/soft" "$1/fifo" "$1/dir"
	setfattr -n user.note -v hello "$1/dir/file"
	setfattr -n user.bytes -v 0x00ff0a3d00 "$1/dir/file"
	setfattr -n user.empty "$1/dir/file"
	setfattr -n user.dir -v "of a directory" "$1/dir"
	setcap cap_net_raw+ep "$1/setuid"
	chmod 4751 "$1/setuid"
	touch -d '2001-02-03 04:05:06.000000001' "$1/setuid"
}

# image NAME TAR [COMPRESS…]: a docker archive $WORK/NAME.tar of one layer.
image()
{
	local dir=$WORK/image.d

	rm -rf "$dir"
	mkdir "$dir"
	"${@:3}" <"$2" >"$dir/layer"
	printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')" "$(sha256sum <"$2" | cut -d' ' -f1)" >"$dir/config"
	printf '[{"Config":"config","RepoTags":["t/%s:1"],"Layers":["layer"]}]' "$1" >"$dir/manifest.json"
	tar -C "$dir" -cf "$WORK/$1.tar" manifest.json config layer
}

# The topmost layer's files.
unpacked()
{
	echo "$WORK/run/namespaces/ns/$("$IMGDRIVE" "$WORK/run" ns resolve "t/$1:1" | sed -n 3p)"
}

# same NAME SOURCE: load it, and compare.
same()
{
	rm -rf "$WORK/run"
	"$IMGDRIVE" "$WORK/run" ns load "$WORK/$1.tar" >"$WORK/out" 2>&1 || { cat "$WORK/out"; return 1; }
	"$HELPERS/treecmp" tar "$(unpacked "$1")" "$WORK/$2"
}

@test "ustar, v7, old GNU, GNU, pax" {
	for format in ustar v7 oldgnu gnu pax; do
		source=plain
		what=(.)
		tar -C "$WORK/plain" --numeric-owner --format=$format -cf "$WORK/t" "${what[@]}" 2>"$WORK/said" || {
			# v7 knows no devices
			assert_equal "$format" v7
			rm -rf "$WORK/v7"
			cp -a "$WORK/plain" "$WORK/v7"
			rm "$WORK"/v7/{fifo,null,loop}
			touch -d '2001-02-03 04:05:06' "$WORK/v7"
			tar -C "$WORK/v7" --numeric-owner --format=v7 -cf "$WORK/t" .
			source=v7
		}
		image "$format" "$WORK/t" cat
		echo "# $format"
		same "$format" "$source"
	done
}

@test "long names, large ids, sparse files: GNU and every kind of pax, in any locale" {
	for args in --format=gnu --format=oldgnu "--format=pax --sparse-version=0.0" \
		"--format=pax --sparse-version=0.1" "--format=pax --sparse-version=1.0"; do
		# shellcheck disable=SC2086
		tar -C "$WORK/odd" --numeric-owner --sparse $args -cf "$WORK/t" .
		image sparse "$WORK/t" cat
		for locale in C C.UTF-8; do
			echo "# $args, $locale"
			LC_ALL=$locale same sparse odd
			for file in hole holes end; do
				assert [ "$(stat -c %b "$(unpacked sparse)/$file")" -le 1024 ]
			done
		done
	done
}

@test "attributes, file capabilities, nanoseconds: pax" {
	rm -rf "$WORK/pax"
	cp -a "$WORK/odd" "$WORK/pax"
	make_pax "$WORK/pax"
	tar -C "$WORK/pax" --numeric-owner --format=pax --sparse --xattrs --xattrs-include='*' \
		-cf "$WORK/t" .
	for locale in C C.UTF-8; do
		image pax "$WORK/t" gzip -1
		LC_ALL=$locale same pax pax
	done
	dir=$(unpacked pax)
	assert_equal "$(getcap "$dir/setuid")" "$dir/setuid cap_net_raw=ep"
	assert_equal "$(stat -c '%a %y' "$dir/setuid")" "4751 $(TZ=UTC0 stat -c %y "$WORK/pax/setuid")"
}

@test "gzip of any level and in members, zstd of any level and in frames, nothing" {
	tar -C "$WORK/plain" --numeric-owner --format=pax -cf "$WORK/t" .
	image a "$WORK/t" gzip -1
	same a plain
	image a "$WORK/t" gzip -9
	same a plain
	image a "$WORK/t" sh -c 'split -b 1000 --filter="gzip -c"'
	same a plain
	image a "$WORK/t" zstd -q -1
	same a plain
	image a "$WORK/t" zstd -q -19 --long=27
	same a plain
	image a "$WORK/t" sh -c 'split -b 1000 --filter="zstd -qc"'
	same a plain
	image a "$WORK/t" cat
	same a plain
}

@test "xz and bzip2 are refused by name" {
	tar -C "$WORK/plain" --numeric-owner -cf "$WORK/t" .
	image a "$WORK/t" xz -0
	run "$IMGDRIVE" "$WORK/run" ns load "$WORK/a.tar"
	assert_failure 1
	assert_like "$output" ... "layer is compressed with xz, which is not supported: use gzip or zstd"
	image a "$WORK/t" sh -c 'printf "BZh91AY&SY"; cat'
	run "$IMGDRIVE" "$WORK/run" ns load "$WORK/a.tar"
	echo "$output"
	assert_like "$output" ... "layer is compressed with bzip2, which is not supported: use gzip or zstd"
}
