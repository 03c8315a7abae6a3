/*
 * A network link with delay and loss, for kernels without netem: a TAP in each
 * of two network namespaces, and frames carried from one to the other.
 *
 *   link NAMESPACE_A INTERFACE_A NAMESPACE_B INTERFACE_B DELAY_MS LOSS_PERCENT
 *
 * Says "ready" once both interfaces are there, and runs until it is killed.
 * Needs CAP_NET_ADMIN and CAP_SYS_ADMIN.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* Frames on their way in one direction; more are lost, as in a full router. */
enum { QUEUE = 16384, FRAME = 2048 };

struct frame {
    uint64_t due_ns;
    size_t len;
    unsigned char bytes[FRAME];
};

struct direction {
    int from;
    int to;
    struct frame *frames; /* a ring: all wait for the same time */
    size_t first;
    size_t count;
};

static uint64_t now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Of one seed: each run loses the same of its frames, by their number. */
static bool is_lost(double percent)
{
    static uint64_t state = 88172645463325252U;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0 * 100 < percent;
}

static int open_tap(const char *space, const char *name)
{
    char path[128];
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
    int fd;

    (void)snprintf(path, sizeof path, "/run/netns/%s", space);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) {
        perror(path);
        exit(1);
    }
    (void)close(fd);
    fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
        perror(name);
        exit(1);
    }
    return fd;
}

static void take(struct direction *d, uint64_t delay_ns, double loss)
{
    for (int i = 0; i < 64; i++) {
        struct frame *f = &d->frames[(d->first + d->count) % QUEUE];
        ssize_t n = read(d->from, f->bytes, sizeof f->bytes);

        if (n <= 0)
            return;
        if (d->count == QUEUE || is_lost(loss))
            continue;
        f->len = (size_t)n;
        f->due_ns = now_ns() + delay_ns;
        d->count++;
    }
}

static void deliver(struct direction *d, uint64_t now)
{
    while (d->count > 0 && d->frames[d->first].due_ns <= now) {
        const struct frame *f = &d->frames[d->first];
        ssize_t n = write(d->to, f->bytes, f->len);

        (void)n; /* an interface that is down drops it, too */
        d->first = (d->first + 1) % QUEUE;
        d->count--;
    }
}

/* Until the next frame is due, at most a second. */
static struct timespec wait_for(const struct direction d[2], uint64_t now)
{
    uint64_t wait = 999999999;

    for (int i = 0; i < 2; i++) {
        uint64_t due = d[i].frames[d[i].first].due_ns;

        if (d[i].count > 0 && (due <= now || due - now < wait))
            wait = due <= now ? 0 : due - now;
    }
    return (struct timespec){ .tv_nsec = (long)wait };
}

int main(int argc, char **argv)
{
    struct direction d[2];
    uint64_t delay_ns;
    double delay_ms;
    double loss;

    if (argc != 7 || sscanf(argv[5], "%lf", &delay_ms) != 1 ||
        sscanf(argv[6], "%lf", &loss) != 1) {
        (void)fprintf(stderr, "usage: link SPACE IF SPACE IF MS PERCENT\n");
        return 2;
    }
    d[0].from = d[1].to = open_tap(argv[1], argv[2]);
    d[1].from = d[0].to = open_tap(argv[3], argv[4]);
    delay_ns = (uint64_t)(delay_ms * 1e6);
    (void)prctl(PR_SET_TIMERSLACK, 1);
    for (int i = 0; i < 2; i++) {
        d[i].first = d[i].count = 0;
        d[i].frames = calloc(QUEUE, sizeof *d[i].frames);
        if (d[i].frames == NULL)
            return 1;
    }
    (void)puts("ready");
    (void)fflush(stdout);
    for (;;) { /* until it is killed */
        struct pollfd fds[2] = { { d[0].from, POLLIN, 0 },
                                 { d[1].from, POLLIN, 0 } };
        struct timespec wait = wait_for(d, now_ns());

        if (ppoll(fds, 2, &wait, NULL) < 0 && errno != EINTR)
            return 1;
        for (int i = 0; i < 2; i++) {
            if ((fds[i].revents & POLLIN) != 0)
                take(&d[i], delay_ns, loss);
            deliver(&d[i], now_ns());
        }
    }
}
