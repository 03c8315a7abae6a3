/* sim --scenario NAME [--nodes N] [--seed S] [--seconds T] [--set KEY=N]... */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/scenario.h"

static const struct {
    const char *name;
    size_t offset;
} keys[] = {
#define KEY(name)                                                              \
    {                                                                          \
#name, offsetof(struct sim_params, name)                               \
    }
    KEY(nodes),     KEY(seed),     KEY(seconds),        KEY(records),
    KEY(rate),      KEY(text),     KEY(latency_min_ms), KEY(latency_max_ms),
    KEY(jitter_ms), KEY(loss_ppm), KEY(bytes_per_ms),   KEY(commit_ms),
    KEY(percent),   KEY(silent),   KEY(hostile),        KEY(report_s),
    KEY(skew_s),
#undef KEY
};

static int usage(void)
{
    fprintf(stderr, "usage: sim --scenario NAME [--nodes N] [--seed S] "
                    "[--seconds T] [--set KEY=N]...\nscenarios:\n");
    for (const struct scenario *s = scenarios; s->name != NULL; s++)
        fprintf(stderr, "  %-18s%s\n", s->name, s->about);
    fprintf(stderr, "keys:");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        fprintf(stderr, " %s", keys[i].name);
    fprintf(stderr, "\n");
    return 2;
}

/* Digits alone, within 64 bits. */
static bool read_number(const char *text, uint64_t *out)
{
    uint64_t v = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        uint64_t digit = (uint64_t)(unsigned char)*text - '0';

        if (digit > 9 || v > (UINT64_MAX - digit) / 10)
            return false;
        v = 10 * v + digit;
    }
    *out = v;
    return true;
}

/* KEY or KEY=N, as `key` of that length. */
static bool set_key(struct sim_params *params, const char *key, size_t len,
                    const char *value)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        uint64_t v;

        if (strlen(keys[i].name) != len || memcmp(keys[i].name, key, len) != 0)
            continue;
        if (!read_number(value, &v))
            return false;
        memcpy((uint8_t *)params + keys[i].offset, &v, sizeof v);
        return true;
    }
    return false;
}

static const struct scenario *find_scenario(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--scenario") != 0)
            continue;
        for (const struct scenario *s = scenarios; s->name != NULL; s++)
            if (strcmp(s->name, argv[i + 1]) == 0)
                return s;
    }
    return NULL;
}

static bool read_options(struct sim_params *params, int argc, char **argv)
{
    if (argc % 2 == 0)
        return false;
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i];
        const char *value = argv[i + 1];

        if (strcmp(name, "--scenario") == 0)
            continue;
        if (strcmp(name, "--set") == 0) {
            name = value;
            value = strchr(value, '=');
            if (value == NULL ||
                !set_key(params, name, (size_t)(value - name), value + 1))
                return false;
        } else if (strncmp(name, "--", 2) != 0 ||
                   !set_key(params, name + 2, strlen(name + 2), value)) {
            return false;
        }
    }
    return params->nodes >= 2 && params->nodes < 1 << 24 &&
           params->latency_min_ms <= params->latency_max_ms;
}

static double seconds_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* How to see a failure again. */
static void print_failure(const struct sim *sim, int argc, char **argv)
{
    fprintf(stderr, "sim: %s\nsim: to run it again:", sim->failure_text);
    for (int i = 0; i < argc; i++)
        fprintf(stderr, " %s", argv[i]);
    fprintf(stderr, "\n");
}

int main(int argc, char **argv)
{
    static struct sim sim; /* some megabytes */
    const struct scenario *scenario = find_scenario(argc, argv);
    struct sim_params params;
    double began = seconds_now();

    if (scenario == NULL)
        return usage();
    params = scenario->defaults;
    if (!read_options(&params, argc, argv))
        return usage();
    sim_init(&sim, &params);
    stats_report(&sim);
    scenario->run(&sim);
    stats_print(&sim, scenario->name);
    printf(", \"wall_s\": %.2f}\n", seconds_now() - began);
    if (sim.failure_text[0] != '\0')
        print_failure(&sim, argc, argv);
    sim_wipe(&sim);
    return sim.failure_text[0] == '\0' ? 0 : 1;
}
