/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The config.h of the static helpers: they are built by another compiler than
 * the one configure asked, so they rely on no test of its. Ours, not generated.
 */
#define _GNU_SOURCE 1
#define _FILE_OFFSET_BITS 64
