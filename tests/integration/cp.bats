#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kuke cp: files and directories between the host and containers that run or not, as they are
# and where docker cp and podman cp put them. Neither what a container has made of its files,
# nor an archive, leads out of where the copy works; what ends early leaves no process, mount
# or lock.
# shellcheck disable=SC2016 # scripts for the container

load ../helpers/suite

setup_file()
{
	suite_start --restarts
	mkdir -p "$HERE/etc"
}

setup()
{
	rm -rf "$HERE/w"
	mkdir "$HERE/w"
	cd "$HERE/w" || return
	suite_snapshot
}

KUKE()
{
	quiet kuke "$@"
}

# up NAME [YAML] [SCRIPT]: a cell whose container runs.
up()
{
	run_cell "$1" "${3:-$IDLE}" "${2:-}"
	wait_for 100 log_has "$1" '^up$'
}

down()
{
	local name

	for name in "$@"; do
		KUKE kill cell "$name" >/dev/null
		KUKE delete cell "$name" >/dev/null
	done
}

# cp_fails TEXT ARG…: with that one line.
cp_fails()
{
	local text=$1

	shift
	run quiet kuke cp "$@"
	assert_failure 1
	assert_equal "$output" "Error: $text"
}

# in_c CELL SCRIPT
in_c()
{
	quiet kuke exec "$1" -- sh -c "$2"
}

cell_is()
{
	[ "$(cell_state "$1")" = "$2" ]
}

no_copier()
{
	assert_equal "$(inst pgrep -x kukecp)" ''
}

@test "places: where a file and a directory come, in both directions" {
	up a
	echo file >f
	mkdir -p d/sub
	echo in >d/sub/x
	in_c a 'mkdir /t /t/there'

	# A file: into a directory, to a new name, over a file.
	KUKE cp f a:/t/there
	KUKE cp f a:/t/new
	assert_equal "$(in_c a 'cat /t/there/f /t/new')" $'file\nfile'
	echo other >g
	KUKE cp g a:/t/new
	assert_equal "$(in_c a 'cat /t/new')" other
	# A relative path begins at the root.
	KUKE cp g a:t/rel
	assert_equal "$(in_c a 'cat /t/rel')" other
	# A directory: into one that is there, to a new name, its content with "/.".
	KUKE cp d a:/t/there
	KUKE cp d a:/t/d2
	KUKE cp d/ a:/t/d3/
	KUKE cp d/. a:/t/d4
	in_c a 'mkdir /t/d5'
	KUKE cp d/. a:/t/d5
	assert_equal "$(in_c a 'cat /t/there/d/sub/x /t/d2/sub/x /t/d3/sub/x /t/d4/sub/x /t/d5/sub/x' | sort -u)" in
	(cd d && KUKE cp . a:/t/there/dot)
	assert_equal "$(in_c a 'cat /t/there/dot/sub/x')" in

	# The same way out.
	mkdir there
	KUKE cp a:/t/new there
	KUKE cp a:/t/new ./named
	assert_equal "$(cat there/new named)" $'other\nother'
	KUKE cp a:/t/rel named
	KUKE cp a:/t/d2 there
	KUKE cp a:/t/d2 d2
	KUKE cp a:/t/d2/. d4
	mkdir d5
	KUKE cp a:/t/d2/. d5
	assert_equal "$(cat there/d2/sub/x d2/sub/x d4/sub/x d5/sub/x | sort -u)" in
	wait_for 60 no_copier
	down a
}

@test "places: what is refused, by one line that names it" {
	up a
	mkdir d
	touch f
	in_c a 'mkdir /t; touch /t/f'
	cp_fails "source 'nosuch': no such file or directory" nosuch a:/t
	cp_fails "destination '/no/such' in the container: no such file or directory" f a:/no/such
	cp_fails "destination '/t/no/' in the container is no directory that exists" f a:/t/no/
	cp_fails "destination '/t/f/' in the container: not a directory" f a:/t/f/
	cp_fails "destination '/t/f' in the container is not a directory, the source is one" d a:/t/f
	cp_fails "source '/nosuch' in the container: no such file or directory" a:/nosuch x
	cp_fails "source '/t/f/' in the container: not a directory" a:/t/f/ x
	cp_fails "destination 'no/such': no such file or directory" a:/t/f no/such
	cp_fails "destination 'f' is not a directory, the source is one" a:/t f
	cp_fails "destination 'no/' is no directory that exists" a:/t/f no/
	cp_fails 'cell "nosuch" not found in realm "default", space "default", stack "default"' nosuch:/x x
	cp_fails 'container "b" not found in cell "a", which has: main' -c b a:/x x
	cp_fails 'one of SOURCE and DESTINATION has to be CELL:PATH (a path of this host with a colon in it can be written as ./PATH)' f d
	cp_fails 'only one of SOURCE and DESTINATION can be in a cell; copy by a pipe: kuke cp a:/x - | kuke cp - a:/y' a:/x a:/y
	cp_fails '"a:" has no path behind the colon' a: x
	mkdir -p there/t
	mkdir e e/t
	touch e/t/f
	in_c a 'mkdir -p /e/t/f'
	cp_fails "there is a directory at 't/f', the source is none" e/t a:/e
	assert_equal "$(ls)" $'d\ne\nf\nthere'
	wait_for 60 no_copier
	down a
}

# tree DIR: a tree with what files can be.
tree()
{
	mkdir -p "$1/empty" "$1/closed" "$1/deep/er"
	echo plain >"$1/plain"
	chmod 640 "$1/plain"
	echo run >"$1/run"
	chmod 4751 "$1/run"
	chmod 1777 "$1/empty"
	touch -d '2001-02-03 04:05:06 UTC' "$1/plain"
	ln "$1/plain" "$1/deep/same"
	ln -s plain "$1/link"
	ln -s /etc/shadow "$1/away"
	ln -s nowhere "$1/dangling"
	mkfifo -m 620 "$1/fifo"
	truncate -s 50M "$1/sparse"
	printf end >>"$1/sparse"
	head -c 5000000 /dev/urandom >"$1/big"
	: >"$1/none"
	echo x >"$1/ blank "
	echo x >"$1/"$'new\nline\ttab'
	echo x >"$1/äöü€😀"
	echo x >"$1/"$'\xff\xfe'
	echo x >"$1/$(printf '%0255d' 7)"
	echo x >"$1/-rf"
	mkdir -p "$1/$(printf '%0200d/%0200d' 1 2)"
	echo x >"$1/$(printf '%0200d/%0200d' 1 2)/x"
	echo x >"$1/closed/x"
	chmod 500 "$1/closed"
	touch -d '1999-01-01 UTC' "$1/closed" "$1/deep"
}

# listing DIR: what it has, with sums.
listing()
{
	(cd "$1" && find . -mindepth 1 -printf '%P|%y|%m|%T@|%l|%n\n' | sort &&
		find . -type f -exec md5sum {} + | sort)
}

@test "a tree comes back as it went, in all that is its own" {
	up a
	mkdir t
	tree t
	KUKE cp t a:/t
	KUKE cp a:/t back
	# set-id bits stay behind: the files have other owners in between.
	chmod 751 t/run
	diff <(listing t) <(listing back)
	assert_equal "$(in_c a 'stat -c %u:%g:%a /t/plain /t/run /t/closed')" $'0:0:640\n0:0:751\n0:0:500'
	# What is sparse stays so, and what is many times there is once.
	run test "$(stat -c %b back/sparse)" -lt 1000
	assert_success
	assert_equal "$(stat -c %i back/plain)" "$(stat -c %i back/deep/same)"
	# Once more over what is there; directories that are stay as they are.
	KUKE cp t/. a:/t
	KUKE cp a:/t/. back
	diff <(listing t | grep -av '|d|') <(listing back | grep -av '|d|')
	wait_for 60 no_copier
	down a
}

@test "owners, set-id bits, attributes and capabilities with -a" {
	up a
	mkdir -p t/d
	echo x >t/own
	echo x >t/cap
	chown 123:456 t/own t/d
	chown 4000000:5000000 t/cap
	chmod 6755 t/own
	setcap cap_net_raw+ep t/cap
	if setfattr -n user.note -v hello t/cap && setfattr -n user.note -v dir t/d; then
		note=1
	fi
	KUKE cp -a t a:/t
	assert_equal "$(in_c a 'stat -c %u:%g:%a /t/own /t/d /t/cap')" $'123:456:6755\n123:456:755\n4000000:5000000:644'
	KUKE cp -a a:/t back
	assert_equal "$(stat -c %u:%g:%a back/own back/d back/cap)" $'123:456:6755\n123:456:755\n4000000:5000000:644'
	assert_equal "$(getcap back/cap)" 'back/cap cap_net_raw=ep'
	if [ -n "${note:-}" ]; then
		assert_equal "$(getfattr --only-values -n user.note back/cap back/d)" hellodir
	fi
	# Without it files are the caller's, and have none of these.
	KUKE cp a:/t plain
	assert_equal "$(stat -c %u:%g:%a plain/own plain/cap)" $'0:0:755\n0:0:644'
	assert_equal "$(getcap plain/cap)" ''
	# An ordinary user gets no set-id bits and no owner with it either.
	chmod 777 .
	chmod 755 "$INSTANCE" "$HERE"
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$INSTANCE_BINDIR/src/kukecp/kukecp" unpack 9 "$PWD/user" t \
		< <(KUKE cp a:/t -)
	assert_equal "$(stat -c %u:%g:%a user/own)" 65534:65534:755
	chmod 700 "$INSTANCE"
	wait_for 60 no_copier
	down a
}

@test "an archive on standard input and output" {
	up a
	mkdir t
	tree t
	find t -exec touch -h -d '2002-02-02 UTC' {} + # GNU tar writes whole seconds
	in_c a 'mkdir /in /in2'
	# As GNU tar writes it, and as pax.
	tar -C t -c . | KUKE cp - a:/in
	tar -C t --format=pax -c . | KUKE cp - a:/in2
	KUKE cp a:/in - >out.tar
	tar -tf out.tar >list
	assert_equal "$(head -n 1 list)" in/
	mkdir x
	tar -C x -xf out.tar
	chmod 751 t/run
	diff <(listing t) <(listing x/in)
	KUKE cp a:/in2/. - | tar -C x -x
	diff <(listing t) <(rm -r x/in; listing x)
	assert_equal "$(KUKE cp a:/in/plain - | tar -xO)" plain
	# Owners of an archive count with -a.
	tar -C t --owner=77 --group=88 -c plain | KUKE cp -a - a:/in
	assert_equal "$(in_c a 'stat -c %u:%g /in/plain')" 77:88
	tar -C t --owner=77 --group=88 -c plain | KUKE cp - a:/in
	assert_equal "$(in_c a 'stat -c %u:%g /in/plain')" 0:0
	# What is no such thing.
	cp_fails "destination '/no' in the container does not exist: an archive needs a directory" - a:/no <out.tar
	cp_fails "destination '/in/plain' in the container is not a directory" - a:/in/plain <out.tar
	echo no >no.tar
	truncate -s 2k no.tar
	cp_fails 'not a tar archive' - a:/in <no.tar
	gzip -k out.tar
	cp_fails 'the archive is compressed: decompress it first (zcat, zstdcat)' - a:/in <out.tar.gz
	head -c 100000 out.tar >cut.tar
	cp_fails 'bad tar archive: it ends before its end marker' - a:/in <cut.tar
	cp_fails 'bad tar archive: it ends before its end marker' - a:/in </dev/null
	tar -C t --sparse -cf sparse.tar sparse
	cp_fails 'the archive has sparse entries, which are not supported: make it without --sparse' - a:/in <sparse.tar
	tar -C t -cf f.tar plain none
	printf 'XXXX' | dd of=f.tar bs=1 seek=1030 conv=notrunc status=none
	cp_fails 'bad tar archive: a header is damaged' - a:/in <f.tar
	wait_for 60 no_copier
	down a
}

@test "links: of the source and the destination, inside the container alone" {
	up a
	echo in >f
	in_c a 'mkdir -p /t/real; echo a >/t/real/x; ln -s real /t/rel; ln -s /t/real /t/abs;
		ln -s real/new /t/new; ln -s /../../../../../../t/real/up /t/up; ln -s loop /t/loop'
	# A source that is a link is copied as one; -L and a slash follow it.
	KUKE cp a:/t/rel .
	assert_equal "$(readlink rel)" real
	KUKE cp -L a:/t/rel followed
	KUKE cp a:/t/abs/ slash
	KUKE cp a:/t/abs/. dot
	assert_equal "$(cat followed/x slash/x dot/x)" $'a\na\na'
	# Links on the way and at the end of a destination are followed.
	KUKE cp f a:/t/rel
	KUKE cp f a:/t/abs/y
	KUKE cp f a:/t/new
	KUKE cp f a:/t/up
	assert_equal "$(in_c a 'cd /t/real; cat f y new up')" $'in\nin\nin\nin'
	assert_equal "$(in_c a 'readlink /t/new')" real/new
	cp_fails "destination '/t/loop' in the container: symbolic link loop" f a:/t/loop
	cp_fails "source '/t/loop/x' in the container: symbolic link loop" a:/t/loop/x x
	# The same for links of the host.
	mkdir real
	ln -s real hostlink
	ln -s real/new hostnew
	KUKE cp a:/t/real/x hostlink
	KUKE cp a:/t/real/x hostnew
	assert_equal "$(cat real/x real/new)" $'a\na'
	KUKE cp hostlink a:/t/copied
	assert_equal "$(in_c a 'readlink /t/copied')" real
	KUKE cp -L hostlink a:/t/dir
	assert_equal "$(in_c a 'cat /t/dir/x')" a
	wait_for 60 no_copier
	down a
}

@test "volumes, tmpfs, read-only mounts and files that are mounts" {
	mkdir vol ro
	echo v >vol/x
	echo r >ro/x
	up a "$(cat <<-END
		readOnlyRootFilesystem: true
		volumes:
		  - {kind: bind, source: $PWD/vol, target: /vol}
		  - {kind: bind, source: $PWD/ro, target: /ro, readOnly: true}
		tmpfs:
		  - {path: /mem, sizeBytes: 1048576}
	END
	)"
	echo new >f
	KUKE cp f a:/vol
	KUKE cp f a:/mem
	assert_equal "$(cat vol/f; in_c a 'cat /mem/f')" $'new\nnew'
	KUKE cp a:/ro/x got
	KUKE cp a:/mem mem
	assert_equal "$(cat got mem/f)" $'r\nnew'
	cp_fails "create 'f': read-only file system" f a:/etc
	cp_fails "create 'f': read-only file system" f a:/ro
	cp_fails "replace 'x': read-only file system" ro/x a:/ro
	# A tmpfs takes what it holds, and no more.
	head -c 4M /dev/zero | tr '\0' x >large
	cp_fails "write 'large': no space left on device" large a:/mem
	# File systems of the kernel are none of the container's files.
	cp_fails "'/proc' is on a file system of the kernel (/proc, /sys)" a:/proc x
	cp_fails "'/proc/1/status' is on a file system of the kernel (/proc, /sys)" a:/proc/1/status x
	cp_fails "'/proc/sys/kernel' is on a file system of the kernel (/proc, /sys)" f a:/proc/sys/kernel
	cp_fails "'/sys/f' is on a file system of the kernel (/proc, /sys)" f a:/sys/f
	run quiet kuke cp a:/ all
	assert_success
	assert_equal "$(find all -maxdepth 1 '(' -name proc -o -name sys ')')" ''
	assert_equal "$(cat all/vol/f all/mem/f)" $'new\nnew'
	down a

	up b
	KUKE cp b:/etc/hostname - | tar -xO >got
	assert_equal "$(cat got)" b
	wait_for 60 no_copier
	down b
}

@test "a container that does not run: its layer, its volumes, no more" {
	mkdir vol
	run_cell a 'echo out >/made; exit 0' "volumes: [{kind: bind, source: $PWD/vol, target: /vol}]"
	wait_for 60 cell_is a Stopped
	echo in >f
	mkdir d
	echo d >d/x
	KUKE cp a:/made got
	KUKE cp f a:/made
	KUKE cp d a:/d
	KUKE cp f a:/vol
	KUKE cp a:/made changed
	KUKE cp a:/d/. d2
	assert_equal "$(cat got changed d2/x vol/f)" $'out\nin\nd\nin'
	cp_fails "source '/nosuch' in the container: no such file or directory" a:/nosuch x
	wait_for 60 no_copier
	# What was copied is there after a start.
	KUKE delete cell a >/dev/null

	cell_doc b 'trap "exit 0" TERM; cat /etc/new; echo up; sleep 1000 & wait' >b.yaml
	KUKE create -f b.yaml >/dev/null 2>&1 || KUKE apply -f b.yaml >/dev/null
	KUKE stop cell b >/dev/null
	KUKE cp f b:/etc/new
	KUKE start cell b >/dev/null
	wait_for 60 log_has b '^up$'
	log_has b '^in$'
	down b

	# A root that is read-only for it is so for others.
	run_cell c 'exit 0' 'readOnlyRootFilesystem: true'
	wait_for 60 cell_is c Stopped
	cp_fails "create 'f': read-only file system" f c:/etc
	KUKE cp c:/etc/passwd passwd
	test -s passwd
	wait_for 60 no_copier
	KUKE delete cell c >/dev/null
}

@test "a file that is a mount is written in place; files, directories and links do not change places" {
	echo old >vol
	up a "volumes: [{kind: bind, source: $PWD/vol, target: /etc/vol}]"
	echo new >f
	KUKE cp f a:/etc/vol
	assert_equal "$(cat vol; in_c a 'cat /etc/vol')" $'new\nnew'
	mkdir d
	ln -s x d/vol
	cp_fails "replace 'vol': resource busy" d/vol a:/etc/vol
	in_c a 'mkdir -p /t/f /t/d; rmdir /t/d; touch /t/d; ln -s / /t/l'
	mkdir -p s/f s2/d s3/l
	touch s3/l/x
	rmdir s/f
	touch s/f
	cp_fails "there is a directory at 'f', the source is none" s/. a:/t
	cp_fails "there is something at 'd' that is no directory" s2/. a:/t
	cp_fails "there is something at 'l' that is no directory" s3/. a:/t
	wait_for 60 no_copier
	down a
}

@test "pipes, sockets and devices are neither waited for nor opened" {
	up a
	in_c a 'mkdir /t; mkfifo /t/fifo; mknod /t/null c 1 3; mknod /t/disk b 8 0; echo x >/t/x'
	KUKE cp a:/t/fifo fifo
	test -p fifo
	cp_fails "'null' is a device, which is not copied" a:/t/null null
	cp_fails "'disk' is a device, which is not copied" a:/t/disk disk
	run quiet kuke cp a:/t all
	assert_success
	assert_output --partial "Warning: 't/null' is a device, which is not copied"
	assert_output --partial "Warning: 't/disk' is a device, which is not copied"
	assert_equal "$(ls all)" $'fifo\nx'
	mkfifo p
	KUKE cp p a:/t/p
	in_c a 'test -p /t/p'
	# An archive with devices makes none.
	mkdir dev
	touch dev/y
	mknod dev/z c 1 3
	run quiet kuke cp - a:/t < <(tar -C dev -c .)
	assert_success
	assert_output "Warning: './z' is a device, which is not copied"
	assert_equal "$(in_c a 'test -e /t/z || echo none; ls /t/y')" $'none\n/t/y'
	cp_fails "'null' is a device, which is not copied" /dev/null a:/t/null2
	cp_fails "'kukeond.sock' is a socket, which is not copied" "$INSTANCE/run/kukeond.sock" a:/t/sock
	wait_for 60 no_copier
	down a
}

# outside: a directory of the host that nothing may reach, with a secret in it.
outside()
{
	mkdir outside
	echo SECRET >outside/canary
	out=$PWD/outside
	before=$(find outside -printf '%P %m %u %T@\n'; cat outside/canary)
}

outside_is_as_before()
{
	assert_equal "$(find outside -printf '%P %m %u %T@\n'; cat outside/canary)" "$before"
	! grep -rqs --exclude-dir=outside SECRET .
}

@test "links of a container lead to its own files, in every part of a path" {
	local out before p

	outside
	up a
	echo mine >f
	mkdir -p d/canary
	in_c a "mkdir -p /t /x; ln -s $out /t/abs; ln -s ../../../../../../../../..$out /t/up; ln -s $out/canary /t/file;
		ln -s /t/abs /x/two; ln -s /proc/1/root /t/root; ln -s /proc/self/cwd /t/cwd"
	for p in abs abs/canary abs/new up up/canary up/new file file/ abs/. root"$out" root"$out"/canary cwd"$out"; do
		run quiet kuke cp -L "a:/t/$p" got
		assert_failure 1
		rm -rf got
		run quiet kuke cp f "a:/t/$p"
		assert_failure 1
		run quiet kuke cp d "a:/t/$p"
		assert_failure 1
		run quiet kuke cp - "a:/t/$p" < <(tar -c f)
		assert_failure 1
	done
	run quiet kuke cp a:/x/two/canary got
	assert_failure 1
	# Where the same path is in the container, it is that one's.
	in_c a "mkdir -p $out; echo own >$out/canary"
	KUKE cp a:/t/abs/canary got
	assert_equal "$(cat got)" own
	KUKE cp f a:/t/file
	KUKE cp f a:/t/abs
	assert_equal "$(in_c a "cat $out/canary $out/f")" $'mine\nmine'
	# Links come out as links, and are not followed there.
	KUKE cp a:/t links
	assert_equal "$(readlink links/abs links/file)" $"$out"$'\n'"$out/canary"
	in_c a 'rm -r /t; mkdir -p /t/abs; echo over >/t/abs/canary; echo over >/t/file'
	cp_fails "there is something at 'abs' that is no directory" a:/t/. links/
	KUKE cp a:/t/file links/file2
	in_c a 'rm -r /t/abs'
	KUKE cp a:/t/. links
	assert_equal "$(cat links/file)" over
	outside_is_as_before
	wait_for 60 no_copier
	down a
}

@test "a container that exchanges directories and links while it is copied" {
	local out before i

	outside
	up a '' "mkdir -p /t/d/sub /t/real; echo x >/t/d/sub/x
		echo up
		while :; do
			mv /t/d /t/e; ln -s $out /t/d; rm /t/d; mv /t/e /t/d
			mv /t/d/sub /t/s; ln -s $out /t/d/sub; rm /t/d/sub; mv /t/s /t/d/sub
			rm -rf /t/d/sub/dir; ln -sfn $out /t/d/f; rm -f /t/d/f; ln -s $out/canary /t/d/f; rm -f /t/d/f
		done 2>/dev/null"
	mkdir -p in/sub/dir
	for i in 1 2 3 4 5; do
		echo "mine $i" >"in/sub/f$i"
		echo "mine $i" >"in/sub/dir/canary"
	done
	echo mine >in/canary
	for i in $(seq 1 25); do
		quiet kuke cp in/. a:/t/d >/dev/null 2>&1 || true
		quiet kuke cp in/canary a:/t/d >/dev/null 2>&1 || true
		quiet kuke cp in/canary a:/t/d/f >/dev/null 2>&1 || true
		quiet kuke cp - a:/t/d/sub < <(tar -C in -c .) >/dev/null 2>&1 || true
		quiet kuke cp a:/t "got$i" >/dev/null 2>&1 || true
		quiet kuke cp -L a:/t/d "follow$i" >/dev/null 2>&1 || true
		quiet kuke cp a:/t/d/sub/x "x$i" >/dev/null 2>&1 || true
	done
	outside_is_as_before
	wait_for 60 no_copier
	down a
}

# hostile OUT: archives that want out, one in each file of the directory "tars".
hostile()
{
	mkdir tars pieces
	cd pieces || return
	echo bad >f
	ln -s "$1" l
	ln f hard
	tar -cf ../tars/up --transform='s,^,../../../../../../../../../..'"$1"'/,' f
	tar -cf ../tars/dotdot --transform='s,^,x/../../,' f
	tar -P -cf ../tars/through l
	tar -P -rf ../tars/through --transform='s,^f,l/canary,' f
	tar -cf ../tars/over l
	ln -sfn "$1/canary" l
	tar -P -cf ../tars/file l
	tar -P -rf ../tars/file --transform='s,^f,l,' f
	tar -P -cf ../tars/link --transform='flags=h;s,^f,'"..$1/canary"',' f hard
	tar -P -cf ../tars/abslink --transform='flags=h;s,^f,'"$1/canary"',' f hard
	cd .. || return
}

@test "archives that want out of where they are unpacked" {
	local out before t

	outside
	hostile "$out"
	up a
	in_c a 'mkdir -p /a/b/c'
	mkdir -p dest/b
	for t in up dotdot link; do
		run quiet kuke cp - a:/a/b/c <"tars/$t"
		assert_failure 1
		assert_like "$output" "Error: refused '" ...
		# What comes from a container is treated the same way: this is what kuke starts for it.
		for flags in 1 3 5 9; do
			run quiet "$INSTANCE_BINDIR/src/kukecp/kukecp" unpack $flags dest/b name <"tars/$t"
			assert_failure 1
		done
	done
	# A link is no way, and neither is one that is there already.
	run quiet kuke cp - a:/a/b/c <tars/through
	assert_failure 1
	assert_output "Error: refused what is in 'l': there, that is a symbolic link and not a directory"
	run quiet "$INSTANCE_BINDIR/src/kukecp/kukecp" unpack 3 dest/b name <tars/through
	assert_failure 1
	assert_output "Error: refused what is in 'l': there, that is a symbolic link and not a directory"
	# A file takes the place of a link of its name.
	KUKE cp - a:/a/b/c <tars/file
	assert_equal "$(in_c a 'cat /a/b/c/l')" bad
	quiet "$INSTANCE_BINDIR/src/kukecp/kukecp" unpack 3 dest/b name <tars/file
	assert_equal "$(cat dest/b/l)" bad
	# An absolute name is one below the destination.
	(cd pieces && tar -P -cf ../tars/abs "$PWD/f" 2>/dev/null)
	KUKE cp - a:/a/b/c <tars/abs
	assert_equal "$(in_c a "cat /a/b/c$PWD/pieces/f")" bad
	run quiet "$INSTANCE_BINDIR/src/kukecp/kukecp" unpack 3 dest/b name <tars/abslink
	assert_failure 1
	outside_is_as_before
	assert_equal "$(ls -A dest)" b
	wait_for 60 no_copier
	down a
}

copier_works()
{
	[ -n "$(inst pgrep -x kukecp)" ]
}

# begin ARG…: kuke cp ARG… in the background; its standard input is that of the caller.
begin()
{
	quiet kuke cp "$@" <&0 &
	CLIENT=$!
	wait_for 60 copier_works
}

signal_client()
{
	inst kill "-$1" "$(inst pgrep -fx "$INSTANCE_BINDIR/kuke cp .*")"
}

client_ended()
{
	local r=0

	wait "$CLIENT" || r=$?
	assert_equal "$r" "$1"
	wait_for 60 no_copier
}

@test "a client that ends meanwhile, in both directions" {
	mkfifo in
	exec 9<>in
	up a
	in_c a 'mkdir /t; dd if=/dev/zero of=/t/big bs=1M count=1 seek=1000000 2>/dev/null'
	begin a:/t/big out
	signal_client KILL
	client_ended 137
	begin - a:/t <in
	signal_client KILL
	client_ended 137
	# An interrupt is nothing to talk about.
	begin a:/t/big out2 2>err
	signal_client INT
	client_ended 130
	assert_equal "$(cat err)" ''
	begin - a:/t <in
	signal_client TERM
	client_ended 143
	# A reader of the archive that goes.
	assert_equal "$(quiet kuke cp a:/t - | head -c 3)" pax
	wait_for 60 no_copier
	# A kukecp that is killed at this end.
	begin a:/t/big out3 2>err
	inst kill -KILL "$(inst pgrep -f '^[^ ]*kukecp unpack ')"
	client_ended 1
	assert_equal "$(cat err)" 'Error: kukecp was killed by signal 9'
	exec 9>&-
	down a
}

@test "a daemon or a container that ends meanwhile" {
	mkfifo gate in
	exec 9<>in
	up a
	in_c a 'mkdir /t; dd if=/dev/urandom of=/t/some bs=1M count=20 2>/dev/null'
	# A copy goes on without the daemon.
	quiet kuke cp a:/t/some - >gate &
	CLIENT=$!
	exec 8<gate
	head -c 1000 <&8 >first
	kill_daemon
	cat <&8 >rest
	exec 8<&-
	client_ended 0
	restart_daemon
	assert_equal "$(cat first rest | tar -xO | md5sum | cut -d' ' -f1)" "$(in_c a 'md5sum /t/some' | cut -d' ' -f1)"
	# The container's end is that of its copies.
	begin - a:/t <in 2>err
	KUKE kill cell a >/dev/null
	client_ended 1
	assert_equal "$(cat err)" 'Error: the copy was killed: the container has ended or is out of memory'
	exec 9>&-
	KUKE delete cell a >/dev/null
}

@test "a copy of a stopped container holds its cell no longer than it works" {
	mkfifo in
	exec 9<>in
	run_cell a 'exit 0'
	wait_for 60 cell_is a Stopped
	begin - a:/tmp <in
	signal_client KILL
	client_ended 137
	# A client that sends nothing is given up after half a minute, and others go on.
	begin - a:/tmp <in 2>err
	KUKE delete cell a >/dev/null
	client_ended 1
	assert_equal "$(cat err)" 'Error: the copy was given up or killed: its process at the container has ended'
	exec 9>&-
}

# The same sources with the sanitizers in them, which end a process that errs.
@test "copies under sanitizers" {
	local bin=$INSTANCE/sanitized

	mkdir -p "$bin"
	cp "$INSTANCE_BINDIR/kuke" "$INSTANCE_BINDIR/kukeond" "$bin/"
	ln -s "$top_builddir/src" "$bin/src"
	cp "$top_builddir/src/kukecp/kukecp-sanitized" "$bin/kukecp"
	sanitized() { quiet inst "$bin/kuke" --no-daemon cp "$@"; }
	up a
	mkdir t
	tree t
	for flag in -- -a; do
		sanitized "$flag" t "a:/t$flag"
		sanitized "$flag" "a:/t$flag" "back$flag"
		[ "$flag" = -a ] || chmod 751 t/run
		diff <(listing t) <(listing "back$flag")
		chmod 4751 t/run
	done
	sanitized a:/t-a - >t.tar
	sanitized - a:/tmp <t.tar
	for n in 1 511 512 513 3000 100000; do
		run sanitized - a:/tmp < <(head -c "$n" t.tar)
		assert_failure 1
		assert_output --partial 'Error: bad tar archive: it ends before its end marker'
	done
	run sanitized t/plain a:/no/such
	assert_failure 1
	assert_output "Error: destination '/no/such' in the container: no such file or directory"
	wait_for 60 no_copier
	down a
	rm -r "$bin"
}
