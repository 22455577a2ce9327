/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of the unit tests.
 *
 * A file tests/unit/test_<module>.c defines `Suite *test_<module>(void)` and
 * ends with UNIT_MAIN(test_<module>). All files of one layer are linked into
 * one program, tests/unit/unit_<layer> (tests/local.mk), whose main() is in
 * unit.c: it runs every registered suite and prints TAP on stdout.
 *
 *   tests/unit/unit_base                       everything
 *   CK_RUN_SUITE=str tests/unit/unit_base      one suite
 *   CK_FORK=no CK_RUN_CASE=x gdb tests/unit/unit_base
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>

typedef Suite *(*unit_suite_fn)(void);

/* Called before main(); suites run in the order of their names. */
void unit_register(const char *name, unit_suite_fn fn);

/* Registers a suite; at file scope, once per file, as its last line. */
#define UNIT_MAIN(fn)                                                     \
	__attribute__((constructor)) static void unit_register_##fn(void) \
	{                                                                 \
		unit_register(#fn, fn);                                   \
	}                                                                 \
	extern int unit_semicolon_##fn

#endif
