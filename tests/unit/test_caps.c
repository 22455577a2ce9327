/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>

#include "caps.h"
#include "unit.h"

/* A table is right when every number has the name that the kernel's header gives it. */
START_TEST(names)
{
	int i, k;

	ck_assert_int_ge(CAPS_MAX, CAP_LAST_CAP + 1);
	ck_assert_str_eq(caps_names[CAP_CHOWN], "CAP_CHOWN");
	ck_assert_str_eq(caps_names[CAP_NET_RAW], "CAP_NET_RAW");
	ck_assert_str_eq(caps_names[CAP_SYS_ADMIN], "CAP_SYS_ADMIN");
	ck_assert_str_eq(caps_names[CAP_SETFCAP], "CAP_SETFCAP");
	ck_assert_str_eq(caps_names[CAP_SYSLOG], "CAP_SYSLOG");
	ck_assert_str_eq(caps_names[CAP_CHECKPOINT_RESTORE], "CAP_CHECKPOINT_RESTORE");
	for (i = 0; i < CAPS_MAX; i++) {
		ck_assert_ptr_nonnull(caps_names[i]);
		for (k = 0; k < i; k++)
			ck_assert_str_ne(caps_names[i], caps_names[k]);
		ck_assert_int_eq(caps_from_name(caps_names[i]), i);
	}
	ck_assert_int_eq(caps_from_name("net_raw"), CAP_NET_RAW);
	ck_assert_int_eq(caps_from_name("Cap_Net_Raw"), CAP_NET_RAW);
	ck_assert_int_eq(caps_from_name("CAP_"), -EINVAL);
	ck_assert_int_eq(caps_from_name(""), -EINVAL);
	ck_assert_int_eq(caps_from_name("CAP_NET_RAWX"), -EINVAL);
}
END_TEST

START_TEST(bounding)
{
	struct strlist list = { 0 };

	ck_assert_int_eq(caps_bounding(&list, NULL), 0);
	ck_assert(strlist_has(&list, "CAP_MKNOD"));
	ck_assert_int_eq(prctl(PR_CAPBSET_DROP, CAP_MKNOD, 0, 0, 0), 0);
	ck_assert_int_eq(caps_bounding(&list, NULL), 0);
	ck_assert(!strlist_has(&list, "CAP_MKNOD"));
	ck_assert(strlist_has(&list, "CAP_CHOWN"));
	strlist_clear(&list);
}
END_TEST

static Suite *test_caps(void)
{
	Suite *s = suite_create("caps");
	TCase *tc = tcase_create("caps");

	tcase_add_test(tc, names);
	tcase_add_test(tc, bounding);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_caps);
