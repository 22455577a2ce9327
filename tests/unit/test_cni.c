/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cni_conf.h"
#include "cni_exec.h"
#include "cni_ports.h"
#include "cni_record.h"
#include "cni_result.h"
#include "cni_space.h"
#include "engine_dir.h"
#include "fd.h"
#include "ipv4.h"
#include "procinfo.h"
#include "published.h"
#include "str.h"

/* ---- configurations ---- */

#define LIST(members) "{\"name\":\"n\",\"cniVersion\":\"1.0.0\"," members "}"
#define ONE "\"plugins\":[{\"type\":\"a\"}]"

static const struct {
	const char *text;
	const char *error; /* NULL: valid */
	enum cni_version version;
} confs[] = {
	{ LIST(ONE), NULL, CNI_1_0_0 },
	{ "{\"name\":\"n\",\"cniVersion\":\"0.3.0\",\"type\":\"a\"}", NULL, CNI_0_3_0 },
	/* the newest that is known, of both members */
	{ LIST("\"cniVersions\":[\"0.3.1\",\"1.1.0\",\"9.0.0\"]," ONE), NULL, CNI_1_1_0 },
	{ LIST("\"cniVersions\":[\"0.3.1\"]," ONE), NULL, CNI_1_0_0 },
	{ "{\"name\":\"n\",\"cniVersions\":[\"0.4.0\"]," ONE "}", NULL, CNI_0_4_0 },
	{ LIST("\"disableCheck\":true,\"disableGC\":\"False\"," ONE), NULL, CNI_1_0_0 },
	{ "", "'f': unexpected end of JSON input", 0 },
	{ "[]", "'f': must be a JSON object", 0 },
	{ "{\"cniVersion\":\"1.0.0\"}", "'f': name: must be a network's name", 0 },
	{ "{\"name\":\"../x\",\"cniVersion\":\"1.0.0\"}", "'f': name: must be a network's name",
	  0 },
	{ "{\"name\":\"-x\",\"cniVersion\":\"1.0.0\"}", "'f': name: must be a network's name", 0 },
	{ "{\"name\":\"n\"," ONE "}", "'f': cniVersion: is missing; set it to one of 0.3.0", 0 },
	{ "{\"name\":\"n\",\"cniVersion\":\"0.2.0\"," ONE "}", "'f': cniVersion: is not supported",
	  0 },
	{ "{\"name\":\"n\",\"cniVersion\":1," ONE "}", "'f': cniVersion: must be a string", 0 },
	{ LIST("\"cniVersions\":\"1.0.0\"," ONE), "'f': cniVersions: must be a list", 0 },
	{ LIST("\"disableCheck\":1," ONE), "'f': disableCheck: must be true or false", 0 },
	{ LIST("\"disableGC\":\"no\"," ONE), "'f': disableGC: must be true or false", 0 },
	{ LIST("\"x\":1"), "'f': plugins: must be a list of at least one plugin", 0 },
	{ LIST("\"plugins\":[]"), "'f': plugins: must be a list of at least one plugin", 0 },
	{ LIST("\"plugins\":[1]"), "'f': plugins[0]: must be an object", 0 },
	{ LIST("\"plugins\":[{}]"), "'f': plugins[0].type: must be the file name", 0 },
	{ LIST("\"plugins\":[{\"type\":\"a\"},{\"type\":\"..\"}]"),
	  "'f': plugins[1].type: must be the file name", 0 },
	{ LIST("\"plugins\":[{\"type\":\"a b\"}]"), "'f': plugins[0].type: must be the file name",
	  0 },
	{ LIST("\"type\":\"/bin/sh\""), "'f': type: must be the file name", 0 },
	{ LIST("\"plugins\":[{\"type\":\"a\",\"capabilities\":[1]}]"),
	  "'f': plugins[0].capabilities: must be an object of true and false", 0 },
	{ LIST("\"plugins\":[{\"type\":\"a\",\"capabilities\":{\"x\":2}}]"),
	  "'f': plugins[0].capabilities: must be an object of true and false", 0 },
	{ LIST("\"plu\\u0067ins\":[{\"type\":\"a\"}]"), NULL, CNI_1_0_0 },
};

START_TEST(conf_read)
{
	cleanup_cni_conf struct cni_conf c = { 0 };
	struct kerr err = { 0 };
	int r = cni_conf_read(confs[_i].text, strlen(confs[_i].text), "'f'", &c, &err);

	if (!confs[_i].error) {
		ck_assert_msg(r == 0, "%s", err.msg);
		ck_assert_int_eq(c.version, confs[_i].version);
		ck_assert_str_eq(c.name, "n");
		ck_assert_uint_eq(c.n, 1);
		ck_assert_str_eq(c.v[0].type, "a");
		return;
	}
	ck_assert_int_lt(r, 0);
	ck_assert_msg(str_has_prefix(err.msg, confs[_i].error), "%s", err.msg);
	ck_assert_uint_eq(c.n, 0);
}
END_TEST

START_TEST(conf_limits)
{
	cleanup_cni_conf struct cni_conf c = { 0 };
	cleanup_buf struct buf text = BUF_INIT(4 << 20);
	struct kerr err = { 0 };

	buf_adds(&text, "{\"name\":\"n\",\"cniVersion\":\"1.0.0\",\"plugins\":[");
	for (int i = 0; i <= CNI_PLUGINS_MAX; i++)
		buf_addf(&text, "%s{\"type\":\"a\"}", i ? "," : "");
	buf_adds(&text, "]}");
	ck_assert_int_eq(cni_conf_read(buf_str(&text), text.len, "f", &c, &err), -E2BIG);
	ck_assert_str_eq(err.msg, "f: plugins: must be at most 32");
	buf_reset(&text);
	buf_addf(&text, "{\"x\":\"%*s\"}", CNI_CONF_MAX, "");
	ck_assert_int_eq(cni_conf_read(buf_str(&text), text.len, "f", &c, &err), -E2BIG);
}
END_TEST

/* What a plugin says of itself is passed on as it is; what the runtime sets is the runtime's. */
START_TEST(conf_request)
{
	static const char conf[] =
		"{\"name\":\"n\",\"cniVersion\":\"1.0.0\",\"plugins\":[{\"type\":\"a\",\"n\":1e400,"
		"\"capabilities\":{\"p\":true,\"q\":false},\"cniVersion\":\"x\",\"name\":\"y\","
		"\"prev\\u0052esult\":1,\"cni.dev/z\":1,\"runtimeConfig\":{\"s\":1}}]}";
	static const struct cni_arg args[] = { { "o", "0" }, { "p", "[1, 2]" }, { "q", "3" } };
	struct cni_request rq = { .args = args, .n_args = 3, .prev_result = "{\"r\":1}" };
	cleanup_cni_conf struct cni_conf c = { 0 };
	cleanup_buf struct buf out = BUF_INIT(4096);

	ck_assert_int_eq(cni_conf_read(conf, sizeof(conf) - 1, "f", &c, NULL), 0);
	cni_conf_request(&c, 0, &rq, &out);
	ck_assert_str_eq(
		buf_str(&out),
		"{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"runtimeConfig\":{\"p\":[1, 2]},"
		"\"prevResult\":{\"r\":1},\"type\":\"a\",\"n\":1e400}");
	buf_reset(&out);
	rq = (struct cni_request){ .valid_attachments = "[]" };
	cni_conf_request(&c, 0, &rq, &out);
	ck_assert_str_eq(
		buf_str(&out),
		"{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"cni.dev/valid-attachments\":[],"
		"\"type\":\"a\",\"n\":1e400,\"runtimeConfig\":{\"s\":1}}");
}
END_TEST

/* ---- results ---- */

static const struct {
	const char *text;
	const char *error; /* NULL: valid */
	const char *addr; /* "": none */
	const char *devices;
} results[] = {
	{ "{}", NULL, "", "" },
	{ "{\"ips\":null,\"interfaces\":null}", NULL, "", "" },
	{ "{\"cniVersion\":\"0.3.1\",\"ips\":[{\"version\":\"6\",\"address\":\"fd00::1/64\"},"
	  "{\"version\":\"4\",\"address\":\"10.1.0.2/16\"},{\"address\":\"10.1.0.3/16\"}]}\n\n",
	  NULL, "10.1.0.2", "" },
	{ "{\"ips\":[{\"address\":\"fd00::1/64\"}]}", NULL, "", "" },
	/* an address of the host is not the cell's */
	{ "{\"interfaces\":[{\"name\":\"br0\"},{\"name\":\"eth0\",\"sandbox\":\"/x\"}],\"ips\":"
	  "[{\"address\":\"10.1.0.1/16\",\"interface\":0},{\"address\":\"10.1.0.2/16\","
	  "\"interface\":1}]}",
	  NULL, "10.1.0.2", "br0" },
	{ "{\"interfaces\":[{\"name\":\"br0\",\"sandbox\":\"\"},{\"name\":\"veth1\"},"
	  "{\"name\":\"br0\"}]}",
	  NULL, "", "br0 veth1" },
	{ "", "printed no result", NULL, NULL },
	{ "\n \n", "printed no result", NULL, NULL },
	{ "x", "printed no valid result: invalid JSON at byte 1", NULL, NULL },
	{ "[]", "printed no valid result: must be a JSON object", NULL, NULL },
	{ "{\"cniVersion\":\"0.2.0\"}", "printed a result that is not valid: cniVersion", NULL,
	  NULL },
	{ "{\"ips\":{}}", "printed a result that is not valid: ips", NULL, NULL },
	{ "{\"ips\":[1]}", "printed a result that is not valid: ips", NULL, NULL },
	{ "{\"ips\":[{\"address\":\"10.1.0.2\"}]}", "printed a result that is not valid: ips", NULL,
	  NULL },
	{ "{\"ips\":[{\"address\":\"fd00::1/129\"}]}", "printed a result that is not valid: ips",
	  NULL, NULL },
	{ "{\"ips\":[{\"address\":\"10.1.0.2/33\"}]}", "printed a result that is not valid: ips",
	  NULL, NULL },
	{ "{\"interfaces\":[{\"name\":\"a/b\"}]}", "printed a result that is not valid: interfaces",
	  NULL, NULL },
	{ "{\"interfaces\":[{\"name\":\"a b\"}]}", "printed a result that is not valid: interfaces",
	  NULL, NULL },
	{ "{\"interfaces\":[{}]}", "printed a result that is not valid: interfaces", NULL, NULL },
	{ "{\"code\":7,\"msg\":\"m\\u001b\\nx\",\"details\":\"d\"}",
	  "reports: m\\x1b x; d (code 7)", NULL, NULL },
	{ "{\"code\":\"x\"}", "reports: error without a message", NULL, NULL },
	{ "{\"code\":9,\"msg\":\" \\t\u00a0\",\"details\":\"\\n\"}",
	  "reports: error without a message (code 9)", NULL, NULL },
	{ "{\"cniVersion\":\"1.0.0\",\"ips\":[],\"msg\":\" \"}", NULL, "", "" },
	{ "{\"msg\":\"m\"}", "reports: m", NULL, NULL },
};

START_TEST(result_read)
{
	cleanup_cni_result struct cni_result r = { 0 }, again = { 0 };
	cleanup_buf struct buf devices = BUF_INIT(4096);
	const char *text = results[_i].text;
	struct kerr err = { 0 };
	char ip[IPV4_TEXT_MAX];
	int k = cni_result_read(text, strlen(text), CNI_1_0_0, &r, &err);

	if (results[_i].error) {
		ck_assert_int_lt(k, 0);
		ck_assert_msg(str_has_prefix(err.msg, results[_i].error), "%s", err.msg);
		return;
	}
	ck_assert_msg(k == 0, "%s", err.msg);
	ck_assert_str_eq(r.addr ? ipv4_text(r.addr, ip) : "", results[_i].addr);
	for (size_t i = 0; i < r.devices.n; i++)
		buf_addf(&devices, "%s%s", i ? " " : "", r.devices.v[i]);
	ck_assert_str_eq(buf_str(&devices), results[_i].devices);
	/* What is kept says which version it is of, and says the same. */
	ck_assert_ptr_nonnull(strstr(r.text, "\"cniVersion\":\""));
	ck_assert_int_eq(cni_result_read(r.text, strlen(r.text), CNI_0_3_0, &again, &err), 0);
	ck_assert_str_eq(r.text, again.text);
	ck_assert_uint_eq(r.addr, again.addr);
}
END_TEST

START_TEST(versions_read)
{
	cleanup_strlist struct strlist l = { 0 };
	struct kerr err = { 0 };
	static const char good[] =
		"{\"cniVersion\":\"1.0.0\",\"supportedVersions\":[\"0.4.0\",\"1.0.0\"]}";

	ck_assert_int_eq(cni_versions_read(good, sizeof(good) - 1, &l, &err), 0);
	ck_assert_uint_eq(l.n, 2);
	strlist_clear(&l);
	ck_assert_int_eq(cni_versions_read("", 0, &l, &err), -EINVAL);
	ck_assert_int_eq(cni_versions_read("{}", 2, &l, &err), -EINVAL);
	ck_assert_int_eq(cni_versions_read("{\"code\":4}", 10, &l, &err), -EREMOTEIO);
}
END_TEST

/* ---- running one ---- */

static char *script(const char *text)
{
	char *path = path_join(dir.path, "plugin", NULL);
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	(void) fprintf(f, "#!/bin/sh\n%s\n", text);
	(void) fclose(f);
	ck_assert_int_eq(chmod(path, 0755), 0);
	return path;
}

static int exec_script(const char *text, int caller, int ms, struct cni_end *end, struct kerr *err)
{
	cleanup_free char *path = script(text);
	cleanup_free char *id = xasprintf("unit-%d", (int) getpid());
	struct cni_call call = { .program = path,
				 .command = "ADD",
				 .container_id = id,
				 .netns = "",
				 .caller_fd = caller,
				 .deadline_ms = ms };
	cleanup_buf struct buf in = BUF_INIT(64);

	buf_adds(&in, "{}");
	return cni_exec(&call, &in, end, err);
}

START_TEST(exec_ends)
{
	cleanup_(cni_end_clear) struct cni_end end;
	struct kerr err = { 0 };

	cni_end_init(&end);
	ck_assert_int_eq(setenv("UNIT_SECRET", "1", 1), 0);
	ck_assert_msg(exec_script("cat; env; echo bad >&2; exit 3", -1, 60000, &end, &err) == 0,
		      "%s", err.msg);
	ck_assert_int_eq(WEXITSTATUS(end.status), 3);
	ck_assert_ptr_nonnull(strstr(buf_str(&end.out), "{}"));
	ck_assert_ptr_nonnull(strstr(buf_str(&end.out), "CNI_COMMAND=ADD\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&end.out), "CNI_NETNS=\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&end.out), "CNI_PATH=" CNI_PATH "\n"));
	ck_assert_ptr_null(strstr(buf_str(&end.out), "CNI_ARGS"));
	ck_assert_ptr_null(strstr(buf_str(&end.out), "UNIT_SECRET"));
	ck_assert_str_eq(buf_str(&end.err_out), "bad\n");
}
END_TEST

/* Whether a process runs whose pid is in the file that the script wrote. */
static bool any_runs(void)
{
	cleanup_free char *path = path_join(dir.path, "pids", NULL);
	cleanup_buf struct buf text = BUF_INIT(4096);
	uint64_t pid, start;
	bool any = false;

	ck_assert_int_eq(file_read_at(AT_FDCWD, path, 4096, &text, NULL), 0);
	for (char *at = text.data, *line; (line = strsep(&at, "\n")) != NULL && line[0];) {
		cleanup_fd int fd = -EBADF;

		ck_assert_int_eq(str_to_u64(line, 1, INT32_MAX, &pid), 0);
		if (proc_start_time((pid_t) pid, &start) == 0)
			fd = proc_open_same((pid_t) pid, start);
		any |= fd >= 0;
	}
	return any;
}

START_TEST(exec_kills)
{
	cleanup_(cni_end_clear) struct cni_end end;
	/* One child in its group, and one that has left it. */
	cleanup_free char *text = xasprintf("cd %s; setsid sleep 1000 & echo $! >>pids\n"
					    "sleep 1000 & echo $! >>pids; wait",
					    dir.path);
	struct kerr err = { 0 };

	cni_end_init(&end);
	ck_assert_int_eq(exec_script(text, -1, 2000, &end, &err), -ETIME);
	ck_assert_str_eq(err.msg, "did not end within 2 s and was killed");
	ck_assert(!any_runs());
	ck_assert_int_eq(exec_script("exec yes", -1, 60000, &end, &err), -E2BIG);
	ck_assert_str_eq(err.msg, "printed more than 1048576 bytes and was killed");
}
END_TEST

START_TEST(exec_without_caller)
{
	cleanup_(cni_end_clear) struct cni_end end;
	cleanup_fd int mine = -EBADF, theirs = -EBADF;
	struct kerr err = { 0 };
	int fds[2];

	cni_end_init(&end);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	mine = fds[0];
	theirs = fds[1];
	/* It may have said all it has to say. */
	ck_assert_int_eq(shutdown(theirs, SHUT_WR), 0);
	ck_assert_int_eq(exec_script("echo x", mine, 60000, &end, &err), 0);
	ck_assert_str_eq(buf_str(&end.out), "x\n");
	fd_close_p(&theirs);
	ck_assert_int_eq(exec_script("sleep 1000", mine, 60000, &end, &err), -ECANCELED);
	ck_assert_str_eq(err.msg, "was ended because the caller disconnected");
}
END_TEST

START_TEST(exec_fails)
{
	cleanup_(cni_end_clear) struct cni_end end;
	cleanup_free char *path = NULL;
	struct kerr err = { 0 };

	cni_end_init(&end);
	ck_assert_int_eq(exec_script("kill -KILL $PPID; sleep 1000", -1, 60000, &end, &err),
			 -EPIPE);
	ck_assert_str_eq(err.msg, "was killed with the process that watched it");
	ck_assert_int_eq(cni_find("no-such-plugin-of-ours", &path, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "cni plugin not found: \"no-such-plugin-of-ours\""));
	ck_assert_ptr_nonnull(strstr(err.msg, "install the standard CNI plugins"));
}
END_TEST

/* ---- records ---- */

START_TEST(records)
{
	static const struct addr cell = { "r", "s", "t", "c" }, other = { "r", "s", "t", "c2" },
				 space = { .realm = "r", .space = "s" };
	struct cni_record rec = { .phase = CNI_ADDED,
				  .network = xstrdup("n"),
				  .netns = xstrdup("/x"),
				  .args = xstrdup(""),
				  .config = xstrdup("{\"a\":\"<\xc3\xa4>\\n\"}"),
				  .addr = 0x0a010002 };
	cleanup_cni_record struct cni_record got = { 0 };
	cleanup_cni_refs struct cni_refs all = { 0 }, one = { 0 };
	cleanup_free char *file = layout_attachment(&e->layout, &cell, "0123456789abcdef");
	struct kerr err = { 0 };
	FILE *f;

	ck_assert_int_eq(cni_record_load(e, &cell, "0123456789abcdef", &got, &err), -ENOENT);
	ck_assert_int_eq(cni_refs_list(e, &space, &all, &err), 0);
	ck_assert_uint_eq(all.n, 0);
	ck_assert_int_eq(cni_record_save(e, &cell, "0123456789abcdef", &rec, 0, &err), 0);
	ck_assert_int_eq(cni_record_save(e, &other, "1", &rec, CNI_SAVE_NOSYNC, &err), 0);
	ck_assert_int_eq(cni_record_load(e, &cell, "0123456789abcdef", &got, &err), 0);
	ck_assert_int_eq(got.phase, CNI_ADDED);
	ck_assert_str_eq(got.config, rec.config);
	ck_assert_str_eq(got.network, "n");
	ck_assert_str_eq(got.args, "");
	ck_assert_ptr_null(got.result);
	ck_assert_uint_eq(got.addr, 0x0a010002);
	ck_assert_int_eq(cni_refs_list(e, &space, &all, &err), 0);
	ck_assert_uint_eq(all.n, 2);
	/* "c" is not "c2". */
	ck_assert_int_eq(cni_refs_list(e, &cell, &one, &err), 0);
	ck_assert_uint_eq(one.n, 1);
	ck_assert_str_eq(one.v[0].start_id, "0123456789abcdef");
	f = fopen(file, "we");
	ck_assert_ptr_nonnull(f);
	(void) fputs("{\"phase\":\"added\"}", f);
	(void) fclose(f);
	ck_assert_int_eq(cni_record_load(e, &cell, "0123456789abcdef", &got, &err), -EBADMSG);
	ck_assert_int_eq(cni_record_remove(e, &cell, "0123456789abcdef", &err), 0);
	ck_assert_int_eq(cni_record_remove(e, &cell, "0123456789abcdef", &err), 0);
	cni_record_clear(&rec);
}
END_TEST

/* ---- ports ---- */

/* "8080:80 53:53/udp"; the caller clears it. */
static struct port_list ports_from(const char *text)
{
	struct port_list l = { 0 };
	cleanup_free char *copy = xstrdup(text);
	char *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL && *word)
		ck_assert_int_eq(port_parse(word, vec_grow(&l.v, &l.n, sizeof(*l.v)), NULL), 0);
	return l;
}

static const struct {
	const char *ports, *json, *text;
} port_texts[] = {
	{ "", "[]", NULL },
	{ "8080:80", "[{\"hostPort\":8080,\"containerPort\":80,\"protocol\":\"tcp\"}]",
	  "0.0.0.0:8080:80/tcp" },
	{ "127.0.0.1:65534-65535:9-10/udp 1:65535",
	  "[{\"hostPort\":65534,\"containerPort\":9,\"protocol\":\"udp\",\"hostIP\":"
	  "\"127.0.0.1\"},{\"hostPort\":65535,\"containerPort\":10,\"protocol\":\"udp\","
	  "\"hostIP\":\"127.0.0.1\"},{\"hostPort\":1,\"containerPort\":65535,\"protocol\":"
	  "\"tcp\"}]",
	  "127.0.0.1:65534-65535:9-10/udp 0.0.0.0:1:65535/tcp" },
};

START_TEST(ports_told)
{
	cleanup_port_list struct port_list ports = ports_from(port_texts[_i].ports);
	cleanup_buf struct buf out = BUF_INIT(4096);
	cleanup_free char *text = cni_ports_text(&ports);
	struct jemit j;

	jemit_init(&j, &out, 0);
	cni_ports_emit(&j, &ports);
	ck_assert_str_eq(buf_str(&out), port_texts[_i].json);
	ck_assert(streq_null(text, port_texts[_i].text));
}
END_TEST

static const struct {
	const char *conf, *ports, *error; /* NULL: it can be done */
} port_checks[] = {
	{ LIST(ONE), "", NULL },
	{ LIST("\"plugins\":[{\"type\":\"a\"},{\"type\":\"b\",\"capabilities\":"
	       "{\"portMappings\":true}}]"),
	  "80:80 81-1103:1-1023", NULL },
	{ LIST("\"plugins\":[{\"type\":\"b\",\"capabilities\":{\"portMappings\":true}}]"),
	  "80:80 81-1104:1-1024/udp",
	  "cell \"c\" cannot publish 1025 ports in space \"s\": it has a cniConfigPath of its own, "
	  "where a cell has at most 1024" },
	{ LIST("\"plugins\":[{\"type\":\"b\",\"capabilities\":{\"portMappings\":true}}]"),
	  "80:80 [::]:81:81",
	  "cell \"c\" cannot publish [::]:81->81/tcp in space \"s\": it has a cniConfigPath of its "
	  "own, where ports are on IPv4 addresses of the host" },
	{ LIST(ONE), "8080:80 81:81",
	  "cell \"c\" cannot publish 0.0.0.0:8080->80/tcp in space \"s\": no plugin in its "
	  "cniConfigPath '/n' has \"capabilities\": {\"portMappings\": true}; add portmap with it "
	  "there" },
	{ LIST("\"plugins\":[{\"type\":\"b\",\"capabilities\":{\"portMappings\":false,"
	       "\"aliases\":true}}]"),
	  "127.0.0.1:53:5353/udp",
	  "cell \"c\" cannot publish 127.0.0.1:53->5353/udp in space \"s\": no plugin in its "
	  "cniConfigPath '/n' has \"capabilities\": {\"portMappings\": true}; add portmap with it "
	  "there" },
};

START_TEST(ports_checked)
{
	static const struct addr cell = { "r", "s", "t", "c" };
	cleanup_port_list struct port_list ports = ports_from(port_checks[_i].ports);
	cleanup_cni_conf struct cni_conf conf = { 0 };
	struct kerr err = { 0 };
	const char *text = port_checks[_i].conf;
	int r;

	ck_assert_int_eq(cni_conf_read(text, strlen(text), "'f'", &conf, &err), 0);
	r = cni_ports_check(&conf, "/n", &cell, &ports, &err);
	ck_assert_int_eq(r < 0, port_checks[_i].error != NULL);
	ck_assert_str_eq(err.msg, r < 0 ? port_checks[_i].error : "");
}
END_TEST

static const struct addr mine = { "r", "s", "t", "mine" }, theirs = { "r", "s2", "t", "theirs" };

/* The record of a start that holds them. */
static void attached(const struct addr *cell, const char *start_id, const char *ports)
{
	cleanup_port_list struct port_list l = ports_from(ports);
	struct cni_record rec = { .phase = CNI_ADDING,
				  .network = xstrdup("n"),
				  .netns = xstrdup("/x"),
				  .args = xstrdup(""),
				  .config = xstrdup("{}"),
				  .ports = cni_ports_text(&l) };
	struct kerr err = { 0 };

	ck_assert_int_eq(cni_record_save(e, cell, start_id, &rec, 0, &err), 0);
	cni_record_clear(&rec);
}

static int claim(const struct addr *cell, const char *start_id, const char *ports, struct kerr *err)
{
	cleanup_port_list struct port_list l = ports_from(ports);

	attached(cell, start_id, ports);
	return cni_ports_claim(e, cell, start_id, &l, err);
}

/* As the record of published ports has it; "": there is none. */
static char *holds(const struct addr *cell)
{
	cleanup_(published_clear) struct published p = { 0 };
	char *text;

	if (published_read(e, cell, &p, NULL) < 0)
		return xstrdup("");
	ck_assert_uint_eq(p.addr, 0);
	text = cni_ports_text(&p.ports);
	return text;
}

static void assert_holds(const struct addr *cell, const char *want)
{
	cleanup_free char *text = holds(cell);

	ck_assert_str_eq(text, want);
}

START_TEST(ports_held)
{
	struct kerr err = { 0 };

	ck_assert_int_eq(claim(&mine, "1", "40001:80", &err), 0);
	assert_holds(&mine, "0.0.0.0:40001:80/tcp");
	/* No start is needed for that: plugins may have to undo it. */
	ck_assert(!published_is_stale(e, &mine));
	ck_assert_int_eq(claim(&theirs, "1", "40000-40001:1-2", &err), -EADDRINUSE);
	ck_assert_str_eq(err.msg, "port 40001/tcp of the host is taken by cell \"mine\" (realm "
				  "\"r\", space \"s\", stack \"t\"), which publishes "
				  "0.0.0.0:40001->80/tcp: its plugins could not undo that yet");
	assert_holds(&theirs, "");
	/* A later start of the cell, while plugins could not undo the first one. */
	ck_assert_int_eq(claim(&mine, "2", "127.0.0.1:40001:80", &err), -EADDRINUSE);
	ck_assert_str_eq(err.msg,
			 "port 40001/tcp of the host is taken by an earlier start of the cell, "
			 "whose 0.0.0.0:40001->80/tcp the plugins could not undo; see the daemon's "
			 "log, and repair or install them");
	ck_assert_int_eq(cni_record_remove(e, &mine, "2", &err), 0);
	ck_assert_int_eq(claim(&mine, "2", "40002:80/udp", &err), 0);
	assert_holds(&mine, "0.0.0.0:40001:80/tcp 0.0.0.0:40002:80/udp");
	ck_assert_int_eq(cni_ports_release(e, &mine, "1", &err), 0);
	assert_holds(&mine, "0.0.0.0:40002:80/udp");
	ck_assert_int_eq(cni_record_remove(e, &mine, "1", &err), 0);
	ck_assert_int_eq(cni_record_remove(e, &theirs, "1", &err), 0);
	ck_assert_int_eq(claim(&theirs, "2", "40000-40001:1-2", &err), 0);
	ck_assert_int_eq(cni_ports_release(e, &mine, "2", &err), 0);
	assert_holds(&mine, "");
	ck_assert_int_eq(cni_record_remove(e, &mine, "2", &err), 0);
	ck_assert_int_eq(cni_ports_release(e, &mine, "2", &err), 0);
}
END_TEST

START_TEST(ports_kept)
{
	cleanup_port_list struct port_list other = ports_from("1:1");
	struct kerr err = { 0 };

	ck_assert_int_eq(cni_ports_keep(e, &mine, &err), 0);
	ck_assert_int_eq(claim(&mine, "1", "40001:80", &err), 0);
	ck_assert_int_eq(cni_ports_keep(e, &mine, &err), 0);
	ck_assert_int_eq(published_write(e, &mine, 0, &other, &err), 0);
	ck_assert_int_eq(cni_ports_keep(e, &mine, &err), 1);
	assert_holds(&mine, "0.0.0.0:40001:80/tcp");
	other.n = 0;
	ck_assert_int_eq(published_write(e, &mine, 0, &other, &err), 0);
	ck_assert_int_eq(cni_ports_keep(e, &mine, &err), 1);
	assert_holds(&mine, "0.0.0.0:40001:80/tcp");
	ck_assert_int_eq(cni_record_remove(e, &mine, "1", &err), 0);
	ck_assert(published_is_stale(e, &mine));
	ck_assert_int_eq(cni_ports_keep(e, &mine, &err), 1);
	assert_holds(&mine, "");
}
END_TEST

/* ---- spaces ---- */

START_TEST(own_spaces)
{
	static const struct addr a = { .realm = "r", .space = "s" };
	cleanup_free char *generated = layout_object(&e->layout, &a, SPACE_CONFLIST);
	struct egress_policy deny = { .default_action = (char *) (uintptr_t) "deny" };
	struct space_network net = { .egress = &deny };
	struct space_doc d = { 0 };
	struct kerr err = { 0 };

	ck_assert(!cni_space_is_own(e, &a, &d));
	d.spec.cni_config_path = generated;
	ck_assert(!cni_space_is_own(e, &a, &d));
	d.spec.cni_config_path = (char *) (uintptr_t) "/etc/cni/net.d/none.conflist";
	ck_assert(cni_space_is_own(e, &a, &d));
	ck_assert_int_eq(cni_space_check(&d, 0, &err), -ENOENT);
	ck_assert_str_eq(err.msg, "cniConfigPath '/etc/cni/net.d/none.conflist': no such file or "
				  "directory; put the network's configuration there");
	d.spec.network = &net;
	ck_assert_int_eq(cni_space_check(&d, 0, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "spec.network.egress cannot be enforced together "
					      "with spec.cniConfigPath"));
	d.spec.network = NULL;
	d.spec.cni_config_path = (char *) (uintptr_t) "/";
	ck_assert_int_eq(cni_space_check(&d, 0, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "not a regular file"));
}
END_TEST

static Suite *test_cni(void)
{
	Suite *s = suite_create("cni");
	TCase *pure = tcase_create("pure"), *run = tcase_create("run");

	tcase_add_loop_test(pure, conf_read, 0, (int) ARRAY_SIZE(confs));
	tcase_add_test(pure, conf_limits);
	tcase_add_test(pure, conf_request);
	tcase_add_loop_test(pure, result_read, 0, (int) ARRAY_SIZE(results));
	tcase_add_test(pure, versions_read);
	tcase_add_loop_test(pure, ports_told, 0, (int) ARRAY_SIZE(port_texts));
	tcase_add_loop_test(pure, ports_checked, 0, (int) ARRAY_SIZE(port_checks));
	suite_add_tcase(s, pure);
	tcase_add_checked_fixture(run, engine_set_up, engine_tear_down);
	tcase_set_timeout(run, 120);
	tcase_add_test(run, exec_ends);
	tcase_add_test(run, exec_kills);
	tcase_add_test(run, exec_without_caller);
	tcase_add_test(run, exec_fails);
	tcase_add_test(run, records);
	tcase_add_test(run, ports_held);
	tcase_add_test(run, ports_kept);
	tcase_add_test(run, own_spaces);
	suite_add_tcase(s, run);
	return s;
}

UNIT_MAIN(test_cni);
