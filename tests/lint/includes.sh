#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who includes what (ARCHITECTURE, "Layers").
. "${BASH_SOURCE[0]%/*}/lib.bash"

# layer of a file: what of the path decides.
layer()
{
	case $1 in
	lib/*) echo "${1#lib/}" | cut -d/ -f1 ;;
	oci/*) echo oci ;;
	src/kukeshim/* | src/kuketty/*) echo static ;;
	src/kukeunpack/* | src/kukefetch/*) echo helper ;;
	src/*) echo src ;;
	*) echo tests ;;
	esac
}

# The layers a layer may include, beside itself.
below()
{
	case $1 in
	base) echo ;;
	model | host) echo base ;;
	store | rpc) echo base model ;;
	oci) echo base model host store ;;
	engine) echo base model host store rpc oci ;;
	# store: verbs that run in process look into the instance file.
	src) echo base model store rpc engine ;;
	static) echo base ;;
	helper) echo base host oci ;;
	esac
}

product_files | grep '\.h$' | sed 's|.*/||' | sort | uniq -d | lint_rule "header names are unique"

mapfile -t headers < <(product_files | grep '\.h$')
declare -A home=()
for h in "${headers[@]}"; do
	home[${h##*/}]=$(layer "$h")
done

product_files | while read -r f; do
	own=$(layer "$f")
	allowed=" $own $(below "$own") "
	sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]+"([^"]*)".*/\1/p' "$f" | while read -r inc; do
		[ "$inc" != config.h ] || continue
		case $inc in
		*/*) echo "$f: \"$inc\": includes are flat" && continue ;;
		esac
		to=${home[$inc]:-}
		[ -n "$to" ] || { echo "$f: \"$inc\": no such header in the tree"; continue; }
		[[ $allowed == *" $to "* ]] || echo "$f: \"$inc\": $own must not include $to"
	done
done | lint_rule "a file includes its layer and those below"

# One wrapper per library: "what is included / name of the library".
third_party()
{
	case $1 in
	yaml.h) echo libyaml ;;
	jansson.h) echo jansson ;;
	netlink/*) echo libnl ;;
	libiptc/*) echo libiptc ;;
	sys/capability.h) echo libcap ;;
	seccomp.h) echo libseccomp ;;
	nettle/*) echo nettle ;;
	archive.h | archive_entry.h) echo libarchive ;;
	zlib.h) echo zlib ;;
	zstd.h | zstd_errors.h) echo libzstd ;;
	isa-l.h | isa-l/*) echo isa-l ;;
	curl/*) echo libcurl ;;
	vterm.h | vterm_keycodes.h) echo libvterm ;;
	esac
}

product_files | while read -r f; do
	sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]+<([^>]*)>.*/\1/p' "$f" | while read -r inc; do
		lib=$(third_party "$inc")
		[ -z "$lib" ] || echo "$lib $f"
	done
done | sort -u | awk '
	$2 !~ /\.c$/ { print $2 ": a header must not include " $1 }
	{ n[$1]++; files[$1] = files[$1] " " $2 }
	END { for (l in n) if (n[l] > 1) print l ":" files[l] }' |
	lint_rule "a third-party library has one wrapper"

c_files | while read -r f; do
	first=$(sed -nE '/^[[:space:]]*#[[:space:]]*include/{s/.*include[[:space:]]+//p;q}' "$f")
	case $f in
	*.c) [ "$first" = '"config.h"' ] || echo "$f: first include is $first" ;;
	*.h) ! grep -q '#[[:space:]]*include[[:space:]]*"config.h"' "$f" || echo "$f" ;;
	esac
done | lint_rule "config.h comes first in every .c and is in no header"

lint_done
