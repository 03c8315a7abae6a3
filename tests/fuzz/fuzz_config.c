/*
 * Any text as troupe.conf.  What is refused is told of in one line that there
 * is; what is accepted, written out setting by setting, reads the same.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/config.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX (64 * 1024)

static void check_finding(const struct config_finding *finding,
                          struct bytes text)
{
    size_t lines = text.len + 1; /* at most: long ones are read in pieces */

    check(finding->line <= lines);
    check(memchr(finding->text, 0, sizeof finding->text) != NULL);
    check(finding->text[0] != '\0');
}

static void on_difference(void *context, const char *key, const char *before,
                          const char *after, bool restart)
{
    unsigned *count = context;

    check(strlen(key) > 0 && strcmp(before, after) != 0);
    check(strlen(before) < CONFIG_VALUE_MAX);
    check(strlen(after) < CONFIG_VALUE_MAX);
    *count += restart ? 1 : 2;
}

/* The configuration as a file that says the same. */
static size_t print(char *out, size_t cap, const struct config *c)
{
    size_t len = (size_t)snprintf(
        out, cap,
        "[node]\nnetwork=%s\nlan=%s\nportmap=%s\nlog_level=%s\nquota=%llu\n",
        c->network.name, c->lan ? "on" : "off", c->portmap ? "1" : "0",
        log_level_name(c->log_level), (unsigned long long)c->quota_bytes);

    for (size_t i = 0; i < c->listen_count; i++)
        len +=
            (size_t)snprintf(out + len, cap - len, "listen=%s\n", c->listen[i]);
    len += (size_t)snprintf(out + len, cap - len, "[peers]\n");
    for (size_t i = 0; i < c->peers_count; i++) {
        char hex[2 * KEY_LEN + 1];

        hex_encode(hex, BYTES_ARRAY(c->peers[i].node));
        len += (size_t)snprintf(out + len, cap - len, "add=%s@%s\n", hex,
                                c->peers[i].address);
    }
    check(len < cap);
    return len;
}

static void check_config(const struct config *c)
{
    char text[CONFIG_PEERS_MAX * 180 + CONFIG_LISTEN_MAX * 110 + 400];
    struct config base, again;
    struct config_finding finding = { .line = 0 };
    unsigned count = 0;
    struct bytes file = { (const uint8_t *)text, print(text, sizeof text, c) };

    config_default(&base);
    config_each_difference(&base, c, on_difference, &count);
    check(config_parse(&again, &finding, file) == ERR_OK);
    count = 0;
    config_each_difference(c, &again, on_difference, &count);
    check(count == 0);
    check(again.peers_count == c->peers_count);
    check(again.listen_count == c->listen_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config;
    struct config_finding finding = { .line = 0 };
    struct bytes text = { data, size };

    if (size > TEXT_MAX)
        return 0;
    if (config_parse(&config, &finding, text) == ERR_OK)
        check_config(&config);
    else
        check_finding(&finding, text);
    return 0;
}
