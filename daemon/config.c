#include "daemon/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config_value.h"

/*
 * One table of settings gives parsing, the suggestion for a mistyped key and
 * the difference of two readings.
 */

struct setting {
    const char *section;
    const char *key;
    enum err (*take)(struct config *c, const char *value);
    void (*print)(char out[CONFIG_VALUE_MAX], const struct config *c);
    const char *expects;
    bool restart; /* takes effect at the next start */
};

static enum err take_network(struct config *c, const char *value)
{
    return network_parse(&c->network, value);
}

static void print_network(char out[CONFIG_VALUE_MAX], const struct config *c)
{
    (void)snprintf(out, CONFIG_VALUE_MAX, "%s", c->network.name);
}

static enum err take_listen(struct config *c, const char *value)
{
    struct sockaddr_storage addr;

    if (c->listen_count == CONFIG_LISTEN_MAX)
        return ERR_USAGE;
    if (address_parse(&addr, value) != ERR_OK)
        return ERR_USAGE;
    (void)snprintf(c->listen[c->listen_count++], ADDRESS_TEXT_MAX, "%s", value);
    return ERR_OK;
}

static void print_listen(char out[CONFIG_VALUE_MAX], const struct config *c)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < c->listen_count && len < CONFIG_VALUE_MAX; i++)
        len += (size_t)snprintf(out + len, CONFIG_VALUE_MAX - len, "%s%s",
                                i == 0 ? "" : ",", c->listen[i]);
}

static enum err parse_bool(bool *out, const char *value)
{
    static const char *const yes[] = { "yes", "true", "on", "1" };
    static const char *const no[] = { "no", "false", "off", "0" };

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
            *out = strcmp(value, yes[i]) == 0;
            return ERR_OK;
        }
    }
    return ERR_USAGE;
}

static enum err take_lan(struct config *c, const char *value)
{
    return parse_bool(&c->lan, value);
}

static void print_lan(char out[CONFIG_VALUE_MAX], const struct config *c)
{
    (void)snprintf(out, CONFIG_VALUE_MAX, "%s", c->lan ? "yes" : "no");
}

static enum err take_meet(struct config *c, const char *value)
{
    return parse_bool(&c->meet, value);
}

static void print_meet(char out[CONFIG_VALUE_MAX], const struct config *c)
{
    (void)snprintf(out, CONFIG_VALUE_MAX, "%s", c->meet ? "yes" : "no");
}

static enum err take_tell(struct config *c, const char *value)
{
    return parse_bool(&c->tell_leases, value);
}

static void print_tell(char out[CONFIG_VALUE_MAX], const struct config *c)
{
    (void)snprintf(out, CONFIG_VALUE_MAX, "%s", c->tell_leases ? "yes" : "no");
}

static enum err take_portmap(struct config *c, const char *value)
{
    return parse_bool(&c->portmap, value);
}

static void print_portmap(char out[CONFIG_VALUE_MAX], const struct config *c)
{
    (void)snprintf(out, CONFIG_VALUE_MAX, "%s", c->portmap ? "yes" : "no");
}

static enum err take_log_level(struct config *c, const char *value)
{
    return log_level_parse(&c->log_level, value);
}

static void print_log_level(char out[CONFIG_VALUE_MAX], const struct config *c)
{
    (void)snprintf(out, CONFIG_VALUE_MAX, "%s", log_level_name(c->log_level));
}

static enum err take_quota(struct config *c, const char *value)
{
    return config_size_parse(&c->quota_bytes, value);
}

static void print_quota(char out[CONFIG_VALUE_MAX], const struct config *c)
{
    (void)snprintf(out, CONFIG_VALUE_MAX, "%llu",
                   (unsigned long long)c->quota_bytes);
}

static enum err take_board_quota(struct config *c, const char *value)
{
    return config_size_parse(&c->board_quota_bytes, value);
}

static void print_board_quota(char out[CONFIG_VALUE_MAX],
                              const struct config *c)
{
    (void)snprintf(out, CONFIG_VALUE_MAX, "%llu",
                   (unsigned long long)c->board_quota_bytes);
}

static enum err take_topic_quota(struct config *c, const char *value)
{
    return config_size_parse(&c->topic_quota_bytes, value);
}

static void print_topic_quota(char out[CONFIG_VALUE_MAX],
                              const struct config *c)
{
    (void)snprintf(out, CONFIG_VALUE_MAX, "%llu",
                   (unsigned long long)c->topic_quota_bytes);
}

static enum err take_upload(struct config *c, const char *value)
{
    return config_rate_parse(&c->limits.upload.otherwise, value);
}

static void print_upload(char out[CONFIG_VALUE_MAX], const struct config *c)
{
    config_rate_print(out, c->limits.upload.otherwise);
}

static enum err take_upload_each(struct config *c, const char *value)
{
    return config_rate_parse(&c->limits.upload_each, value);
}

static void print_upload_each(char out[CONFIG_VALUE_MAX],
                              const struct config *c)
{
    config_rate_print(out, c->limits.upload_each);
}

static enum err take_upload_at(struct config *c, const char *value)
{
    return config_plan_parse(&c->limits.upload, value);
}

static void print_upload_at(char out[CONFIG_VALUE_MAX], const struct config *c)
{
    config_plan_print(out, &c->limits.upload);
}

static enum err take_download(struct config *c, const char *value)
{
    return config_rate_parse(&c->limits.download.otherwise, value);
}

static void print_download(char out[CONFIG_VALUE_MAX], const struct config *c)
{
    config_rate_print(out, c->limits.download.otherwise);
}

static enum err take_download_each(struct config *c, const char *value)
{
    return config_rate_parse(&c->limits.download_each, value);
}

static void print_download_each(char out[CONFIG_VALUE_MAX],
                                const struct config *c)
{
    config_rate_print(out, c->limits.download_each);
}

static enum err take_download_at(struct config *c, const char *value)
{
    return config_plan_parse(&c->limits.download, value);
}

static void print_download_at(char out[CONFIG_VALUE_MAX],
                              const struct config *c)
{
    config_plan_print(out, &c->limits.download);
}

static enum err take_copies(struct config *c, unsigned role, const char *value)
{
    unsigned number = 0;

    if (*value == '\0')
        return ERR_USAGE;
    for (; *value >= '0' && *value <= '9' && number <= CONFIG_COPIES_MAX;
         value++)
        number = 10 * number + (unsigned)(*value - '0');
    if (*value != '\0' || number == 0 || number > CONFIG_COPIES_MAX)
        return ERR_USAGE;
    c->copies[role] = (uint8_t)number;
    return ERR_OK;
}

/* clang-format off */
#define X(name, role, number)                                                 \
    static enum err take_##name(struct config *c, const char *value)          \
    {                                                                         \
        return take_copies(c, role, value);                                   \
    }                                                                         \
    static void print_##name(char out[CONFIG_VALUE_MAX],                      \
                             const struct config *c)                          \
    {                                                                         \
        (void)snprintf(out, CONFIG_VALUE_MAX, "%u", c->copies[role]);         \
    }
CONFIG_ROLE_MAP(X)
#undef X
/* clang-format on */

static enum err take_peer(struct config *c, const char *value)
{
    struct config_peer *peer = &c->peers[c->peers_count];
    enum err e;

    if (c->peers_count == CONFIG_PEERS_MAX)
        return ERR_USAGE;
    e = address_parse_peer(peer->node, peer->address, value);
    if (e == ERR_OK)
        c->peers_count++;
    return e;
}

static void print_peers(char out[CONFIG_VALUE_MAX], const struct config *c)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < c->peers_count && len < CONFIG_VALUE_MAX; i++)
        len += (size_t)snprintf(
            out + len, CONFIG_VALUE_MAX - len, "%s%s@%s", i == 0 ? "" : ",",
            log_id(c->peers[i].node).text, c->peers[i].address);
}

#define A_RATE                                                                 \
    "a number of bytes a second, or one with a unit like MB or MiB; 0 for none"
#define A_PLAN "HH:MM-HH:MM and then bytes a second, at most 8 of them"

static const struct setting settings[] = {
    { "node", "network", take_network, print_network,
      "1 to 32 characters of a-z, 0-9 and -", true },
    { "node", "listen", take_listen, print_listen,
      "HOST:PORT with a number as host, at most 8 of them", true },
    { "node", "lan", take_lan, print_lan, "yes or no", true },
    { "node", "portmap", take_portmap, print_portmap, "yes or no", true },
    { "node", "meet", take_meet, print_meet, "yes or no", true },
    { "node", "log_level", take_log_level, print_log_level,
      "error, warn, info or debug", false },
    { "node", "quota", take_quota, print_quota,
      "a number of bytes, or one with a unit like GB or GiB", false },
    { "node", "board_quota", take_board_quota, print_board_quota,
      "a number of bytes, or one with a unit like GB or GiB", false },
    { "node", "topic_quota", take_topic_quota, print_topic_quota,
      "a number of bytes, or one with a unit like GB or GiB", false },
    { "limits", "upload", take_upload, print_upload, A_RATE, false },
    { "limits", "upload_each", take_upload_each, print_upload_each, A_RATE,
      false },
    { "limits", "upload_at", take_upload_at, print_upload_at, A_PLAN, false },
    { "limits", "download", take_download, print_download, A_RATE, false },
    { "limits", "download_each", take_download_each, print_download_each,
      A_RATE, false },
    { "limits", "download_at", take_download_at, print_download_at, A_PLAN,
      false },
    { "leases", "tell", take_tell, print_tell, "yes or no", false },
    { "peers", "add", take_peer, print_peers,
      "NODE@HOST:PORT, at most 64 of them", false },
/* clang-format off */
#define X(name, role, number)                                                 \
    { "copies", #name, take_##name, print_##name, "a number from 1 to 100",   \
      true },
    CONFIG_ROLE_MAP(X)
#undef X
    /* clang-format on */
};

enum { SETTINGS_COUNT = sizeof settings / sizeof settings[0] };

/* Edits that lead from one word to the other; words are short here. */
static unsigned distance(const char *a, const char *b)
{
    enum { WORD_MAX = 24 };
    unsigned row[WORD_MAX + 1];
    size_t a_len = strnlen(a, WORD_MAX);
    size_t b_len = strnlen(b, WORD_MAX);

    for (size_t j = 0; j <= b_len; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);

            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b_len];
}

static const struct setting *nearest(const char *section, const char *key)
{
    const struct setting *best = &settings[0];
    unsigned best_distance = UINT32_MAX;

    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        unsigned d = 2 * distance(key, settings[i].key) +
                     distance(section, settings[i].section);

        if (d < best_distance) {
            best_distance = d;
            best = &settings[i];
        }
    }
    return best;
}

/* What one parse carries along. */
struct parse {
    struct config config;
    struct config_finding *finding;
    unsigned line; /* the last one read */
    struct bytes left;
    enum err err;
};

/* inih's fgets: hands out the next line and counts it. */
static char *next_line(char *out, int cap, void *stream)
{
    struct parse *p = stream;
    size_t len = 0;

    if (p->left.len == 0 || p->err != ERR_OK || cap < 2)
        return NULL;
    while (len < p->left.len && len < (size_t)cap - 1) {
        out[len] = (char)p->left.data[len];
        if (out[len++] == '\n')
            break;
    }
    out[len] = '\0';
    p->left.data += len;
    p->left.len -= len;
    p->line++;
    return out;
}

static int on_setting(void *user, const char *section, const char *key,
                      const char *value)
{
    struct parse *p = user;
    const struct setting *near;

    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting *s = &settings[i];

        if (strcmp(section, s->section) != 0 || strcmp(key, s->key) != 0)
            continue;
        p->err = s->take(&p->config, value);
        if (p->err == ERR_OK)
            return 1;
        p->err = ERR_USAGE;
        (void)snprintf(p->finding->text, sizeof p->finding->text,
                       "[%s] %s is %s", section, key, s->expects);
        p->finding->line = p->line;
        return 0;
    }
    near = nearest(section, key);
    p->err = ERR_USAGE;
    (void)snprintf(p->finding->text, sizeof p->finding->text,
                   "unknown key [%.30s] %.30s; the nearest is [%s] %s", section,
                   key, near->section, near->key);
    p->finding->line = p->line;
    return 0;
}

void config_default(struct config *out)
{
    *out = (struct config){
        .lan = true,
        .portmap = true,
        .meet = true,
        .tell_leases = true,
        .log_level = LOG_LEVEL_INFO,
        .board_quota_bytes = (uint64_t)1 << 30,
        .topic_quota_bytes = (uint64_t)256 << 20,
        .network = { .len = 3, .name = "lab" },
    };
#define X(name, role, number) out->copies[role] = number;
    CONFIG_ROLE_MAP(X)
#undef X
}

enum err config_parse(struct config *out, struct config_finding *finding,
                      struct bytes text)
{
    struct parse p = { .finding = finding, .left = text };
    int bad_line;

    config_default(&p.config);
    bad_line = ini_parse_stream(next_line, &p, on_setting, &p);
    if (p.err != ERR_OK)
        return p.err;
    if (bad_line != 0) {
        finding->line = bad_line > 0 ? (unsigned)bad_line : 0;
        (void)snprintf(finding->text, sizeof finding->text,
                       "not a [section], a key = value or a comment");
        return ERR_USAGE;
    }
    *out = p.config;
    return ERR_OK;
}

enum err config_load(struct config *out, struct config_finding *finding,
                     const char *path)
{
    enum { FILE_MAX = 64 * 1024 };
    static uint8_t text[FILE_MAX + 1];
    FILE *file = fopen(path, "re");
    size_t len;
    bool failed;

    if (file == NULL && errno == ENOENT) {
        config_default(out);
        return ERR_OK;
    }
    finding->line = 0;
    if (file == NULL) {
        (void)snprintf(finding->text, sizeof finding->text,
                       "the file cannot be opened: %s", strerror(errno));
        return ERR_IO;
    }
    len = fread(text, 1, sizeof text, file);
    failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed || len > FILE_MAX) {
        (void)snprintf(finding->text, sizeof finding->text,
                       failed ? "the file cannot be read"
                              : "the file is over 64 KiB");
        return failed ? ERR_IO : ERR_USAGE;
    }
    return config_parse(out, finding, (struct bytes){ text, len });
}

void config_each_difference(const struct config *before,
                            const struct config *after,
                            config_difference_fn *tell, void *context)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        char was[CONFIG_VALUE_MAX];
        char is[CONFIG_VALUE_MAX];

        settings[i].print(was, before);
        settings[i].print(is, after);
        if (strcmp(was, is) != 0)
            tell(context, settings[i].key, was, is, settings[i].restart);
    }
}
