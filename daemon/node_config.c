/* troupe.conf and the command line, as a running node takes them. */
#include <stdio.h>
#include <string.h>

#include "daemon/dial.h"
#include "daemon/log.h"
#include "daemon/node_state.h"
#include "daemon/throttle.h"

enum err node_config_override(struct config *c, const struct options *o)
{
    enum err e = ERR_OK;

    if (o->network != NULL)
        e = network_parse(&c->network, o->network);
    if (e != ERR_OK) {
        log_event(LOG_LEVEL_ERROR, "node", "bad_option", "network=%s",
                  o->network);
        return ERR_USAGE;
    }
    if (o->log_level != NULL)
        e = log_level_parse(&c->log_level, o->log_level);
    if (e != ERR_OK) {
        log_event(LOG_LEVEL_ERROR, "node", "bad_option", "log_level=%s",
                  o->log_level);
        return ERR_USAGE;
    }
    if (o->listen_count > 0)
        c->listen_count = 0;
    for (size_t i = 0; i < o->listen_count; i++) {
        if (strlen(o->listen[i]) >= ADDRESS_TEXT_MAX)
            return ERR_USAGE;
        (void)snprintf(c->listen[c->listen_count++], ADDRESS_TEXT_MAX, "%s",
                       o->listen[i]);
    }
    c->lan = c->lan && !o->no_lan;
    c->portmap = c->portmap && !o->no_portmap;
    c->meet = c->meet && !o->no_meet;
    return ERR_OK;
}

enum err node_config_check(const struct node *n, struct config_finding *finding)
{
    static struct config c; /* large, and only the loop comes here */
    char path[HOME_PATH_MAX];
    enum err e = home_path(path, sizeof path, n->home->config, "troupe.conf");

    return e != ERR_OK ? e : config_load(&c, finding, path);
}

static void log_difference(void *context, const char *key, const char *before,
                           const char *after, bool restart)
{
    (void)context;
    log_event(LOG_LEVEL_INFO, "config", "changed",
              "key=%s before=%s after=%s takes_effect=%s", key, before, after,
              restart ? "restart" : "now");
}

void node_reload(struct node *n)
{
    static struct config fresh;
    struct config_finding finding = { .line = 0 };
    char path[HOME_PATH_MAX];
    enum err e = home_path(path, sizeof path, n->home->config, "troupe.conf");

    if (e == ERR_OK)
        e = config_load(&fresh, &finding, path);
    if (e != ERR_OK) {
        log_event(LOG_LEVEL_ERROR, "config", "refused", "line=%u text=\"%s\"",
                  finding.line, finding.text);
        return;
    }
    e = node_config_override(&fresh, n->options);
    if (e != ERR_OK)
        return;
    config_each_difference(&n->config, &fresh, log_difference, NULL);
    log_set_level(fresh.log_level);
    n->config.log_level = fresh.log_level;
    n->config.quota_bytes = fresh.quota_bytes;
    n->config.board_quota_bytes = fresh.board_quota_bytes;
    n->config.topic_quota_bytes = fresh.topic_quota_bytes;
    n->config.limits = fresh.limits;
    n->config.tell_leases = fresh.tell_leases;
    throttle_look(n->throttle);
    memcpy(n->config.peers, fresh.peers, sizeof fresh.peers);
    n->config.peers_count = fresh.peers_count;
    dialler_take_config(n->dialler, &n->config);
}
