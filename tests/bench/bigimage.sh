#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bigimage.sh DIR: the image that the benchmarks of images use, made once: Debian
# 12 in five layers (minbase; python and ping; gcc; a churn of whiteouts, an opaque
# directory and changed modes; an application of many small files, links, user
# attributes and a file capability). In DIR afterwards:
#
#   big/ bigz/      OCI layouts, tag latest, layers by gzip and by zstd
#   big.oci.tar     the same as an OCI archive (gzip)
#   big.docker.tar  as a docker archive (plain layers)
#   layers/N.tar.gz the gzip layers, lowest first
#
# Needs a mirror of Debian, and says which programs are missing.
set -eu -o pipefail

# shellcheck source=needs.bash
. "${BASH_SOURCE[0]%/*}/needs.bash"
dir=${1:?"usage: bigimage.sh DIR"}
mkdir -p "$dir"
cd "$dir"
[ ! -e made ] || exit 0
bench_needs mmdebstrap umoci skopeo jq setfattr:attr setcap:libcap2-bin

layer()
{
	rm -rf b
	umoci unpack --image big:latest b >/dev/null 2>&1
	"$1" "$PWD/b/rootfs"
	umoci repack --image big:latest b >/dev/null 2>&1
	rm -rf b
}

# in_root ROOT COMMAND: with a /proc and a /dev of its own.
in_root()
{
	cp /etc/resolv.conf "$1/etc/resolv.conf"
	# shellcheck disable=SC2016 # the inner shell expands
	unshare --mount sh -ec 'mount -t proc proc "$1/proc"; mount --bind /dev "$1/dev"
		exec chroot "$1" /bin/sh -ec "$2"' - "$1" "$2"
}

apt_install()
{
	echo "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update
		apt-get -qq install -y --no-install-recommends $*
		rm -rf /var/lib/apt/lists/* /var/cache/apt/*"
}

base_fs()
{
	tar -C "$1" --xattrs --xattrs-include='*' --numeric-owner -xpf base.tar
}

python_fs()
{
	in_root "$1" "$(apt_install python3 iputils-ping ca-certificates libcap2-bin)
		setcap cap_net_raw+ep /bin/ping"
}

gcc_fs()
{
	in_root "$1" "$(apt_install gcc libc6-dev make perl)"
}

churn_fs()
{
	rm -rf "$1"/usr/share/{doc,locale,man} "$1"/usr/lib/python3.11/{test,lib2to3}
	mkdir -p "$1/usr/share/doc"
	echo gone >"$1/usr/share/doc/README"
	find "$1/usr/share/perl" -name '*.pm' | sort | sed 200q | xargs -r chmod 0640
	rm -f "$1/bin/tar" "$1/usr/bin/top"
}

app_fs()
{
	local d f text

	text=$(head -c 900 "$1/usr/lib/python3.11/pydoc.py")
	for d in $(seq -w 1 60); do
		mkdir -p "$1/srv/app/m$d"
		for f in $(seq -w 1 50); do
			printf 'module %s %s\n%s\n' "$d" "$f" "${text: -$((10#$f * 17))}" \
				>"$1/srv/app/m$d/f$f.py"
		done
		ln "$1/srv/app/m$d/f01.py" "$1/srv/app/m$d/hard.py"
		ln -s f02.py "$1/srv/app/m$d/soft.py"
		setfattr -n user.part -v "m$d" "$1/srv/app/m$d"
	done
	cp "$1/bin/true" "$1/bin/listener"
	setcap cap_net_bind_service+ep "$1/bin/listener"
	head -c 20000000 /dev/urandom >"$1/srv/app/blob.bin" # does not compress
	mkdir -p "$1/out"
}

exec >make.log 2>&1 </dev/null
rm -rf big bigz big.oci.tar big.docker.tar layers
[ -e base.tar ] || unshare -m --propagation private mmdebstrap --quiet --variant=minbase bookworm base.tar
umoci init --layout big
umoci new --image big:latest
for fs in base_fs python_fs gcc_fs churn_fs app_fs; do layer $fs; done
umoci config --image big:latest --config.cmd /bin/bash \
	--config.env PATH=/usr/bin:/bin:/usr/sbin:/sbin
umoci gc --layout big
skopeo copy -q --dest-compress-format zstd oci:big:latest oci:bigz:latest
skopeo copy -q oci:big:latest docker-archive:big.docker.tar:localhost/big:latest
skopeo copy -q oci:big:latest oci-archive:big.oci.tar:localhost/big:latest
mkdir layers
manifest=$(jq -r '.manifests[0].digest' big/index.json)
n=0
for blob in $(jq -r '.layers[].digest' "big/blobs/sha256/${manifest#sha256:}"); do
	ln "big/blobs/sha256/${blob#sha256:}" "layers/$n.tar.gz"
	n=$((n + 1))
done
rm -f base.tar
touch made
