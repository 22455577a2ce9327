/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "layout.h"
#include "mem.h"
#include "unit.h"

static struct layout l;
static const struct addr cell = { .realm = "r", .space = "s", .stack = "t", .cell = "c" };
static const struct addr space = { .realm = "r", .space = "s", .stack = "", .cell = NULL };

static void set_up(void)
{
	layout_init(&l, "/opt//kukeon/", "/run/kukeon/");
}

static void tear_down(void)
{
	layout_clear(&l);
}

static void is(char *owned, const char *want)
{
	ck_assert_str_eq(owned, want);
	free(owned);
}

START_TEST(objects)
{
	const struct addr root = { 0 };
	const struct addr realm = { .realm = "r" };

	is(layout_object(&l, &root, OBJECT_DIR), "/opt/kukeon/data");
	is(layout_object(&l, &realm, OBJECT_METADATA), "/opt/kukeon/data/r/metadata.json");
	is(layout_object(&l, &realm, REALM_PASSWORDS), "/opt/kukeon/data/r/.passwords.json");
	is(layout_object(&l, &space, OBJECT_DIR), "/opt/kukeon/data/r/s");
	is(layout_object(&l, &space, SPACE_NETWORK), "/opt/kukeon/data/r/s/network.json");
	is(layout_object(&l, &space, SPACE_CONFLIST), "/opt/kukeon/data/r/s/network.conflist");
	is(layout_object(&l, &space, SPACE_LEASES), "/opt/kukeon/data/r/s/.leases");
	is(layout_object(&l, &cell, OBJECT_METADATA), "/opt/kukeon/data/r/s/t/c/metadata.json");
	is(layout_object(&l, &cell, CELL_ETC_HOSTS), "/opt/kukeon/data/r/s/t/c/etc-hosts");
	is(layout_object(&l, &cell, CELL_ETC_HOSTNAME), "/opt/kukeon/data/r/s/t/c/etc-hostname");
	is(layout_container(&l, &cell, "w", CONTAINER_LOG), "/opt/kukeon/data/r/s/t/c/w/log");
	is(layout_container(&l, &cell, "w", CONTAINER_LOG_INDEX),
	   "/opt/kukeon/data/r/s/t/c/w/log.idx");
	is(layout_container(&l, &cell, "w", CONTAINER_TTY_SOCKET),
	   "/opt/kukeon/data/r/s/t/c/w/tty/socket");
	is(layout_container(&l, &cell, "w", CONTAINER_TTY_CONFIG),
	   "/opt/kukeon/data/r/s/t/c/w/kuketty-metadata.json");
}
END_TEST

START_TEST(trees)
{
	is(layout_ns(&l, "n", NS_DIR, NULL), "/opt/kukeon/namespaces/n");
	is(layout_ns(&l, "n", NS_IMAGES, NULL), "/opt/kukeon/namespaces/n/images");
	is(layout_ns(&l, "n", NS_BLOBS, "ab"), "/opt/kukeon/namespaces/n/blobs/sha256/ab");
	is(layout_ns(&l, "n", NS_SNAPSHOTS, "ab"), "/opt/kukeon/namespaces/n/snapshots/ab");
	is(layout_ns(&l, "n", NS_CONTAINERS, "s_t_c_w"),
	   "/opt/kukeon/namespaces/n/containers/s_t_c_w");
	is(layout_run(&l, RUN_INSTANCE), "/opt/kukeon/.kukeon-instance.json");
	is(layout_lock(&l, &cell, ".lock"), "/opt/kukeon/locks/r/s/t/c/.lock");
	is(layout_lock_to_rt(&l, "/opt/kukeon/locks/r/.intent"), "/run/kukeon/intents/r/.intent");
	is(layout_rt(&l, RT_SOCKET), "/run/kukeon/kukeond.sock");
	is(layout_rt(&l, RT_PID), "/run/kukeon/kukeond.pid");
	is(layout_wake(&l, "x"), "/run/kukeon/wake/x");
	is(layout_start(&l, &cell, "7", "net"), "/run/kukeon/cells/r/s/t/c/7/net");
	is(layout_start(&l, &cell, "7", NULL), "/run/kukeon/cells/r/s/t/c/7");
	is(layout_start(&l, &cell, NULL, NULL), "/run/kukeon/cells/r/s/t/c");
	is(layout_rt_container(&l, "n", "i", RTC_MONITOR), "/run/kukeon/containers/n/i/monitor");
	is(layout_rt_container(&l, "n", "i", RTC_DIR), "/run/kukeon/containers/n/i");
	is(layout_runc_root(&l, "n"), "/run/kukeon/runc/n");
}
END_TEST

START_TEST(addresses)
{
	struct addr a = cell;
	struct addr c;

	ck_assert_int_eq(addr_level(&space), ADDR_SPACE);
	ck_assert_str_eq(addr_name(&space), "s");
	is(addr_text(&cell), "r/s/t/c");
	is(addr_text(&space), "r/s");
	is(addr_text(&(struct addr){ 0 }), "");
	for (c = a; addr_level(&c) != ADDR_ROOT; c = addr_parent(&c))
		ck_assert_ptr_nonnull(addr_name(&c));
	ck_assert_ptr_null(addr_name(&c));
	c = addr_child(&c, "x");
	c = addr_child(&c, "y");
	is(addr_text(&c), "x/y");
	ck_assert(addr_within(&cell, &cell));
	ck_assert(addr_within(&cell, &space));
	ck_assert(addr_within(&cell, &(struct addr){ 0 }));
	ck_assert(!addr_within(&space, &cell));
	ck_assert(!addr_within(&c, &space));
	c = (struct addr){ .realm = "r", .space = "s2", .stack = "t", .cell = "c" };
	ck_assert(!addr_within(&c, &space));
}
END_TEST

Suite *test_layout(void);
Suite *test_layout(void)
{
	Suite *s = suite_create("layout");
	TCase *t = tcase_create("layout");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, objects);
	tcase_add_test(t, trees);
	tcase_add_test(t, addresses);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_layout);
