/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fd.h"
#include "local_addr.h"
#include "mem.h"
#include "proc.h"
#include "resolve.h"
#include "str.h"
#include "vec.h"

#define AT_ONCE 8
#define CHILD_SECONDS 30 /* what a process lives at most, if it is not waited for */
#define PLAIN_ID 65534 /* user and group, as in kukefetch */

void resolve_add(struct resolve *r, const char *name)
{
	struct resolve_name *n;

	if (resolve_find(r, name))
		return;
	n = vec_grow(&r->v, &r->n, sizeof(*r->v));
	n->name = xstrdup(name);
	n->fd = -EBADF;
}

const struct resolve_name *resolve_find(const struct resolve *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (streq(r->v[i].name, name))
			return &r->v[i];
	return NULL;
}

static void end_child(struct resolve_name *n)
{
	if (n->pid > 0)
		proc_kill_wait(n->pid);
	n->pid = 0;
	fd_close_p(&n->fd);
}

void resolve_clear(struct resolve *r)
{
	for (size_t i = 0; i < r->n; i++) {
		end_child(&r->v[i]);
		free(r->v[i].name);
		free(r->v[i].addrs);
		free(r->v[i].error);
	}
	free(r->v);
	*r = (struct resolve){ 0 };
}

/*
 * A name says where to go in the world. Those who answer for it must not open what only
 * the host or the link has: addresses of loopback and of link scope, among them the
 * metadata services of clouds; multicast; IPv4 inside IPv6. Those can be allowed by cidr.
 */
bool resolve_is_usable(const struct ipnet *addr)
{
	static const char *const never[] = { "0.0.0.0/8",    "127.0.0.0/8", "169.254.0.0/16",
					     "224.0.0.0/3",  "::/127",	    "::ffff:0:0/96",
					     "64:ff9b::/96", "fe80::/10",   "ff00::/8" };
	struct ipnet net;

	if (addr->family == IPNET_NONE)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (ipnet_parse(never[i], &net) == 0 && ipnet_contains(&net, addr))
			return false;
	return true;
}

/* ---- in a process of its own ---- */

/*
 * What a child writes: this, then text or addresses, in one write that is small enough to
 * arrive as a whole (PIPE_BUF, pipe(7)); so the reader need not wait for one that hangs.
 */
struct answer {
	uint32_t ok;
	char data[RESOLVE_ADDRS_MAX * sizeof(struct ipnet)];
};
_Static_assert(sizeof(struct answer) <= 4096, "an answer is one write");

static bool drop_privileges(void)
{
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) < 0 || setresgid(PLAIN_ID, PLAIN_ID, PLAIN_ID) < 0 ||
	     setresuid(PLAIN_ID, PLAIN_ID, PLAIN_ID) < 0))
		return false;
	/* The change of the user has undone it. */
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static bool addr_of(const struct addrinfo *ai, struct ipnet *ret)
{
	struct ipnet net = { 0 };

	if (ai->ai_family == AF_INET && ai->ai_addrlen >= sizeof(struct sockaddr_in)) {
		net.family = IPNET_V4;
		memcpy(net.addr,
		       &((const struct sockaddr_in *) (const void *) ai->ai_addr)->sin_addr, 4);
	} else if (ai->ai_family == AF_INET6 && ai->ai_addrlen >= sizeof(struct sockaddr_in6)) {
		net.family = IPNET_V6;
		memcpy(net.addr,
		       &((const struct sockaddr_in6 *) (const void *) ai->ai_addr)->sin6_addr, 16);
	} else {
		return false;
	}
	net.prefix = ipnet_bits(net.family);
	*ret = net;
	return true;
}

static void write_answer(int fd, bool ok, const void *data, size_t n)
{
	struct answer a = { .ok = ok };

	n = n < sizeof(a.data) ? n : sizeof(a.data);
	memcpy(a.data, data, n);
	(void) fd_write_all(fd, &a, offsetof(struct answer, data) + n); /* else there is none */
}

static void child(int fd, const char *name)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct ipnet addrs[RESOLVE_ADDRS_MAX] = { 0 };
	struct addrinfo *list = NULL;
	const char *why = "cannot drop privileges";
	size_t n = 0;
	int r = EAI_FAIL;

	(void) alarm(CHILD_SECONDS);
	if (drop_privileges()) {
		r = getaddrinfo(name, NULL, &hints, &list);
		why = r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r);
	}
	for (const struct addrinfo *ai = list; ai && n < ARRAY_SIZE(addrs); ai = ai->ai_next)
		if (addr_of(ai, &addrs[n]))
			n++;
	if (r == 0)
		write_answer(fd, true, addrs, n * sizeof(addrs[0]));
	else
		write_answer(fd, false, why, strlen(why));
}

static void start_one(struct resolve_name *n)
{
	cleanup_fd int read_end = -EBADF, write_end = -EBADF;
	int pipe_fds[2];
	pid_t pid;

	n->asked = true;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		n->error = xstrdup(strerror(errno));
		return;
	}
	read_end = pipe_fds[0];
	write_end = pipe_fds[1];
	pid = proc_fork(PROC_DIE_WITH_PARENT);
	if (pid == 0) {
		/* Nothing else of this process is for one that listens to the network. */
		if (write_end > 3)
			(void) close_range(3, (unsigned) write_end - 1, 0);
		(void) close_range((unsigned) write_end + 1, ~0U, 0);
		child(write_end, n->name);
		_exit(0);
	}
	if (pid < 0) {
		n->error = xstrdup(strerror((int) -pid));
		return;
	}
	n->pid = pid;
	n->fd = take_fd(read_end);
}

/* ---- in the caller ---- */

static int compare(const void *a, const void *b)
{
	return ipnet_cmp(a, b);
}

static void take_addrs(struct resolve_name *n, const char *data, size_t size)
{
	size_t count = size / sizeof(struct ipnet), kept = 0;
	struct ipnet *v = xcalloc(count + 1, sizeof(*v));

	memcpy(v, data, count * sizeof(*v));
	qsort(v, count, sizeof(*v), compare);
	for (size_t i = 0; i < count; i++)
		if (resolve_is_usable(&v[i]) && !local_addr_is(&v[i]) &&
		    (kept == 0 || !ipnet_eq(&v[i], &v[kept - 1])))
			v[kept++] = v[i];
	n->addrs = v;
	n->n = kept;
	if (kept == 0)
		n->error = xstrdup("it has only addresses of loopback, link or multicast, or of "
				   "this host, which cidr alone can allow");
}

/* Its process has written or ended. */
static void take_answer(struct resolve_name *n)
{
	const size_t head = offsetof(struct answer, data);
	cleanup_buf struct buf text = BUF_INIT(4096);
	struct answer a;
	ssize_t size;

	size = read(n->fd, &a, sizeof(a));
	end_child(n);
	if (size <= (ssize_t) head) {
		n->error = xstrdup("the resolver gave no answer");
	} else if (a.ok) {
		take_addrs(n, a.data, (size_t) size - head);
	} else {
		str_vis(&text, a.data, (size_t) size - head);
		n->error = buf_take(&text);
	}
}

static size_t running(const struct resolve *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].pid > 0;
	return n;
}

void resolve_start(struct resolve *r)
{
	for (size_t i = 0; i < r->n && running(r) < AT_ONCE; i++)
		if (!r->v[i].asked)
			start_one(&r->v[i]);
}

void resolve_finish(struct resolve *r, int timeout_ms)
{
	int64_t end = clock_ms() + timeout_ms, left;
	struct pollfd fds[AT_ONCE];
	struct resolve_name *of[AT_ONCE];
	nfds_t n;

	for (;;) {
		resolve_start(r);
		n = 0;
		for (size_t i = 0; i < r->n && n < AT_ONCE; i++) {
			if (r->v[i].pid <= 0)
				continue;
			of[n] = &r->v[i];
			fds[n++] = (struct pollfd){ .fd = r->v[i].fd, .events = POLLIN };
		}
		left = end - clock_ms();
		if (n == 0 || left <= 0 || (poll(fds, n, (int) left) < 0 && errno != EINTR))
			break;
		for (nfds_t i = 0; i < n; i++)
			if (fds[i].revents)
				take_answer(of[i]);
	}
	for (size_t i = 0; i < r->n; i++) {
		end_child(&r->v[i]);
		if (!r->v[i].error && r->v[i].n == 0)
			r->v[i].error = xstrdup("no answer in time");
	}
}
