#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who includes what (ARCHITECTURE, "Layers"). One awk reads all sources: a fork
# per file would take longer than the compiler.
. "${BASH_SOURCE[0]%/*}/lib.bash"

product_files | grep '\.h$' | sed 's|.*/||' | sort | uniq -d | lint_rule "header names are unique"

# Every include as "FILE KIND NAME", KIND being < or ".
includes()
{
	product_files | {
		mapfile -t files
		awk '/^[ \t]*#[ \t]*include[ \t]*["<]/ {
			match($0, /["<][^">]*[">]/)
			print FILENAME, substr($0, RSTART, 1), substr($0, RSTART + 1, RLENGTH - 2)
		}' "${files[@]}"
	}
}

# The layers a layer may include, beside itself. Verbs that run in process look
# into the instance file: src sees store.
includes | awk '
	function layer(f,   p)
	{
		if (split(f, p, "/") > 2 && p[1] == "lib") return p[2]
		if (p[1] == "oci") return "oci"
		if (f ~ /^src\/(kukeshim|kuketty)\//) return "static"
		if (f ~ /^src\/(kukeunpack|kukefetch)\//) return "helper"
		return p[1] == "src" ? "src" : "tests"
	}
	BEGIN {
		below["model"] = below["host"] = below["static"] = " base "
		below["store"] = below["rpc"] = " base model "
		below["oci"] = " base model host store "
		below["engine"] = " base model host store rpc oci "
		below["src"] = " base model store rpc engine "
		below["helper"] = " base host oci "
		while (("git ls-files -co --exclude-standard -- lib oci src 2>/dev/null || find lib oci src" | getline f) > 0)
			if (f ~ /\.h$/) { n = split(f, p, "/"); home[p[n]] = layer(f) }
	}
	$2 == "<" || $3 == "config.h" { next }
	$3 ~ /\// { print $1 ": \"" $3 "\": includes are flat"; next }
	!($3 in home) { print $1 ": \"" $3 "\": no such header in the tree"; next }
	{
		own = layer($1); to = home[$3]
		if (own != to && index(below[own], " " to " ") == 0)
			print $1 ": \"" $3 "\": " own " must not include " to
	}' | lint_rule "a file includes its layer and those below"

# One wrapper per library.
includes | awk '
	function library(inc)
	{
		if (inc ~ /^(netlink|libiptc|nettle|isa-l|curl)\//) { sub(/\/.*/, "", inc); return inc }
		return inc in name ? name[inc] : ""
	}
	BEGIN {
		name["yaml.h"] = "libyaml"; name["jansson.h"] = "jansson"
		name["sys/capability.h"] = "libcap"; name["seccomp.h"] = "libseccomp"
		name["libpsl.h"] = "libpsl"
		name["archive.h"] = name["archive_entry.h"] = "libarchive"
		name["zlib.h"] = "zlib"; name["zstd.h"] = name["zstd_errors.h"] = "libzstd"
		name["isa-l.h"] = "isa-l"; name["vterm.h"] = name["vterm_keycodes.h"] = "libvterm"
	}
	$2 == "<" && (lib = library($3)) != "" && !seen[lib, $1]++ {
		if ($1 !~ /\.c$/) print $1 ": a header must not include " lib
		n[lib]++; files[lib] = files[lib] " " $1
	}
	END { for (l in n) if (n[l] > 1) print l ":" files[l] }' |
	lint_rule "a third-party library has one wrapper"

c_files | {
	mapfile -t files
	awk 'FNR == 1 { first = 1 }
		!/^[ \t]*#[ \t]*include/ { next }
		FILENAME ~ /\.c$/ && first && !/"config\.h"/ { print FILENAME ": first include is " $2 }
		FILENAME ~ /\.h$/ && /"config\.h"/ { print FILENAME }
		{ first = 0 }' "${files[@]}"
} | lint_rule "config.h comes first in every .c and is in no header"

lint_done
