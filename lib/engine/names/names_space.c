/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "fence_capture.h"
#include "copy.h"
#include "egress.h"
#include "fd.h"
#include "firewall_plan.h"
#include "local_addr.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "names_space.h"
#include "net_egress.h"
#include "net_ipv6.h"
#include "statefile.h"
#include "str.h"
#include "vec.h"

enum {
	BACKLOG = 64,
	QUEUE_BYTES = 1 << 20, /* of a socket of UDP, at most; used while queries wait */
	HOSTS_MAX = 4 << 20,
	PART_MAX = 32 << 10, /* bytes of a list in one message */
};

static const char *const kinds[_NAMES_SOCKET_MAX] = { [NAMES_UDP] = "udp",
						      [NAMES_TCP] = "tcp",
						      [NAMES_UDP6] = "udp6",
						      [NAMES_TCP6] = "tcp6",
						      [NAMES_CAPTURE] = "capture" };

struct names_space *names_space_new(struct engine *e, const struct addr *at, int64_t id,
				    const struct space_net *net)
{
	struct names_space *s = xcalloc(1, sizeof(*s));

	addr_copy_set(&s->at, at);
	s->id = id;
	s->net = *net;
	for (size_t i = 0; i < ARRAY_SIZE(s->fds); i++)
		s->fds[i] = -EBADF;
	opened_load(e, net->bridge, &s->opened);
	return s;
}

void names_space_free(struct names_space *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->fds); i++)
		fd_close_p(&s->fds[i]);
	addr_copy_clear(&s->at);
	model_clear(&space_doc_type, &s->doc);
	opened_clear(&s->opened);
	s->rules = net_open_free(s->rules);
	free(s->told);
	free(s);
}

/* ---- sockets ---- */

static socklen_t gateway_of(const struct names_space *s, int family, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *) (void *) ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) (void *) ret;
	struct ipnet addr;

	*ret = (struct sockaddr_storage){ .ss_family = (sa_family_t) family };
	if (family == AF_INET) {
		v4->sin_port = htons(FIREWALL_DNS_PORT);
		v4->sin_addr.s_addr = htonl(s->net.gateway);
		return sizeof(*v4);
	}
	addr = net_ipv6_addr(&s->net.subnet6, s->net.subnet, s->net.gateway);
	v6->sin6_port = htons(FIREWALL_DNS_PORT);
	memcpy(&v6->sin6_addr, addr.addr, sizeof(v6->sin6_addr));
	return sizeof(*v6);
}

/*
 * Only what comes from the bridge: no port of the host is opened. Without SO_REUSEADDR for
 * UDP, so that no socket of the host for all addresses can share the port.
 */
static int open_socket(const struct names_space *s, int family, int type, struct kerr *err)
{
	const int on = 1;
	struct sockaddr_storage at;
	socklen_t len = gateway_of(s, family, &at);
	cleanup_fd int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return kerr_set(err, -errno, "open a socket");
	r = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, s->net.bridge,
		       (socklen_t) strlen(s->net.bridge));
	if (r == 0 && family == AF_INET)
		r = setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
	if (r == 0 && family == AF_INET6)
		r = setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on));
	if (r == 0 && family == AF_INET6)
		r = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (r == 0 && type == SOCK_STREAM)
		r = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (r == 0)
		r = bind(fd, (const struct sockaddr *) &at, len);
	if (r == 0 && type == SOCK_STREAM)
		r = listen(fd, BACKLOG);
	return r < 0 ? kerr_set(err, -errno, "listen on port 53 of bridge '%s'", s->net.bridge)
		     : take_fd(fd);
}

/* More queries than the kernel keeps by default: those of a second without kukedns. */
static void queue_more(int fd)
{
	const int bytes = QUEUE_BYTES;

	(void) setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
}

static int open_sockets(struct names_space *s, struct kerr *err)
{
	static const struct {
		int family, type;
	} how[] = { [NAMES_UDP] = { AF_INET, SOCK_DGRAM },
		    [NAMES_TCP] = { AF_INET, SOCK_STREAM },
		    [NAMES_UDP6] = { AF_INET6, SOCK_DGRAM },
		    [NAMES_TCP6] = { AF_INET6, SOCK_STREAM } };
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		if (how[i].family == AF_INET6 && s->net.subnet6.family == IPNET_NONE)
			continue;
		s->fds[i] = open_socket(s, how[i].family, how[i].type, err);
		if (s->fds[i] < 0)
			return s->fds[i];
		if (how[i].type == SOCK_DGRAM)
			queue_more(s->fds[i]);
	}
	s->fds[NAMES_CAPTURE] = fence_capture_open(s->net.bridge, &why);
	if (s->fds[NAMES_CAPTURE] < 0) /* names are answered without it */
		log_wrn("what a space is denied cannot be listed", "bridge", s->net.bridge, "error",
			kerr_text(&why, text, sizeof(text)));
	return 0;
}

static void close_sockets(struct names_space *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->fds); i++)
		fd_close_p(&s->fds[i]);
	s->ifindex = 0;
}

int names_space_listen(struct names_space *s, struct kerr *err)
{
	unsigned ifindex = if_nametoindex(s->net.bridge);
	int r;

	if (ifindex == s->ifindex && ifindex > 0)
		return 0;
	close_sockets(s);
	if (ifindex == 0)
		return kerr_plain(err, -ENODEV, "there is no bridge '%s'", s->net.bridge);
	r = open_sockets(s, err);
	if (r < 0) {
		close_sockets(s);
		return r;
	}
	s->ifindex = ifindex;
	free(s->told);
	s->told = NULL; /* kukedns has the old sockets */
	return 1;
}

/* ---- what kukedns is told ---- */

static int send_space(struct names_space *s, struct names_helper *h)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	int r;

	proto_msg_start(&m, "space");
	proto_msg_add_i64(&m, "id", s->id);
	proto_msg_add(&m, "ipv6", s->net.subnet6.family != IPNET_NONE ? "1" : "0");
	r = names_helper_send(h, &m, -1);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(s->fds); i++) {
		if (s->fds[i] < 0)
			continue;
		proto_msg_start(&m, "socket");
		proto_msg_add_i64(&m, "id", s->id);
		proto_msg_add(&m, "kind", kinds[i]);
		r = names_helper_send(h, &m, s->fds[i]);
	}
	return r;
}

static int send_simple(struct names_helper *h, const char *op, int64_t id)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;

	proto_msg_start(&m, op);
	proto_msg_add_i64(&m, "id", id);
	return names_helper_send(h, &m, -1);
}

/* A text of lines, in as many messages as it needs. */
static int send_lines(struct names_helper *h, int64_t id, const char *op, const char *key,
		      const char *text)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	int r = 0;

	while (r == 0 && *text) {
		cleanup_free char *part = NULL;
		size_t n = 0, line;

		while (text[n] && n + (line = strcspn(text + n, "\n") + 1) < PART_MAX)
			n += text[n + line - 1] ? line : line - 1;
		if (n == 0)
			return -E2BIG;
		part = xstrndup(text, n);
		proto_msg_start(&m, op);
		proto_msg_add_i64(&m, "id", id);
		proto_msg_add(&m, key, part);
		r = names_helper_send(h, &m, -1);
		text += n;
	}
	return r;
}

static void put_hosts(const struct egress_policy *p, struct buf *out)
{
	for (size_t i = 0; p && i < p->allow.n; i++) {
		cleanup_free char *host = str_trim(p->allow.v[i].host);

		if (*host)
			buf_addf(out, "%s\n", host);
	}
}

/* Its own cells and their aliases, from the hosts file that they have. */
static void put_names(struct engine *e, const struct names_space *s, struct buf *out)
{
	cleanup_free char *file = layout_object(&e->layout, &s->at.a, SPACE_HOSTS);
	cleanup_buf struct buf text = BUF_INIT(HOSTS_MAX);

	if (file_read_at(AT_FDCWD, file, HOSTS_MAX, &text, NULL) == 0)
		buf_add(out, text.data, text.len);
}

int names_space_tell(struct engine *e, struct names_space *s, struct names_helper *h)
{
	cleanup_buf struct buf hosts = BUF_INIT(HOSTS_MAX), names = BUF_INIT(HOSTS_MAX);
	cleanup_free char *all = NULL;
	int r = 0;

	put_hosts(egress_of(&s->doc), &hosts);
	put_names(e, s, &names);
	all = xasprintf("%s\n%s", buf_str(&hosts), buf_str(&names));
	if (s->told && streq(s->told, all))
		return 0;
	if (!s->told)
		r = send_space(s, h);
	if (r == 0)
		r = send_simple(h, "policy", s->id);
	if (r == 0)
		r = send_lines(h, s->id, "allow", "hosts", buf_str(&hosts));
	if (r == 0)
		r = send_lines(h, s->id, "names", "text", buf_str(&names));
	if (r == 0)
		r = send_simple(h, "commit", s->id);
	free(s->told);
	s->told = r == 0 ? take_ptr(all) : NULL;
	return r;
}

/* ---- what is open ---- */

void names_space_set_capture(const struct names_space *s)
{
	const struct fence *f = net_open_fence(s->rules);

	if (f && s->fds[NAMES_CAPTURE] >= 0) /* else it stays as it is */
		(void) fence_capture_set(s->fds[NAMES_CAPTURE], f, NULL);
}

void names_space_capture(struct engine *e, struct names_space *s, struct net_opener *o)
{
	if (net_open_learn(e, o, &s->at.a, &s->rules, NULL) > 0 || !s->told)
		names_space_set_capture(s);
}

/* Those that are not on record, by reference. */
static void list_fresh(const struct opened *o, struct opened *ret)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i].saved_ms == 0)
			*(struct opened_addr *) vec_grow(&ret->v, &ret->n, sizeof(*ret->v)) =
				o->v[i];
}

int names_space_open(struct engine *e, struct names_space *s, struct net_opener *o, bool other,
		     struct kerr *err)
{
	struct opened fresh = { 0 };
	int r;

	other |= s->other;
	list_fresh(&s->opened, &fresh);
	r = other ? opened_save(e, s->net.bridge, &s->opened, err)
		  : opened_append(e, s->net.bridge, &s->opened, err);
	if (r == 0)
		r = net_open(e, o, &s->at.a, other ? NULL : &fresh, &s->rules, err);
	free(fresh.v);
	s->other = r < 0; /* the record is ahead of the rules, and may be cut */
	return r;
}

/* ---- what may be opened ---- */

static bool is_of_host(struct net_opener *o, const struct ipnet *addr)
{
	struct rt_sock *sk = net_opener_rt(o);
	int r = sk ? local_addr_ask(sk, addr) : -EIO;

	if (r < 0)
		rt_sock_freep(&o->rt);
	return r != 0;
}

bool names_space_opens(const struct names_space *s, struct net_opener *o, const char *name,
		       const struct ipnet *addr)
{
	const struct egress_policy *p = egress_of(&s->doc);

	if ((addr->family == IPNET_V6 && s->net.subnet6.family == IPNET_NONE) ||
	    !net_egress_opens(p, addr))
		return false;
	for (size_t i = 0; i < p->allow.n; i++) {
		cleanup_free char *host = str_trim(p->allow.v[i].host);

		if (*host && egress_host_has(host, name))
			return !is_of_host(o, addr);
	}
	return false;
}
