/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cellnet.h"
#include "copy.h"
#include "docs.h"
#include "mem.h"
#include "unit.h"

#define LABEL_63 "a23456789012345678901234567890123456789012345678901234567890123"

START_TEST(host_names)
{
	static const struct {
		const char *name;
		bool label, host;
	} cases[] = {
		{ "a", true, true },
		{ "3com", true, true }, /* RFC 1123, 2.1 */
		{ "a-b", true, true },
		{ "xn--bcher-kva", true, true },
		{ LABEL_63, true, true },
		{ LABEL_63 "x", false, false },
		{ "a.b", false, true },
		{ LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, false, false }, /* 255 bytes */
		{ LABEL_63 "." LABEL_63 "." LABEL_63 ".a", false, true },
		{ "", false, false },
		{ "-a", false, false },
		{ "a-", false, false },
		{ "a b", false, false },
		{ "a_b", false, false },
		{ "b\xc3\xbc", false, false },
		{ ".a", false, false },
		{ "a.", false, false },
		{ "a..b", false, false },
		{ "a.-b", false, false },
		{ "a/b", false, false },
		/* addresses to inet_aton(3) */
		{ "10.88.0.2", false, false },
		{ "7", true, false },
		{ "0x1f", true, false },
		{ "a.0X1", false, false },
		{ "a.09", false, false },
		{ "0xa.b", false, true },
		{ "0xag", true, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_msg(host_label_valid(cases[i].name) == cases[i].label, "label %s",
			      cases[i].name);
		ck_assert_msg(host_name_valid(cases[i].name) == cases[i].host, "host %s",
			      cases[i].name);
	}
}
END_TEST

START_TEST(fixed_names)
{
	static const char *const fixed[] = {
		"localhost", "LOCALHOST", "ip6-allnodes", "a.localhost", "localhost.localdomain",
		"localhost6"
	};
	static const char *const not_fixed[] = { "localhos", "localhosts", "localhost.a",
						 "alocalhost", ".localhost" };

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		ck_assert_msg(host_name_fixed(fixed[i]), "%s", fixed[i]);
	for (size_t i = 0; i < ARRAY_SIZE(not_fixed); i++)
		ck_assert_msg(!host_name_fixed(not_fixed[i]), "%s", not_fixed[i]);
}
END_TEST

#define CELL \
	"kind: Cell\nmetadata: {name: c}\nspec: {realmId: r, spaceId: s, stackId: t, containers: "

static const char *joined(const struct strlist *l)
{
	static char text[256];

	text[0] = '\0';
	for (size_t i = 0; i < l->n; i++)
		(void) snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				i ? " " : "", l->v[i]);
	return text;
}

/* Both lists are those of all containers, in order, without what comes again. */
START_TEST(lists_of_a_cell)
{
	struct cell_doc *d = doc_from(
		CELL "[{id: a, networks: [x, y], networksAliases: [db, a.b]}, {id: b}, {id: e, "
		     "networks: [z, x, '../..'], networksAliases: [DB, no_name, web]}]}",
		KIND_CELL);
	struct strlist l = { 0 };

	cell_networks(&d->spec, &l);
	ck_assert_str_eq(joined(&l), "x y z");
	cell_aliases(&d->spec, &l);
	ck_assert_str_eq(joined(&l), "db a.b web");
	ck_assert(!cell_host_network(&d->spec));
	d->spec.containers.v[1].host_network = true;
	ck_assert(cell_host_network(&d->spec));
	strlist_clear(&l);
	doc_free(KIND_CELL, d);
}
END_TEST

START_TEST(limits)
{
	struct cell_doc *d = doc_from(CELL "[{id: a}, {id: b}]}", KIND_CELL);
	struct container_spec *a = &d->spec.containers.v[0], *b = &d->spec.containers.v[1];
	struct kerr err = { 0 };

	for (int i = 0; i < KUKE_MAX_NETWORKS; i++) {
		strlist_addf(&a->networks, "n%d", i);
		strlist_addf(&b->networks, "n%d", i);
	}
	for (int i = 0; i < KUKE_MAX_ALIASES / 8; i++)
		strlist_addf(&a->networks_aliases, "alias%02x", (unsigned) i);
	ck_assert_msg(cell_check_networks(&d->spec, &err) == 0, "%s", err.msg);
	strlist_add(&b->networks, "more");
	ck_assert_int_eq(cell_check_networks(&d->spec, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "networks: the cell joins 17, at most 16");
	strlist_remove(&b->networks, KUKE_MAX_NETWORKS);
	strlist_add(&b->networks_aliases, "x");
	ck_assert_int_eq(cell_check_networks(&d->spec, &err), -EINVAL);
	ck_assert_str_eq(err.msg,
			 "networksAliases: the cell has 257 names of 2050 bytes in all, at "
			 "most 2048 bytes");
	doc_free(KIND_CELL, d);
}
END_TEST

static Suite *test_cellnet(void)
{
	Suite *s = suite_create("cellnet");
	TCase *t = tcase_create("all");

	tcase_add_test(t, host_names);
	tcase_add_test(t, fixed_names);
	tcase_add_test(t, lists_of_a_cell);
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_cellnet);
