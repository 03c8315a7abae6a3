/* Memory, processor time and bytes of daemons, as the system tells them. */
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { WATCH_EVERY_MS = 5, TCP_ESTABLISHED_STATE = 1 };

struct watch {
    pthread_t thread;
    pid_t pid;
    atomic_bool stop;
    uint64_t peak;
};

uint64_t watch_anon(pid_t pid)
{
    char line[256];
    char path[64];
    unsigned long kib = 0;
    FILE *f;

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    f = fopen(path, "r");
    if (f == NULL)
        return 0;
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = strtoul(line + 8, NULL, 10);
    (void)fclose(f);
    return (uint64_t)kib * 1024;
}

static void *watching(void *arg)
{
    struct watch *w = arg;

    while (!w->stop) {
        uint64_t now = watch_anon(w->pid);

        w->peak = now > w->peak ? now : w->peak;
        bench_sleep_ms(WATCH_EVERY_MS);
    }
    return NULL;
}

struct watch *watch_start(pid_t pid)
{
    struct watch *w = calloc(1, sizeof *w);

    bench_check(w != NULL, "memory");
    w->pid = pid;
    bench_check(pthread_create(&w->thread, NULL, watching, w) == 0, "a thread");
    return w;
}

uint64_t watch_stop(struct watch *w)
{
    uint64_t peak;

    w->stop = true;
    bench_check(pthread_join(w->thread, NULL) == 0, "a thread's end");
    peak = w->peak;
    free(w);
    return peak;
}

double watch_cpu(pid_t pid)
{
    char line[1024];
    char path[64];
    unsigned long user = 0;
    unsigned long kernel = 0;
    const char *at = NULL;
    FILE *f;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    f = fopen(path, "r");
    if (f != NULL && fgets(line, sizeof line, f) != NULL)
        at = strrchr(line, ')');
    if (f != NULL)
        (void)fclose(f);
    bench_check(at != NULL && sscanf(at + 1,
                                     " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
                                     "%*u %lu %lu",
                                     &user, &kernel) == 2,
                "reading the processor's time");
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

/* What follows, without the casts of the system's macros. */
static struct rtattr *next_attr(struct rtattr *attr, unsigned *left)
{
    unsigned len = RTA_ALIGN((unsigned)attr->rta_len);

    *left -= len < *left ? len : *left;
    return (void *)((char *)attr + len);
}

static struct nlmsghdr *next_message(struct nlmsghdr *h, unsigned *left)
{
    unsigned len = NLMSG_ALIGN(h->nlmsg_len);

    *left -= len < *left ? len : *left;
    return (void *)((char *)h + len);
}

/* What one answer says of a socket: bytes both ways. */
static uint64_t bytes_of(struct nlmsghdr *h, unsigned port, size_t header)
{
    struct inet_diag_msg *msg = NLMSG_DATA(h);
    struct rtattr *attr = (struct rtattr *)(msg + 1);
    unsigned left = h->nlmsg_len - (unsigned)NLMSG_LENGTH(sizeof *msg);
    struct tcp_info info;

    if (ntohs(msg->id.idiag_sport) != port)
        return 0;
    for (; RTA_OK(attr, left); attr = next_attr(attr, &left)) {
        size_t len = RTA_PAYLOAD(attr);

        if (attr->rta_type != INET_DIAG_INFO)
            continue;
        memset(&info, 0, sizeof info);
        memcpy(&info, RTA_DATA(attr), len < sizeof info ? len : sizeof info);
        return info.tcpi_bytes_acked + info.tcpi_bytes_received +
               header * (info.tcpi_segs_out + info.tcpi_segs_in);
    }
    return 0;
}

static void ask(int fd)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
    } q = {
        .header = { .nlmsg_len = sizeof q,
                    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
        .request = { .sdiag_family = AF_INET,
                     .sdiag_protocol = IPPROTO_TCP,
                     .idiag_ext = 1 << (INET_DIAG_INFO - 1),
                     .idiag_states = 1u << TCP_ESTABLISHED_STATE },
    };

    bench_check(fd >= 0 && send(fd, &q, sizeof q, 0) == (ssize_t)sizeof q,
                "asking for sockets");
}

static uint64_t wire(unsigned port, size_t header)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    _Alignas(struct nlmsghdr) char buf[32768];
    uint64_t sum = 0;
    bool done = false;

    ask(fd);
    while (!done) {
        ssize_t n = recv(fd, buf, sizeof buf, 0);
        struct nlmsghdr *h = (struct nlmsghdr *)(void *)buf;
        unsigned left = n > 0 ? (unsigned)n : 0;

        bench_check(n > 0, "being told of sockets");
        for (; NLMSG_OK(h, left); h = next_message(h, &left)) {
            if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
                done = true;
            else
                sum += bytes_of(h, port, header);
        }
    }
    (void)close(fd);
    return sum;
}

uint64_t watch_wire(unsigned port)
{
    return wire(port, 0);
}

uint64_t watch_wire_whole(unsigned port)
{
    return wire(port, 20 + 20 + 12);
}
